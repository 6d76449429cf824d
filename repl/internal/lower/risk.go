package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// What may panic, and the line that Go gives it: that of the token which makes
// it what it is, the bracket of an index, the parenthesis of a call, an
// operator.

// riskOf is where x itself, not its operands, may panic; not valid when it
// cannot.
func (f *fn) riskOf(n ast.Node) token.Pos {
	switch n := n.(type) {
	case *ast.IndexExpr:
		if f.info.Types[n.X].IsValue() {
			return f.near(n.X, n.Lbrack)
		}
	case *ast.SliceExpr:
		return f.near(n.X, n.Lbrack)
	case *ast.StarExpr:
		if f.info.Types[n].IsValue() {
			return n.Pos()
		}
	case *ast.TypeAssertExpr:
		if n.Type != nil {
			return f.near(n.X, n.X.End())
		}
	case *ast.BinaryExpr:
		if (n.Op == token.QUO || n.Op == token.REM) && f.info.Types[n.Y].Value == nil {
			return f.near(n.X, n.OpPos)
		}
		if (n.Op == token.SHL || n.Op == token.SHR) && f.info.Types[n.Y].Value == nil {
			if b, ok := f.typeOf(n.Y).Underlying().(*types.Basic); ok && b.Info()&types.IsUnsigned == 0 {
				return f.near(n.X, n.OpPos)
			}
		}
		if (n.Op == token.EQL || n.Op == token.NEQ) && f.mayNotCompare(n.X) && f.mayNotCompare(n.Y) {
			return f.near(n.X, n.OpPos)
		}
	case *ast.SelectorExpr:
		s := f.info.Selections[n]
		if s != nil && s.Kind() == types.MethodVal && f.reaches(n, s) {
			return f.near(n.X, n.X.End())
		}
		if s != nil && s.Kind() == types.FieldVal {
			if _, ptr := f.apply(s.Recv()).Underlying().(*types.Pointer); ptr || s.Indirect() {
				return f.near(n.X, n.X.End())
			}
		}
	case *ast.CallExpr:
		if f.info.Types[n].Value != nil {
			return token.NoPos
		}
		if tv := f.info.Types[n.Fun]; tv.IsType() {
			if f.narrows(n, tv.Type) {
				return f.near(n.Fun, n.Args[0].Pos())
			}
		} else if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && f.harmless(n) {
			if s := f.info.Selections[sel]; s != nil && s.Kind() == types.MethodVal && f.reaches(sel, s) {
				return f.near(sel.X, sel.X.End())
			}
		} else if !f.harmless(n) {
			return f.near(n.Fun, n.Lparen)
		}
	}
	return token.NoPos
}

// reaches tells of a method that finding its receiver looks behind a pointer,
// or into an interface.
func (f *fn) reaches(x *ast.SelectorExpr, s *types.Selection) bool {
	t := f.apply(s.Recv())
	m, ok := s.Obj().(*types.Func)
	if !ok || types.IsInterface(t) {
		return ok
	}
	_, ptr := t.Underlying().(*types.Pointer)
	_, wants := types.Unalias(recvType(m)).(*types.Pointer)
	return ptr && (!wants || len(s.Index()) > 1) || s.Indirect() && len(s.Index()) > 1
}

// near is where x begins, if that is in the line of at, or else at.
func (f *fn) near(x ast.Node, at token.Pos) token.Pos {
	if f.lineOf(x.Pos()) == f.lineOf(at) {
		return x.Pos()
	}
	return at
}

// lineOf is the line of a cell, or a file, that pos is in; 0 for none.
func (f *fn) lineOf(pos token.Pos) int {
	if f.unit == nil || f.unit.Cell == "" || !pos.IsValid() {
		return 0
	}
	_, source, off := f.unit.Place(pos)
	if off < 0 || off > len(source) {
		return 0
	}
	return 1 + strings.Count(source[:off], "\n")
}

