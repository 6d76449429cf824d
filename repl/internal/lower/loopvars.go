package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// captured tells whether a body may hold on to one of a loop's variables: by a
// function literal that mentions it, its address, a method with a pointer
// receiver or a slice of an array.
func (f *fn) captured(vars []ast.Expr, nodes ...ast.Node) bool {
	own := map[types.Object]bool{}
	for _, v := range vars {
		if id, ok := v.(*ast.Ident); ok && f.info.Defs[id] != nil {
			own[f.info.Defs[id]] = true
		}
	}
	found := false
	for _, n := range nodes {
		if n == nil {
			continue
		}
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt:
				found = found || f.mentionsAny(n, own)
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND && f.mentionsAny(n, own)
			case *ast.SelectorExpr:
				if m, ok := f.object(n.Sel).(*types.Func); ok && m.Signature().Recv() != nil {
					_, ptr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
					_, isPtr := f.typeOf(n.X).Underlying().(*types.Pointer)
					found = found || ptr && !isPtr && f.mentionsAny(n.X, own)
				}
			case *ast.SliceExpr:
				_, array := f.typeOf(n.X).Underlying().(*types.Array)
				found = found || array && f.mentionsAny(n.X, own)
			}
			return !found
		})
	}
	return found
}

func (f *fn) mentionsAny(n ast.Node, own map[types.Object]bool) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found = found || own[f.info.Uses[id]]
		}
		return !found
	})
	return found
}

// assigns tells whether a body may assign to x, a variable or not.
func (f *fn) assigns(body ast.Node, x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && f.changes(body, f.object(id))
}

// count notes the variables of a for statement that are never negative: they
// start so, and nothing but i++ or i += a constant changes them.
func (f *fn) count(s *ast.ForStmt) {
	a, ok := s.Init.(*ast.AssignStmt)
	if !ok || a.Tok != token.DEFINE || len(a.Lhs) != len(a.Rhs) {
		return
	}
	var up ast.Expr
	switch p := s.Post.(type) {
	case *ast.IncDecStmt:
		if p.Tok == token.INC {
			up = p.X
		}
	case *ast.AssignStmt:
		if p.Tok == token.ADD_ASSIGN && positive(f.info.Types[p.Rhs[0]].Value) {
			up = p.Lhs[0]
		}
	}
	for i, l := range a.Lhs {
		id, ok := l.(*ast.Ident)
		u, same := up.(*ast.Ident)
		if ok && same && f.info.Uses[u] == f.info.Defs[id] && positive(f.info.Types[a.Rhs[i]].Value) && !f.assigns(s.Body, id) && !f.captured([]ast.Expr{id}, s.Body) {
			f.counters[f.info.Defs[id]] = true
		}
	}
}

// keepsBelow notes the index of a loop for i := 0; i < len(xs); i++.
func (f *fn) keepsBelow(s *ast.ForStmt) {
	cond, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.LSS || !f.counter(cond.X) {
		return
	}
	if call, ok := cond.Y.(*ast.CallExpr); ok && len(call.Args) == 1 && f.info.Types[call.Fun].IsBuiltin() && types.ExprString(call.Fun) == "len" {
		f.keeps(cond.X, call.Args[0], s.Body)
	}
}

// positive tells of a constant that it is an integer and not negative.
func positive(v constant.Value) bool {
	return v != nil && v.Kind() == constant.Int && constant.Sign(v) >= 0
}
