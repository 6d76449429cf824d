package check

import (
	"go/ast"
	"go/types"
)

func (b *builder) populate(pkg *types.Package) {
	for name := range b.mentioned() {
		if b.declared[name] {
			continue
		}
		if obj := b.u.dot(name); obj != nil {
			pkg.Scope().Insert(obj)
		} else if obj := b.s.objs[name]; obj != nil && b.added[name] == "" {
			pkg.Scope().Insert(obj)
		} else if obj := b.s.helper[name]; obj != nil {
			pkg.Scope().Insert(obj)
		}
		if old := b.shadow[name]; old != "" {
			b.alias(pkg, name, b.s.objs[old])
		}
	}
}

// alias inserts an object under a second name.
func (b *builder) alias(pkg *types.Package, name string, old types.Object) {
	if b.u.Alias == nil {
		b.u.Alias = map[types.Object]types.Object{}
	}
	var obj types.Object
	switch old := old.(type) {
	case *types.Const:
		obj = types.NewConst(old.Pos(), old.Pkg(), name, old.Type(), old.Val())
	case *types.TypeName:
		obj = types.NewTypeName(old.Pos(), old.Pkg(), name, old.Type())
	case *types.Func:
		obj = types.NewFunc(old.Pos(), old.Pkg(), name, old.Signature())
	default:
		obj = types.NewVar(old.Pos(), old.Pkg(), name, old.Type())
	}
	b.u.Alias[obj] = old
	pkg.Scope().Insert(obj)
}

func (u *Unit) dot(name string) types.Object {
	for _, o := range u.dots {
		if o.Name() == name {
			return o
		}
	}
	return nil
}

func (b *builder) mentioned() map[string]bool {
	out := map[string]bool{}
	visit := func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			out[id.Name] = true
		}
		return true
	}
	for _, d := range b.u.Decls {
		ast.Inspect(d, visit)
	}
	for _, m := range b.methods {
		ast.Inspect(m.decl, visit)
	}
	for _, st := range b.u.Steps {
		if st.Spec != nil {
			ast.Inspect(st.Spec, visit)
		} else {
			ast.Inspect(st.Stmt, visit)
		}
	}
	return out
}
