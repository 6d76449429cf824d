package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"graft/repl/internal/nb"
)

// Place is where a mark stands.
type Place struct {
	Cell, Source string // name and text of the cell
	Offset       int    // byte of the cell
	Func         string // emitted name of the function it stands in
}

// Place finds a mark, ok is false for a number that is none.
func (L *Lowerer) Place(mark int) (Place, bool) {
	if mark <= 0 || mark > len(L.places) {
		return Place{}, false
	}
	return L.places[mark-1], true
}

// Func is the name a user knows an emitted function by, and where it is
// declared; "" for what is not a cell's function.
func (L *Lowerer) Func(emitted string) (string, Place) {
	src := L.emitted[emitted]
	if src == nil || src.unit.Cell == "" {
		return "", Place{}
	}
	name := src.obj.Name()
	if r := src.obj.Signature().Recv(); r != nil {
		name = recvName(r.Type()) + "." + name
	}
	cell, source, off := src.unit.Place(src.decl.Pos())
	return name, Place{Cell: cell, Source: source, Offset: off}
}

// note notes a place that may panic next, for the line that an error shows.
func (f *fn) note(pos token.Pos) {
	if !f.marks() || !pos.IsValid() {
		return // goroutines share the mark
	}
	n := f.placeAt(pos)
	if n > 0 && (f.own == "" || f.ownOuter) {
		f.line("%s = %d", nb.LineMark, n)
	}
	if n > 0 && f.own != "" {
		f.line("*%s = %d", f.own, n)
	}
}

// marks tells whether places are noted.
func (f *fn) marks() bool { return !raceEnabled && f.unit != nil && f.unit.Cell != "" }

// placeAt is a new number for a position, 0 for one outside the cell.
func (f *fn) placeAt(pos token.Pos) int {
	cell, source, off := f.unit.Place(pos)
	if off < 0 {
		return 0
	}
	name := ""
	if f.inst != nil {
		name = f.inst.name
	}
	f.L.places = append(f.L.places, Place{cell, source, off, name})
	return len(f.L.places)
}

// risk is the first place in expressions that may panic, but for what was
// evaluated before.
func (f *fn) risk(xs ...ast.Expr) token.Pos {
	pos := token.NoPos
	for _, x := range xs {
		f.visit(x, func(n ast.Expr) {
			if pos.IsValid() {
				return
			}
			pos = f.riskOf(n)
			if b, ok := n.(*ast.BinaryExpr); ok && !pos.IsValid() && (b.Op == token.LAND || b.Op == token.LOR) {
				pos = f.risk(b.Y)
			}
		})
	}
	return pos
}

// ready puts code before a statement that evaluates xs, so that a panic in
// them finds its place noted: a note; and where calls move it before something
// else may panic, or that is in another line, the calls, in Go's order, and
// another note. A call that is all of xs stays where it is.
func (f *fn) ready(xs ...ast.Expr) { f.readyFor(token.NoPos, xs...) }

// readyFor is ready for a statement that may panic itself at last, when it
// has evaluated xs.
func (f *fn) readyFor(last token.Pos, xs ...ast.Expr) {
	f.after = false
	if f.unit == nil || f.unit.Cell == "" {
		return
	}
	first := f.risk(xs...)
	if !first.IsValid() {
		first = last
	}
	if !f.needed(last, xs...) {
		f.note(first)
		return
	}
	var root ast.Expr
	if len(xs) == 1 && !last.IsValid() {
		root = ast.Unparen(xs[0])
	}
	for _, x := range xs {
		f.makeIn(x, root)
	}
	rest := f.risk(xs...)
	if !rest.IsValid() {
		rest = last
	}
	f.note(rest)
}

