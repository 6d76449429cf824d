package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// mapping is the kind of maps, whose keys are of basic types. The runtime's
// own functions work on them: a map does not know its type, and one that has
// the same layouts of keys and elements does for interpreted code's maps. A
// key is put into a slot first.
type mapping struct {
	pointer
	keys, elems kind
	rt          reflect.Type // its layout
	same        reflect.Type // interpreted code's, or nil
}

//go:linkname mapaccess2 runtime.mapaccess2
//go:noescape
func mapaccess2(t, m, key unsafe.Pointer) (unsafe.Pointer, bool)

//go:linkname mapassign runtime.mapassign
//go:noescape
func mapassign(t, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapdelete runtime.mapdelete
//go:noescape
func mapdelete(t, m, key unsafe.Pointer)

// mapOf is the kind of map type t, or nil.
func mapOf(t types.Type, u *types.Map, elem kind) kind {
	key := basicKind(u.Key())
	if key == nil || elem == nil || !plainNamed(t) {
		return nil
	}
	return mapping{keys: key, elems: elem, rt: reflect.MapOf(key.layout(), elem.layout()), same: exactOf(t)}
}

func (k mapping) exact() reflect.Type { return k.same }

// typ is what the runtime has for the type.
func (k mapping) typ() unsafe.Pointer { return (*words)(unsafe.Pointer(&k.rt))[1] }

// mapAt compiles an index expression of a map: the map, and the slot of the
// key with what puts it there.
func (c *compiler) mapAt(x *ast.IndexExpr) (k mapping, at address, key local, set stmt) {
	e := c.expr(x.X)
	k, ok := e.k.(mapping)
	if !ok {
		c.refuse(x, "an index of %s", e.t)
	}
	key = c.temp(k.keys)
	return k, code[unsafe.Pointer](e), key, k.keys.set(key.off, c.exprTo(x.Index, k.keys))
}

// isMapIndex tells whether x is an element of a map.
func (c *compiler) isMapIndex(x ast.Expr) (*ast.IndexExpr, bool) {
	ix, ok := ast.Unparen(x).(*ast.IndexExpr)
	if !ok {
		return nil, false
	}
	_, ok = c.src.TypeOf(ix.X).Underlying().(*types.Map)
	return ix, ok
}

// mapElem is where an element lies, to be read at once, or a zero value;
// found, a slot of a bool if there is one, gets whether it was there.
func (c *compiler) mapElem(x *ast.IndexExpr, found *local) address {
	k, at, key, set := c.mapAt(x)
	t, off := k.typ(), key.off
	tell := -1
	if found != nil {
		tell = found.off
	}
	zero := reflect.New(k.elems.layout()).UnsafePointer() // nobody writes to it
	return func(m *machine) unsafe.Pointer {
		h := at(m)
		set(m)
		p, ok := mapaccess2(t, h, unsafe.Add(m.frame, off))
		if tell >= 0 {
			*(*bool)(unsafe.Add(m.frame, tell)) = ok
		}
		if !ok {
			return zero
		}
		return p
	}
}

// mapPlace is where the element will be: it is made if it was not there.
func (c *compiler) mapPlace(x *ast.IndexExpr) (kind, address) {
	k, at, key, set := c.mapAt(x)
	t, off := k.typ(), key.off
	return k.elems, func(m *machine) unsafe.Pointer {
		h := at(m)
		set(m)
		return mapassign(t, h, unsafe.Add(m.frame, off))
	}
}

// storeInMap is m[k] = e.
func (c *compiler) storeInMap(x *ast.IndexExpr, e expr) stmt {
	elem, to := c.mapPlace(x)
	if !elem.big() {
		return elem.store(to, e)
	}
	v := c.temp(elem) // e may lie in the map itself
	return sequence([]stmt{v.set(e), elem.store(to, variable(e.t, v))})
}

// updateMap is m[k] op= x: the element is read, and made only once there is a
// value for it.
func (c *compiler) updateMap(x *ast.IndexExpr, t types.Type, operate func(cur expr) expr) stmt {
	k, at, key, set := c.mapAt(x)
	held := c.temp(pointer{})
	mt, off := k.typ(), key.off
	zero := reflect.New(k.elems.layout()).UnsafePointer()
	read := func(m *machine) unsafe.Pointer {
		if p, ok := mapaccess2(mt, *at2(m, held.off), unsafe.Add(m.frame, off)); ok {
			return p
		}
		return zero
	}
	write := func(m *machine) unsafe.Pointer { return mapassign(mt, *at2(m, held.off), unsafe.Add(m.frame, off)) }
	hold := pointer{}.set(held.off, made(nil, pointer{}, at))
	return sequence([]stmt{hold, set, k.elems.store(write, operate(made(t, k.elems, k.elems.load(read))))})
}

func at2(m *machine, off int) *unsafe.Pointer { return at[unsafe.Pointer](m, off) }

// assignMapIndex is v, ok = m[k].
func (c *compiler) assignMapIndex(lhs []ast.Expr, x *ast.IndexExpr, define bool) stmt {
	for _, l := range lhs {
		if ident(l) == nil && !c.still(l) {
			c.refuse(l, "this assignment")
		}
	}
	pre := c.hoist(x)
	k, ok := c.kindAt(x.X, c.src.TypeOf(x.X)).(mapping)
	if !ok {
		c.refuse(x, "an index of %s", c.src.TypeOf(x.X))
	}
	v, found := c.temp(k.elems), c.temp(boolean{})
	t := c.src.TypeOf(x.X).Underlying().(*types.Map).Elem()
	get := v.set(made(t, k.elems, k.elems.load(c.mapElem(x, &found))))
	return sequence(append(pre, get, c.storeTo(lhs[0], variable(t, v), define),
		c.storeTo(lhs[1], variable(types.Typ[types.Bool], found), define)))
}

// deletes is delete(m, k).
func (c *compiler) deletes(x *ast.CallExpr) stmt {
	k, at, key, set := c.mapAt(&ast.IndexExpr{X: x.Args[0], Lbrack: x.Pos(), Index: x.Args[1]})
	t, off := k.typ(), key.off
	return func(m *machine) ctl {
		h := at(m)
		set(m)
		mapdelete(t, h, unsafe.Add(m.frame, off))
		return next
	}
}

// clears is clear(m), or clear of a slice.
func (c *compiler) clears(x *ast.CallExpr) stmt {
	e := c.expr(x.Args[0])
	switch k := e.k.(type) {
	case mapping:
		at := code[unsafe.Pointer](e)
		return func(m *machine) ctl {
			h := at(m)
			reflect.NewAt(k.rt, unsafe.Pointer(&h)).Elem().Clear()
			return next
		}
	case header:
		s := code[slice](e)
		t := reflect.SliceOf(k.of.layout())
		return func(m *machine) ctl {
			h := s(m)
			reflect.NewAt(t, unsafe.Pointer(&h)).Elem().Clear()
			return next
		}
	}
	c.refuse(x, "clear of %s", e.t)
	return nil
}

// makes is make of a map with room for n.
func (k mapping) makes(n func(*machine) int) any {
	return func(m *machine) unsafe.Pointer {
		return reflect.MakeMapWithSize(k.rt, max(n(m), 0)).UnsafePointer()
	}
}

// entries is a map literal.
func (c *compiler) entries(x *ast.CompositeLit, u *types.Map, k mapping) any {
	key := c.temp(k.keys)
	var keys []stmt
	var values []pass
	for _, e := range x.Elts {
		kv := e.(*ast.KeyValueExpr)
		keys = append(keys, k.keys.set(key.off, c.exprTo(kv.Key, k.keys)))
		values = append(values, k.elems.put(0, c.element(kv.Value, u.Elem(), k.elems)))
	}
	t, off := k.typ(), key.off
	return func(m *machine) unsafe.Pointer {
		h := reflect.MakeMapWithSize(k.rt, len(keys)).UnsafePointer()
		for i, value := range values {
			keys[i](m)
			value(m, mapassign(t, h, unsafe.Add(m.frame, off)))
		}
		return h
	}
}

// rangeMap goes over a map in the runtime's random order.
func (c *compiler) rangeMap(s *ast.RangeStmt, label string, u *types.Map) stmt {
	k, ok := c.kindAt(s.X, c.src.TypeOf(s.X)).(mapping)
	if !ok {
		c.refuse(s, "a range over %s", c.src.TypeOf(s.X))
	}
	over := code[unsafe.Pointer](c.markedValue(s.X, k))
	key, elem := c.temp(pointer{}), c.temp(pointer{})
	define := s.Tok == token.DEFINE
	var each []stmt
	if used(s.Key) {
		each = append(each, c.rangeVar(s.Key, made(u.Key(), k.keys, k.keys.load(heldIn(key))), define))
	}
	if used(s.Value) {
		each = append(each, c.rangeVar(s.Value, made(u.Elem(), k.elems, k.elems.load(heldIn(elem))), define))
	}
	t := c.push(label, true)
	body := sequence(append(each, c.block(s.Body.List)))
	c.pop()
	values := used(s.Value)
	return func(m *machine) ctl {
		h := over(m)
		kv, ev := reflect.New(k.rt.Key()), reflect.New(k.rt.Elem())
		for it := reflect.NewAt(k.rt, unsafe.Pointer(&h)).Elem().MapRange(); it.Next(); {
			kv.Elem().SetIterKey(it)
			if values {
				ev.Elem().SetIterValue(it)
			}
			*at2(m, key.off), *at2(m, elem.off) = kv.UnsafePointer(), ev.UnsafePointer()
			if r, done := round(m, body, t); done {
				return r
			}
		}
		return next
	}
}
