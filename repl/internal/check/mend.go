package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// mend grants what a cell may do and Go may not: it imports packages that are
// used but not imported, and takes the error of calls that give one result
// too many. It reports whether checking again is worth it.
func (b *builder) mend() bool {
	if b.strict {
		return false
	}
	real := false
	for _, e := range b.errs {
		real = real || !b.forgiven(e)
	}
	if !real {
		return false
	}
	if b.addImports() {
		return true // what the packages' functions return is known only now
	}
	changed := b.keyLiterals()
	for _, st := range b.u.Steps {
		if st.Spec != nil {
			changed = b.take(st.Spec) || changed
		} else {
			changed = b.take(st.Stmt) || changed
		}
	}
	for _, d := range b.u.Decls {
		changed = b.take(d) || changed
	}
	for _, m := range b.methods {
		changed = b.take(m.decl) || changed
	}
	return changed
}

// addImports finds `undefined: strings` at the base of a selector.
func (b *builder) addImports() bool {
	undefined := map[token.Pos]string{}
	for _, e := range b.errs {
		if n, ok := strings.CutPrefix(e.Msg, "undefined: "); ok && b.s.Known[n] != "" {
			undefined[e.Pos] = n
		}
	}
	if len(undefined) == 0 {
		return false
	}
	changed := false
	visit := func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := s.X.(*ast.Ident); ok && undefined[id.Pos()] == id.Name && b.added[id.Name] == "" {
			p := b.s.Known[id.Name]
			if pkg, err := b.s.Importer.Import(p); err == nil && pkg != nil {
				b.added[id.Name] = p
				b.missing = append(b.missing, p)
				changed = true
			}
		}
		return true
	}
	b.each(func(n ast.Node) { ast.Inspect(n, visit) })
	return changed
}

func (b *builder) each(f func(ast.Node)) {
	for _, d := range b.u.Decls {
		f(d)
	}
	for _, m := range b.methods {
		f(m.decl)
	}
	for _, st := range b.u.Steps {
		if st.Spec != nil {
			f(st.Spec)
		} else {
			f(st.Stmt)
		}
	}
}

// take wraps calls whose error result nobody wants into takeꞏn(call).
func (b *builder) take(root ast.Node) bool {
	changed := false
	var results []int // of the enclosing functions
	wrap := func(e *ast.Expr, want int) {
		call, ok := ast.Unparen(*e).(*ast.CallExpr)
		if !ok || want < 1 || want > 4 {
			return
		}
		t, ok := b.u.Info.Types[call].Type.(*types.Tuple)
		if !ok || t.Len() != want+1 || !isError(t.At(want).Type()) {
			return
		}
		id := &ast.Ident{Name: fmt.Sprintf("takeꞏ%d", want), NamePos: call.Pos()}
		*e = &ast.CallExpr{Fun: id, Lparen: call.Pos(), Args: []ast.Expr{call}, Rparen: call.Rparen}
		changed = true
	}
	each := func(list []ast.Expr, want int) {
		if len(list) == 1 {
			wrap(&list[0], want)
			return
		}
		for i := range list {
			wrap(&list[i], 1)
		}
	}
	var stack []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			switch stack[len(stack)-1].(type) {
			case *ast.FuncDecl, *ast.FuncLit:
				results = results[:len(results)-1]
			}
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		switch n := n.(type) {
		case *ast.FuncDecl:
			results = append(results, n.Type.Results.NumFields())
		case *ast.FuncLit:
			results = append(results, n.Type.Results.NumFields())
		case *ast.AssignStmt:
			if !allBlank(n.Lhs) {
				each(n.Rhs, len(n.Lhs))
			}
		case *ast.ValueSpec:
			if !blankNames(n.Names) {
				each(n.Values, len(n.Names))
			}
		case *ast.ReturnStmt:
			if len(results) > 0 && len(n.Results) > 0 {
				each(n.Results, results[len(results)-1])
			}
		case *ast.CallExpr:
			b.takeArgs(n, wrap)
		case *ast.BinaryExpr:
			wrap(&n.X, 1)
			wrap(&n.Y, 1)
		case *ast.UnaryExpr:
			wrap(&n.X, 1)
		case *ast.StarExpr:
			wrap(&n.X, 1)
		case *ast.SelectorExpr:
			wrap(&n.X, 1)
		case *ast.IndexExpr:
			wrap(&n.X, 1)
			wrap(&n.Index, 1)
		case *ast.SliceExpr:
			wrap(&n.X, 1)
		case *ast.TypeAssertExpr:
			wrap(&n.X, 1)
		case *ast.RangeStmt:
			wrap(&n.X, 1)
		case *ast.IfStmt:
			wrap(&n.Cond, 1)
		case *ast.SwitchStmt:
			if n.Tag != nil {
				wrap(&n.Tag, 1)
			}
		case *ast.SendStmt:
			wrap(&n.Value, 1)
		case *ast.KeyValueExpr:
			wrap(&n.Value, 1)
		case *ast.CompositeLit:
			for i := range n.Elts {
				wrap(&n.Elts[i], 1)
			}
		}
		return true
	})
	return changed
}