// needed tells whether one note is not enough.
func (f *fn) needed(last token.Pos, xs ...ast.Expr) bool {
	moved, more, line := false, false, 0
	event := func(pos token.Pos) {
		if !pos.IsValid() {
			return
		}
		l := f.lineOf(pos)
		more = more || moved || line > 0 && l != line
		line = l
	}
	for i, x := range xs {
		if i > 0 && f.callsIn(x) { // what comes before is read after it
			more = more || slices.ContainsFunc(xs[:i], f.reads)
		}
		early := f.early(x)
		var passed []ast.Expr // their place among calls matters
		f.visit(x, func(n ast.Expr) {
			event(f.riskOf(n))
			if c, ok := n.(*ast.CallExpr); ok && f.moves(c) {
				moved = true
				more = more || slices.ContainsFunc(passed, func(p ast.Expr) bool { return p.Pos() < c.Pos() || p.End() > c.End() })
			}
			if early[n] || f.computes(n) {
				passed = append(passed, n)
			}
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.LAND || n.Op == token.LOR {
					event(f.risk(n.Y))
					more = more || f.needed(token.NoPos, n.Y)
					moved = moved || f.callsIn(n.Y)
				}
			}
		})
	}
	event(last)
	return more
}

// parts are what a statement, or an expression, evaluates itself, not in its
// blocks, in order, and where it may panic at last.
func (f *fn) parts(n ast.Node) (xs []ast.Expr, last token.Pos) {
	switch n := n.(type) {
	case ast.Expr:
		return []ast.Expr{n}, token.NoPos
	case *ast.ExprStmt:
		return []ast.Expr{n.X}, token.NoPos
	case *ast.ReturnStmt:
		return n.Results, token.NoPos
	case *ast.DeferStmt:
		return f.operands(n.Call), token.NoPos
	case *ast.GoStmt:
		return f.operands(n.Call), token.NoPos
	case *ast.IncDecStmt:
		return f.operands(n.X), f.riskOf(n.X)
	case *ast.SendStmt:
		return []ast.Expr{n.Chan, n.Value}, f.near(n.Chan, n.Arrow)
	case *ast.DeclStmt:
		if g, ok := n.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				xs = append(xs, sp.(*ast.ValueSpec).Values...)
			}
		}
	case *ast.RangeStmt:
		if _, ptr := f.typeOf(n.X).Underlying().(*types.Pointer); ptr && used(n.Value) {
			last = n.Pos()
		}
		return []ast.Expr{n.X}, last
	case *ast.AssignStmt:
		return f.assignParts(n)
	case *ast.SelectStmt:
		return f.selectParts(n)
	}
	return xs, last
}

func (f *fn) assignParts(s *ast.AssignStmt) (xs []ast.Expr, last token.Pos) {
	for _, l := range s.Lhs {
		l = ast.Unparen(l)
		if _, ok := l.(*ast.Ident); ok {
			continue
		}
		xs = append(xs, f.operands(l)...)
		if pos := f.riskOf(l); !last.IsValid() {
			last = pos
		}
	}
	if (s.Tok == token.QUO_ASSIGN || s.Tok == token.REM_ASSIGN) && f.info.Types[s.Rhs[0]].Value == nil && !last.IsValid() {
		last = f.near(s.Lhs[0], s.TokPos)
	}
	return append(xs, s.Rhs...), last
}

func (f *fn) selectParts(s *ast.SelectStmt) (xs []ast.Expr, last token.Pos) {
	for _, c := range s.Body.List {
		switch st := c.(*ast.CommClause).Comm.(type) {
		case nil:
		case *ast.SendStmt:
			xs, last = append(xs, st.Chan, st.Value), s.Pos()
		default:
			xs = append(xs, receiveOf(st).X)
		}
	}
	return xs, last
}

// reads tells of an expression that it is no constant.
func (f *fn) reads(x ast.Expr) bool {
	tv := f.info.Types[x]
	_, lit := ast.Unparen(x).(*ast.FuncLit)
	return !lit && tv.Value == nil && !tv.IsNil()
}

// callsIn tells whether x may run cells' functions.
func (f *fn) callsIn(x ast.Expr) (found bool) {
	f.visit(x, func(n ast.Expr) {
		if c, ok := n.(*ast.CallExpr); ok {
			found = found || f.moves(c)
		}
		if b, ok := n.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
			found = found || f.callsIn(b.Y)
		}
	})
	return found
}

// makeIn evaluates, into variables, the parts of x that a statement must not
// leave to the end: calls, receives, what && and || may skip, and operands
// that may panic in lines of their own.
func (f *fn) makeIn(x, root ast.Expr) {
	var calls []ast.Expr
	early := f.early(x)
	f.visit(x, func(n ast.Expr) {
		if n != root && (early[n] || f.effect(n)) {
			calls = append(calls, n)
		}
	})
	for _, n := range calls {
		f.lines(n)
		f.make(n)
	}
	f.lines(x)
}