// mayNotCompare tells of an interface, or what has one in it: it may hold what
// has no ==.
func (f *fn) mayNotCompare(x ast.Expr) bool {
	if f.info.Types[x].IsNil() {
		return false
	}
	switch f.typeOf(x).Underlying().(type) {
	case *types.Interface, *types.Struct, *types.Array:
		return true
	}
	return false
}

// narrows tells of a conversion that it makes an array of a slice.
func (f *fn) narrows(n *ast.CallExpr, to types.Type) bool {
	if len(n.Args) != 1 {
		return false
	}
	if _, ok := f.typeOf(n.Args[0]).Underlying().(*types.Slice); !ok {
		return false
	}
	to = f.apply(to).Underlying()
	if p, ok := to.(*types.Pointer); ok {
		to = p.Elem().Underlying()
	}
	_, array := to.(*types.Array)
	return array
}

// harmless tells of a call that it cannot panic itself: a cell's function
// marks its own places.
func (f *fn) harmless(n *ast.CallExpr) bool {
	switch o := f.callee(n).(type) {
	case *types.Builtin:
		return o.Name() != "panic" && o.Name() != "close" && o.Name() != "make"
	case *types.Func:
		return interpreted(o.Pkg()) && !types.IsInterface(recvType(o))
	}
	_, lit := ast.Unparen(n.Fun).(*ast.FuncLit)
	return lit
}

func recvType(o *types.Func) types.Type {
	if r := o.Signature().Recv(); r != nil {
		return r.Type()
	}
	return types.Typ[types.Invalid]
}

// moves tells of a call that it may run cells' functions, which mark their own
// places, without being one that compiled code makes by itself.
func (f *fn) moves(n *ast.CallExpr) bool {
	tv := f.info.Types[n.Fun]
	if tv.IsType() || tv.IsBuiltin() || f.info.Types[n].Value != nil {
		return false
	}
	o, ok := f.callee(n).(*types.Func)
	if !ok || o.Pkg() == nil || interpreted(o.Pkg()) || o.Signature().Recv() != nil {
		return true
	}
	if f.L.library.body(o.Origin()) != nil {
		return true
	}
	for p := range o.Signature().Params().Variables() {
		t := p.Type()
		if s, ok := t.Underlying().(*types.Slice); ok {
			t = s.Elem()
		}
		switch t.Underlying().(type) {
		case *types.Basic:
		default:
			return true
		}
	}
	return false
}

// visit calls do with the parts of x that are always evaluated, operands
// first, in Go's order.
func (f *fn) visit(x ast.Expr, do func(ast.Expr)) {
	if x == nil || f.info.Types[x].Value != nil || f.info.Types[x].IsType() {
		return
	}
	if f.made[x] != "" {
		return
	}
	switch x := x.(type) {
	case *ast.FuncLit:
		return
	case *ast.ParenExpr:
		f.visit(x.X, do)
		return
	case *ast.KeyValueExpr:
		f.visit(x.Value, do)
		return
	}
	for _, e := range f.operands(x) {
		f.visit(e, do)
	}
	do(x)
}

// operands are the parts of x that are evaluated before it, in order.
func (f *fn) operands(x ast.Expr) []ast.Expr {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			return []ast.Expr{x.X}
		}
		return []ast.Expr{x.X, x.Y}
	case *ast.UnaryExpr:
		return []ast.Expr{x.X}
	case *ast.StarExpr:
		return []ast.Expr{x.X}
	case *ast.TypeAssertExpr:
		return []ast.Expr{x.X}
	case *ast.SelectorExpr:
		if f.info.Selections[x] != nil {
			return []ast.Expr{x.X}
		}
	case *ast.IndexExpr:
		if f.info.Types[x.X].IsValue() {
			return []ast.Expr{x.X, x.Index}
		}
	case *ast.SliceExpr:
		return []ast.Expr{x.X, x.Low, x.High, x.Max}
	case *ast.CompositeLit:
		_, keys := f.typeOf(x).Underlying().(*types.Map)
		var out []ast.Expr
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && keys {
				out = append(out, kv.Key)
			}
			out = append(out, e)
		}
		return out
	case *ast.CallExpr:
		var out []ast.Expr
		switch fun := ast.Unparen(x.Fun).(type) {
		case *ast.SelectorExpr:
			if f.info.Selections[fun] != nil {
				out = append(out, fun.X)
			}
		case *ast.Ident, *ast.FuncLit:
		default:
			out = append(out, x.Fun)
		}
		return append(out, x.Args...)
	}
	return nil
}

