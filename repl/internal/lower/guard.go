package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// The interpreter's own words for an index out of range have no numbers in
// them. Where it costs little, outside loops, a statement that indexes is
// preceded by a check that has. It may stand there only when nothing that has
// an effect comes before the index expression, and nothing decides whether it
// is evaluated at all.

// plain tells whether x can be evaluated twice, and early.
func (f *fn) plain(x ast.Expr) bool {
	if x == nil || f.info.Types[x].Value != nil {
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

func (f *fn) guarded(parts ...ast.Expr) bool {
	if f.after || f.maybe > 0 || f.loops > 0 {
		return false
	}
	for _, p := range parts {
		if !f.plain(p) {
			return false
		}
	}
	return true
}

func (f *fn) guardIndex(x *ast.IndexExpr, base, index string) {
	if _, ok := f.typeOf(x.X).Underlying().(*types.Pointer); ok || !f.guarded(x.X, x.Index) {
		return
	}
	if b, ok := f.typeOf(x.Index).Underlying().(*types.Basic); !ok || b.Info()&types.IsInteger == 0 {
		return
	}
	if _, array := f.typeOf(x.X).Underlying().(*types.Array); array && f.info.Types[x.Index].Value != nil {
		return // checked by go/types
	}
	f.line("if int(%s) < 0 || int(%s) >= len(%s) { %s.BadIndex(int(%s), len(%s)) }", index, index, base, f.L.nb(), index, base)
}

func (f *fn) guardSlice(x *ast.SliceExpr, base, low, high, limit string) {
	if !f.guarded(x.X, x.Low, x.High, x.Max) {
		return
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

// perhaps lowers what may not be evaluated.
func (f *fn) perhaps(lower func() string) string {
	f.maybe++
	defer func() { f.maybe-- }()
	return lower()
}
