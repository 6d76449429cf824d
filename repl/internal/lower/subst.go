package lower

import (
	"fmt"
	"go/types"
)

// env maps type parameters to the types of an instance.
type env struct {
	m   map[*types.TypeParam]types.Type
	key string
	L   *Lowerer
	src *source
}

// apply substitutes type parameters in t.
func (e *env) apply(t types.Type) types.Type {
	if e == nil || t == nil {
		return t
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if r := e.m[t]; r != nil {
			return r
		}
		return t
	case *types.Alias:
		return e.apply(types.Unalias(t))
	case *types.Named:
		return e.named(t)
	case *types.Pointer:
		if r := e.apply(t.Elem()); r != t.Elem() {
			return types.NewPointer(r)
		}
	case *types.Slice:
		if r := e.apply(t.Elem()); r != t.Elem() {
			return types.NewSlice(r)
		}
	case *types.Array:
		if r := e.apply(t.Elem()); r != t.Elem() {
			return types.NewArray(r, t.Len())
		}
	case *types.Chan:
		if r := e.apply(t.Elem()); r != t.Elem() {
			return types.NewChan(t.Dir(), r)
		}
	case *types.Map:
		k, v := e.apply(t.Key()), e.apply(t.Elem())
		if k != t.Key() || v != t.Elem() {
			return types.NewMap(k, v)
		}
	case *types.Tuple:
		return e.tuple(t)
	case *types.Signature:
		p, r := e.tuple(t.Params()), e.tuple(t.Results())
		if p != t.Params() || r != t.Results() || t.TypeParams().Len() > 0 {
			return types.NewSignatureType(nil, nil, nil, p, r, t.Variadic())
		}
	case *types.Struct:
		return e.structure(t)
	case *types.Interface:
		return e.iface(t)
	}
	return t
}

func (e *env) tuple(t *types.Tuple) *types.Tuple {
	vars := make([]*types.Var, t.Len())
	changed := false
	for i := range vars {
		v := t.At(i)
		vars[i] = v
		if r := e.apply(v.Type()); r != v.Type() {
			vars[i] = types.NewVar(v.Pos(), v.Pkg(), v.Name(), r)
			changed = true
		}
	}
	if !changed {
		return t
	}
	return types.NewTuple(vars...)
}

func (e *env) structure(t *types.Struct) types.Type {
	fields := make([]*types.Var, t.NumFields())
	tags := make([]string, t.NumFields())
	changed := false
	for i := range fields {
		f := t.Field(i)
		fields[i], tags[i] = f, t.Tag(i)
		if r := e.apply(f.Type()); r != f.Type() {
			fields[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), r, f.Embedded())
			changed = true
		}
	}
	if !changed {
		return t
	}
	return types.NewStruct(fields, tags)
}

func (e *env) iface(t *types.Interface) types.Type {
	changed := false
	var ms []*types.Func
	for i := range t.NumMethods() {
		m := t.Method(i)
		s := e.apply(m.Type()).(*types.Signature)
		if s != m.Type() {
			changed = true
			m = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), s)
		}
		ms = append(ms, m)
	}
	if !changed {
		return t
	}
	return types.NewInterfaceType(ms, nil).Complete()
}

func (e *env) named(t *types.Named) types.Type {
	if n := t.TypeArgs().Len(); n > 0 {
		args := make([]types.Type, n)
		changed := false
		for i := range args {
			args[i] = e.apply(t.TypeArgs().At(i))
			changed = changed || args[i] != t.TypeArgs().At(i)
		}
		if !changed {
			return t
		}
		r, err := types.Instantiate(e.L.ctx(), t.Origin(), args, false)
		if err != nil {
			panic(&Refusal{Msg: fmt.Sprintf("cannot instantiate %s: %v", t, err)})
		}
		return r
	}
	return e.local(t)
}

// local is a type declared inside a generic function: every instance of the
// function has its own.
func (e *env) local(t *types.Named) types.Type {
	o := t.Obj()
	if len(e.m) == 0 || o.Pkg() == nil || o.Parent() == nil || o.Parent() == o.Pkg().Scope() || o.Pkg() != e.src.unit.Pkg ||
		o.Pos() < e.src.decl.Pos() || o.Pos() > e.src.decl.End() {
		return t
	}
	k := localKey{o, e.key}
	if n := e.L.locals[k]; n != nil {
		return n
	}
	n := types.NewNamed(types.NewTypeName(o.Pos(), o.Pkg(), o.Name(), nil), nil, nil)
	e.L.locals[k] = n
	n.SetUnderlying(e.apply(t.Underlying()))
	return n
}

// ctx makes equal instances the same type.
func (L *Lowerer) ctx() *types.Context {
	if L.context == nil {
		L.context = types.NewContext()
	}
	return L.context
}