func (b *builder) takeArgs(n *ast.CallExpr, wrap func(*ast.Expr, int)) {
	if id, ok := n.Fun.(*ast.Ident); ok && strings.HasPrefix(id.Name, "takeꞏ") {
		return
	}
	if len(n.Args) != 1 {
		for i := range n.Args {
			wrap(&n.Args[i], 1)
		}
		return
	}
	sig, ok := b.u.Info.Types[n.Fun].Type.(*types.Signature)
	switch {
	case !ok:
		wrap(&n.Args[0], 1)
	case !sig.Variadic():
		wrap(&n.Args[0], sig.Params().Len())
	default:
		t, ok := b.u.Info.Types[n.Args[0]].Type.(*types.Tuple)
		if ok && !types.AssignableTo(t.At(t.Len()-1).Type(), paramAt(sig, t.Len()-1)) {
			wrap(&n.Args[0], t.Len()-1) // fmt.Println takes the error too
		}
	}
}

// paramAt is the type of a variadic function's i-th argument.
func paramAt(sig *types.Signature, i int) types.Type {
	last := sig.Params().Len() - 1
	if i < last {
		return sig.Params().At(i).Type()
	}
	if s, ok := sig.Params().At(last).Type().(*types.Slice); ok {
		return s.Elem()
	}
	return types.Typ[types.String] // append([]byte, string...)
}

func allBlank(list []ast.Expr) bool {
	for _, e := range list {
		if id, ok := e.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}

func blankNames(list []*ast.Ident) bool {
	for _, id := range list {
		if id.Name != "_" {
			return false
		}
	}
	return true
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// keyLiterals writes the field names into T{a, b} where T is of an earlier
// cell: go/types takes unexported fields of another package object only by
// name.
func (b *builder) keyLiterals() bool {
	at := map[token.Pos]bool{}
	for _, e := range b.errs {
		if strings.HasPrefix(e.Msg, "implicit assignment to unexported field") {
			at[e.Pos] = true
		}
	}
	if len(at) == 0 {
		return false
	}
	changed := false
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || len(lit.Elts) == 0 {
				return true
			}
			s := literalStruct(b.u.Info.TypeOf(lit))
			if s == nil || s.NumFields() != len(lit.Elts) || s.Field(0).Pkg().Path() != "main" {
				return true
			}
			hit := false
			for _, e := range lit.Elts {
				hit = hit || at[e.Pos()]
			}
			if _, keyed := lit.Elts[0].(*ast.KeyValueExpr); !hit || keyed {
				return true
			}
			for i, e := range lit.Elts {
				lit.Elts[i] = &ast.KeyValueExpr{Key: &ast.Ident{Name: s.Field(i).Name(), NamePos: e.Pos()}, Colon: e.Pos(), Value: e}
			}
			changed = true
			return true
		})
	})
	return changed
}

func literalStruct(t types.Type) *types.Struct {
	if t == nil {
		return nil
	}
	u := t.Underlying()
	if p, ok := u.(*types.Pointer); ok {
		u = p.Elem().Underlying()
	}
	s, _ := u.(*types.Struct)
	return s
}
