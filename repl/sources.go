package repl

import (
	"go/ast"
	"go/types"

	"graft/repl/internal/check"
)

// keepSource keeps the text of a cell's declarations, for those who ask for
// more than the documentation.
func (s *Session) keepSource(u *check.Unit) {
	if u.IsPackage() {
		return
	}
	keep := func(name string, n ast.Node) {
		from, to := u.Offset(n.Pos()), u.Offset(n.End())
		if from >= 0 && from < to && to <= len(u.Source) {
			s.sources[name] = u.Source[from:to]
		}
	}
	for _, d := range u.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			keep(declaredName(d), d)
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				var names []*ast.Ident
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					names = []*ast.Ident{sp.Name}
				case *ast.ValueSpec:
					names = sp.Names
				}
				for _, n := range names {
					if len(d.Specs) == 1 {
						keep(n.Name, d)
					} else {
						keep(n.Name, sp)
					}
				}
			}
		}
	}
}

// declaredName is F, or T.M for a method.
func declaredName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}

// sourceOf is how a cell declared o, "" when none did.
func (s *Session) sourceOf(o types.Object) string {
	if o.Pkg() == nil || o.Pkg().Path() != "main" {
		return ""
	}
	name := o.Name()
	if f, ok := o.(*types.Func); ok {
		if r := f.Signature().Recv(); r != nil {
			name = receiverName(r.Type()) + "." + name
		}
	} else if _, local := o.(*types.Var); local {
		return ""
	}
	return s.sources[name]
}