// effect tells of an expression that its place among others matters.
func (f *fn) effect(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.CallExpr:
		tv := f.info.Types[x.Fun]
		_, tuple := f.typeOf(x).(*types.Tuple)
		return !tv.IsType() && !tuple && (!tv.IsBuiltin() || f.counts(x))
	case *ast.TypeAssertExpr:
		_, tuple := f.typeOf(x).(*types.Tuple)
		return x.Type != nil && !tuple
	case *ast.UnaryExpr:
		_, tuple := f.typeOf(x).(*types.Tuple)
		return x.Op == token.ARROW && !tuple
	case *ast.BinaryExpr:
		return (x.Op == token.LAND || x.Op == token.LOR) && (f.risk(x.Y).IsValid() || f.callsIn(x.Y))
	}
	return false
}

// counts tells of len and cap that their place matters: of a map or channel.
func (f *fn) counts(x *ast.CallExpr) bool {
	if len(x.Args) != 1 {
		return false
	}
	switch f.typeOf(x.Args[0]).Underlying().(type) {
	case *types.Map, *types.Chan:
		_, basic := f.typeOf(x).Underlying().(*types.Basic)
		return basic
	}
	return false
}

// make evaluates x now.
func (f *fn) make(x ast.Expr) {
	if b, ok := x.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
		f.makeEither(b)
		return
	}
	f.note(f.risk(x))
	t := types.Default(f.typeOf(x))
	v, text := f.fresh("t"), f.exprTo(x, t)
	f.line("%s := %s", v, text)
	f.keepMade(x, v)
}

func (f *fn) keepMade(x ast.Expr, v string) {
	f.after = false
	if f.made == nil {
		f.made = map[ast.Expr]string{}
	}
	f.made[x] = v
}

// makeEither evaluates && and || as the statements that they are.
func (f *fn) makeEither(x *ast.BinaryExpr) {
	t := types.Default(f.typeOf(x))
	v, not := f.fresh("t"), ""
	if x.Op == token.LOR {
		not = "!"
	}
	f.note(f.risk(x.X))
	f.line("%s := %s", v, f.exprTo(x.X, t))
	f.line("if %s%s {", not, v)
	f.ready(x.Y)
	f.line("%s = %s\n}", v, f.exprTo(x.Y, t))
	f.keepMade(x, v)
}

// lines evaluates operands of x that may panic in another line than what
// comes before them; values only, whose place in memory nobody wants.
func (f *fn) lines(x ast.Expr) {
	x = ast.Unparen(x)
	if f.made[x] != "" || f.oneLine(x) {
		return
	}
	ops := f.operands(x)
	for _, e := range ops {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		if e == nil || f.info.Types[e].Value != nil || f.made[e] != "" {
			continue
		}
		f.lines(e)
		if f.risk(e).IsValid() && f.byValue(x, e) {
			f.make(ast.Unparen(e))
		}
	}
}

// oneLine tells whether all of x that may panic is in one line.
func (f *fn) oneLine(x ast.Expr) bool {
	line, one := 0, true
	f.visit(x, func(n ast.Expr) {
		if pos := f.riskOf(n); pos.IsValid() {
			l := f.lineOf(pos)
			one = one && (line == 0 || line == l)
			line = l
		}
	})
	return one
}

// byValue tells whether x takes the value of its operand e.
func (f *fn) byValue(x, e ast.Expr) bool {
	if _, ok := f.typeOf(e).(*types.Tuple); ok {
		return false
	}
	if lit, ok := ast.Unparen(e).(*ast.CompositeLit); ok && lit.Type == nil {
		return false // its type is x's
	}
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return true
	case *ast.CompositeLit:
		return true
	case *ast.SelectorExpr:
		_, ptr := f.typeOf(e).Underlying().(*types.Pointer)
		return ptr
	case *ast.CallExpr:
		for _, a := range x.Args {
			if a == e {
				return !f.info.Types[x.Fun].IsBuiltin()
			}
		}
	}
	return false
}
