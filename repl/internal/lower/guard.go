package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// The interpreter's own words for an index out of range have no numbers in
// them. A statement that indexes is preceded by a check that has, but where a
// loop keeps the index in range. It may stand there only when nothing that has
// an effect comes before the index expression.

// plain tells whether x can be evaluated twice, and early.
func (f *fn) plain(x ast.Expr) bool {
	if x == nil || f.info.Types[x].Value != nil || f.made[ast.Unparen(x)] != "" {
		return true
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		_, v := f.object(x).(*types.Var)
		return v
	case *ast.SelectorExpr:
		s := f.info.Selections[x]
		return s != nil && s.Kind() == types.FieldVal && f.plain(x.X)
	case *ast.BinaryExpr:
		switch x.Op {
		case token.ADD, token.SUB, token.MUL, token.AND, token.OR, token.XOR:
		case token.REM, token.QUO:
			if f.info.Types[x.Y].Value == nil {
				return false // it may panic itself
			}
		default:
			return false
		}
		return f.plain(x.X) && f.plain(x.Y)
	}
	return false
}

// twice is plain, for what is indexed: elements of such may be, too.
func (f *fn) twice(x ast.Expr) bool {
	if ix, ok := ast.Unparen(x).(*ast.IndexExpr); ok && f.info.Types[ix.X].IsValue() {
		switch f.typeOf(ix.X).Underlying().(type) {
		case *types.Slice, *types.Array:
			return f.twice(ix.X) && f.plain(ix.Index)
		}
		return false
	}
	return f.plain(x)
}

// guard puts a check of x[index] before the statement, or before what && or ||
// may skip, and returns the index, which may be a variable then.
func (f *fn) guard(x *ast.IndexExpr, base, index string) string {
	t := f.typeOf(x.Index)
	b, ok := t.Underlying().(*types.Basic)
	if _, ptr := f.typeOf(x.X).Underlying().(*types.Pointer); ptr || !ok || b.Info()&types.IsInteger == 0 || f.after || !f.twice(x.X) || f.unit.Cell == "" {
		return index
	}
	constant := f.info.Types[x.Index].Value != nil
	if _, array := f.typeOf(x.X).Underlying().(*types.Array); array && constant || f.within(x) {
		return index // go/types has checked it, or a loop does
	}
	if !f.plain(x.Index) {
		if f.maybe > 0 {
			return index
		}
		f.make(ast.Unparen(x.Index))
		index = f.intExpr(x.Index)
	}
	i := "int(" + index + ")"
	if b.Kind() == types.Int || constant {
		i = index
	}
	cond := fmt.Sprintf("%s >= len(%s)", i, base)
	if !f.counter(x.Index) && !constant {
		cond = i + " < 0 || " + cond
	}
	f.checkFirst(cond, fmt.Sprintf("%s.BadIndex(%s, len(%s))", f.L.nb(), i, base))
	return index
}

// checkFirst makes a call when a condition holds: before the statement, or as an
// operand before what may be skipped.
func (f *fn) checkFirst(cond, call string) {
	if f.maybe == 0 {
		f.line("if %s { %s }", cond, call)
		return
	}
	f.checks = append(f.checks, fmt.Sprintf("!((%s) && %s)", cond, call))
}

// makeParts makes what cannot be evaluated twice of a slice expression that is
// to be checked: not an array, which would be a copy.
func (f *fn) makeParts(x *ast.SliceExpr) {
	if f.after || f.maybe > 0 || f.unit.Cell == "" {
		return
	}
	switch f.typeOf(x.X).Underlying().(type) {
	case *types.Slice, *types.Basic:
	default:
		return
	}
	for _, p := range []ast.Expr{x.X, x.Low, x.High, x.Max} {
		if p != nil && !f.plain(p) {
			f.make(ast.Unparen(p))
		}
	}
}

func (f *fn) guardSlice(x *ast.SliceExpr, base, low, high, limit string) {
	if f.after || f.maybe > 0 {
		return
	}
	for _, p := range []ast.Expr{x.X, x.Low, x.High, x.Max} {
		if !f.plain(p) {
			return
		}
	}
	t := f.typeOf(x.X).Underlying()
	if _, ok := t.(*types.Pointer); ok {
		return
	}
	text, most := "false", "cap("+base+")"
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsString != 0 {
		text, most = "true", "len("+base+")"
	}
	if low == "" {
		low = "0"
	}
	if high == "" {
		high = "len(" + base + ")"
	}
	if limit == "" {
		limit = "-1"
	}
	f.line("%s.CheckSlice(int(%s), int(%s), int(%s), %s, %s, %t)", f.L.nb(), low, high, limit, most, text, x.High == nil)
}

// perhaps lowers what may not be evaluated, its checks before it.
func (f *fn) perhaps(lower func() string) string {
	f.maybe++
	checks := f.checks
	f.checks = nil
	text := lower()
	if len(f.checks) > 0 {
		text = "(" + strings.Join(append(f.checks, text), " && ") + ")"
	}
	f.checks = checks
	f.maybe--
	return text
}

// within tells of an index that a loop around it keeps in range.
func (f *fn) within(x *ast.IndexExpr) bool {
	i, ok := ast.Unparen(x.Index).(*ast.Ident)
	s, ok2 := ast.Unparen(x.X).(*ast.Ident)
	return ok && ok2 && f.ranged[f.object(i)] != nil && f.ranged[f.object(i)] == f.object(s)
}

// keeps notes that key stays an index of xs while body runs: both are local
// variables that nothing there changes.
func (f *fn) keeps(key, xs ast.Expr, body ...ast.Node) {
	k, ok := key.(*ast.Ident)
	s, ok2 := ast.Unparen(xs).(*ast.Ident)
	if !ok || !ok2 {
		return
	}
	ko, so := f.object(k), f.object(s)
	if f.names[so] == "" || ko == nil || f.whole == nil || f.changesInside(f.whole, so) || f.captured([]ast.Expr{k}, body...) {
		return
	}
	for _, b := range body {
		if b != nil && (f.changes(b, ko) || f.changes(b, so)) {
			return
		}
	}
	if f.ranged == nil {
		f.ranged = map[types.Object]types.Object{}
	}
	f.ranged[ko] = so
}

// changesInside tells whether literals in body may assign to o.
func (f *fn) changesInside(body ast.Node, o types.Object) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			found = found || f.changes(n, o)
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && f.changes(n, o)
		}
		return !found
	})
	return found
}

// changes tells whether body may assign to o; a literal elsewhere may only
// when it mentions it.
func (f *fn) changes(body ast.Node, o types.Object) (found bool) {
	is := func(e ast.Expr) {
		l, ok := ast.Unparen(e).(*ast.Ident)
		found = found || ok && f.object(l) == o
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				is(l)
			}
		case *ast.IncDecStmt:
			is(n.X)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				is(n.X)
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if e != nil {
					is(e)
				}
			}
		}
		return !found
	})
	return found
}