// early are the parts of x that Go's compiler evaluates in their place among
// calls, not after them: comparisons, other small values and lengths, where they
// are converted to interfaces; && and ||; slices of slices; what is appended; the least and the greatest; and
// the elements of maps.
func (f *fn) early(x ast.Expr) map[ast.Expr]bool {
	out := map[ast.Expr]bool{}
	small := func(e ast.Expr, to types.Type) {
		e = ast.Unparen(e)
		b, ok := f.typeOf(e).Underlying().(*types.Basic)
		if !ok || !types.IsInterface(to) {
			return
		}
		switch n := e.(type) {
		case *ast.BinaryExpr, *ast.UnaryExpr:
			switch b.Kind() {
			case types.Bool, types.UntypedBool, types.Int8, types.Uint8:
				out[e] = true
			}
		case *ast.CallExpr:
			if o, ok := f.callee(n).(*types.Builtin); ok && (o.Name() == "len" || o.Name() == "cap") {
				out[e] = true
			}
		}
	}
	f.visit(x, func(n ast.Expr) {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				out[n] = true
			}
		case *ast.SliceExpr:
			out[n] = true
		case *ast.CallExpr:
			if b, ok := f.callee(n).(*types.Builtin); ok {
				if name := b.Name(); name == "append" || name == "min" || name == "max" {
					out[n] = true
				}
				return
			}
			f.argsTo(n, small)
		case *ast.CompositeLit:
			u, ok := f.typeOf(n).Underlying().(interface{ Elem() types.Type })
			if !ok {
				return
			}
			for _, e := range n.Elts {
				kv, ok := e.(*ast.KeyValueExpr)
				if ok {
					e = kv.Value
				}
				if _, m := u.(*types.Map); m && f.reads(e) && f.byValue(n, e) {
					out[ast.Unparen(e)] = true
				}
				small(e, u.Elem())
			}
		}
	})
	return out
}

// argsTo calls do with the arguments of a call and the parameters' types.
func (f *fn) argsTo(n *ast.CallExpr, do func(arg ast.Expr, to types.Type)) {
	sig, ok := f.typeOf(n.Fun).Underlying().(*types.Signature)
	if !ok || f.info.Types[n.Fun].IsType() {
		return
	}
	last := sig.Params().Len() - 1
	for i, a := range n.Args {
		t := sig.Params().At(min(i, last)).Type()
		if s, ok := t.Underlying().(*types.Slice); ok && sig.Variadic() && i >= last {
			t = s.Elem()
		}
		do(a, t)
	}
}

// computes tells of an expression that the interpreter evaluates it where it
// stands, from variables that a call may change: Go does so after the calls.
func (f *fn) computes(x ast.Expr) bool {
	switch n := x.(type) {
	case *ast.BinaryExpr, *ast.UnaryExpr:
	case *ast.CallExpr:
		if !f.info.Types[n.Fun].IsType() {
			return false
		}
	default:
		return false
	}
	found := false
	f.visit(x, func(n ast.Expr) {
		switch n := n.(type) {
		case *ast.Ident:
			if o, ok := f.object(n).(*types.Var); ok {
				found = found || f.L.globals[o] != "" || f.held(o)
			}
		case *ast.StarExpr, *ast.IndexExpr:
			found = true
		case *ast.SelectorExpr:
			found = found || f.riskOf(n).IsValid()
		}
	})
	return found
}

// held tells of a local variable that literals, or pointers, may change.
func (f *fn) held(o *types.Var) bool {
	return f.whole != nil && f.changesInside(f.whole, o)
}
