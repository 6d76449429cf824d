package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strconv"
	"strings"

	"graft/repl/internal/nb"
)

// structType is an emitted struct (or self-containing) type.
type structType struct{ name string }

// cellType tells whether a named type was declared in a cell.
func cellType(t types.Type) (*types.Named, bool) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return nil, false
	}
	return n, interpreted(n.Obj().Pkg()) || overlaid(n.Obj().Pkg().Path()) || openStruct(n)
}

// openStruct tells whether t is an instance of a compiled generic struct
// without unexported fields: it is laid out like a cell's, and its methods
// have bodies in package prelude.
func openStruct(t *types.Named) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || t.TypeArgs().Len() == 0 || interpreted(t.Obj().Pkg()) {
		return false
	}
	for f := range s.Fields() {
		if !f.Exported() {
			return false
		}
	}
	return true
}

func interpreted(p *types.Package) bool { return nb.Interpreted(p) }

// overlaid packages are generic all through: their source is lowered with
// the cell's.
func overlaid(path string) bool { return path == "iter" || strings.HasPrefix(path, preludePath) }

// preludePath begins the import paths of the bodies in package prelude.
const preludePath = "prelude/"

// rep is how t is laid out in lowered code: defined types are their
// underlying types but for structs, cell interfaces are interface{}.
func (L *Lowerer) rep(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return L.basic(t)
	case *types.Named:
		return L.named(t)
	case *types.Pointer:
		return "*" + L.rep(t.Elem())
	case *types.Slice:
		return "[]" + L.rep(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + L.rep(t.Elem())
	case *types.Map:
		return "map[" + L.rep(t.Key()) + "]" + L.rep(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + L.rep(t.Elem())
		case types.RecvOnly:
			return "<-chan " + L.rep(t.Elem())
		}
		if c, ok := types.Unalias(t.Elem()).(*types.Chan); ok && c.Dir() == types.RecvOnly {
			return "chan (" + L.rep(t.Elem()) + ")"
		}
		return "chan " + L.rep(t.Elem())
	case *types.Struct:
		return L.structText(t)
	case *types.Signature:
		return "func" + L.signature(t)
	case *types.Interface:
		return "interface{}"
	case *types.Tuple:
		var parts []string
		for v := range t.Variables() {
			parts = append(parts, L.rep(v.Type()))
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	panic(&Refusal{Msg: fmt.Sprintf("type %s cannot be run", t)})
}

func (L *Lowerer) basic(t *types.Basic) string {
	switch t.Kind() {
	case types.UntypedNil:
		return "interface{}"
	case types.UnsafePointer:
		return L.pkg("unsafe") + ".Pointer"
	}
	return types.Default(t).(*types.Basic).Name()
}

func (L *Lowerer) named(t *types.Named) string {
	o := t.Obj()
	if o.Pkg() == nil {
		if o.Name() == "error" {
			return "error"
		}
		return "interface{}"
	}
	if _, ok := cellType(t); !ok {
		if t.TypeArgs().Len() > 0 {
			return L.generic(t)
		}
		return L.pkg(o.Pkg().Path()) + "." + o.Name()
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return "interface{}"
	case *types.Struct:
		return L.structName(t, u)
	}
	if recursive(t) {
		if _, ok := t.Underlying().(*types.Signature); ok {
			return "interface{}"
		}
		panic(&Refusal{Node: &ast.Ident{Name: o.Name(), NamePos: o.Pos()},
			Msg: fmt.Sprintf("type %s contains itself, but not in a struct, which the interpreter cannot lay out; use type %s struct { … } with such a field", o.Name(), o.Name())})
	}
	return L.rep(t.Underlying())
}

func (L *Lowerer) structName(t *types.Named, u types.Type) string {
	if s := L.structs.At(t); s != nil {
		return s.(*structType).name
	}
	L.seq++
	name := fmt.Sprintf("T%d_%s", L.seq, ascii(t.Obj().Name()))
	L.structs.Set(t, &structType{name})
	L.undo = append(L.undo, func() { L.structs.Delete(t) })
	text := L.rep(u)
	fmt.Fprintf(&L.out.types, "type %s %s\n", name, text)
	return name
}

// recursive tells whether t contains itself other than through a struct type
// with a name.
func recursive(t *types.Named) bool {
	seen := map[types.Type]bool{}
	var has func(types.Type) bool
	has = func(x types.Type) bool {
		x = types.Unalias(x)
		if seen[x] {
			return false
		}
		switch u := x.(type) {
		case *types.Named:
			if u == t || u.Origin() == t.Origin() && types.Identical(u, t) {
				return true
			}
			if _, ok := cellType(u); !ok {
				return false
			}
			seen[x] = true
			switch u.Underlying().(type) {
			case *types.Struct, *types.Interface:
				return false
			}
			return has(u.Underlying())
		case *types.Pointer:
			return has(u.Elem())
		case *types.Slice:
			return has(u.Elem())
		case *types.Array:
			return has(u.Elem())
		case *types.Chan:
			return has(u.Elem())
		case *types.Map:
			return has(u.Key()) || has(u.Elem())
		case *types.Signature:
			for v := range u.Params().Variables() {
				if has(v.Type()) {
					return true
				}
			}
			for v := range u.Results().Variables() {
				if has(v.Type()) {
					return true
				}
			}
		case *types.Struct:
			for i := range u.NumFields() {
				if has(u.Field(i).Type()) {
					return true
				}
			}
		}
		return false
	}
	return has(t.Underlying())
}

// funcAsAny tells whether t is a function type that contains itself; its
// values are held as interface{}.
func funcAsAny(t types.Type) (*types.Signature, bool) {
	n, ok := cellType(t)
	if !ok {
		return nil, false
	}
	s, ok := n.Underlying().(*types.Signature)
	return s, ok && recursive(n)
}

func (L *Lowerer) structText(t *types.Struct) string {
	var b strings.Builder
	b.WriteString("struct {")
	for i := range t.NumFields() {
		f := t.Field(i)
		if i > 0 {
			b.WriteString(";")
		}
		tag := t.Tag(i)
		if !f.Exported() {
			tag = `json:"-"`
		}
		fmt.Fprintf(&b, " %s %s", fieldName(f, i), L.rep(f.Type()))
		if tag != "" {
			b.WriteString(" " + strconv.Quote(tag))
		}
	}
	b.WriteString(" }")
	return b.String()
}

func fieldName(f *types.Var, i int) string {
	if f.Name() == "_" {
		return fmt.Sprintf("_%d", i)
	}
	return f.Name()
}

// signature is the text of parameters and results without names.
func (L *Lowerer) signature(s *types.Signature) string {
	var in []string
	for i := range s.Params().Len() {
		t := s.Params().At(i).Type()
		if s.Variadic() && i == s.Params().Len()-1 {
			in = append(in, "..."+L.rep(t.(*types.Slice).Elem()))
		} else {
			in = append(in, L.rep(t))
		}
	}
	return "(" + strings.Join(in, ", ") + ")" + L.results(s)
}

func (L *Lowerer) results(s *types.Signature) string {
	switch s.Results().Len() {
	case 0:
		return ""
	case 1:
		return " " + L.rep(s.Results().At(0).Type())
	}
	return " " + L.rep(s.Results())
}

// nativeIface is an interface that lowered code keeps as it is: a compiled
// one with methods.
func nativeIface(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || !types.IsInterface(n) {
		return false
	}
	if n.Obj().Pkg() == nil {
		return n.Obj().Name() == "error"
	}
	_, cell := cellType(n)
	return !cell && n.TypeArgs().Len() == 0
}

// anyIface is an interface that lowered code holds as interface{}.
func anyIface(t types.Type) bool { return types.IsInterface(t) && !nativeIface(t) }

// boxed tells whether a value of concrete type t needs a box to keep its
// type in an interface.
func boxed(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if _, ok := cellType(t); ok {
			return true
		}
		_, ok := genericOf(t)
		return ok
	case *types.Pointer:
		return boxed(t.Elem()) || holder(t.Elem())
	case *types.Slice:
		return boxed(t.Elem()) || holder(t.Elem())
	case *types.Array:
		return boxed(t.Elem()) || holder(t.Elem())
	case *types.Chan:
		return boxed(t.Elem()) || holder(t.Elem())
	case *types.Map:
		return boxed(t.Elem()) || boxed(t.Key()) || holder(t.Elem()) || holder(t.Key())
	case *types.Signature:
		for v := range t.Params().Variables() {
			if boxed(v.Type()) || holder(v.Type()) {
				return true
			}
		}
		for v := range t.Results().Variables() {
			if boxed(v.Type()) || holder(v.Type()) {
				return true
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			f := t.Field(i)
			if !f.Exported() || f.Embedded() || boxed(f.Type()) || holder(f.Type()) {
				return true
			}
		}
	}
	return false
}

// holder is an interface with methods that is interface{} once lowered.
func holder(t types.Type) bool {
	if !anyIface(t) {
		return false
	}
	_, named := cellType(t)
	return named || t.Underlying().(*types.Interface).NumMethods() > 0
}

// id is the number of t's descriptor; its methods are registered with it.
func (L *Lowerer) id(t types.Type) int {
	d := L.rt.Intern(t)
	if !types.IsInterface(t) && boxed(t) {
		L.register(t)
	}
	return d.ID
}

// generic is the layout of an instance of a compiled generic type.
func (L *Lowerer) generic(t *types.Named) string {
	if g, ok := genericOf(t); ok {
		return L.nb() + "." + g.rep
	}
	switch u := t.Underlying().(type) {
	case *types.Signature, *types.Slice, *types.Map:
		return L.rep(u)
	case *types.Interface:
		return "interface{}"
	}
	panic(&Refusal{Msg: fmt.Sprintf("the generic type %s of a compiled package cannot be run", t)})
}

// genericTypes are compiled generic types that package nb has for every type
// argument: the layout, and the prefix of the functions that are its methods.
var genericTypes = map[string]struct{ rep, prefix string }{
	"sync/atomic.Pointer": {"AtomicPointer", "Atomic"},
	"unique.Handle":       {"Handle", "Handle"},
	"weak.Pointer":        {"WeakPointer", "Weak"},
}

// genericMakes are the functions that make values of them.
var genericMakes = map[string]string{"unique.Make": "MakeHandle", "weak.Make": "MakeWeak"}

// genericOf finds the entry of t, or of what it points to.
func genericOf(t types.Type) (g struct{ rep, prefix string }, ok bool) {
	if p, isPtr := types.Unalias(t).(*types.Pointer); isPtr {
		t = p.Elem()
	}
	n, isNamed := types.Unalias(t).(*types.Named)
	if !isNamed || n.Obj().Pkg() == nil {
		return g, false
	}
	g, ok = genericTypes[n.Obj().Pkg().Path()+"."+n.Obj().Name()]
	return g, ok
}
