package lower

import (
	"go/ast"
	"go/token"
	"go/types"

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

// mark notes the place of what may panic in a statement, for the line that an
// error shows.
func (f *fn) mark(nodes ...ast.Node) {
	if raceEnabled {
		return // goroutines share the mark
	}
	if n := f.place(nodes...); n > 0 {
		f.line("%s = %d", nb.LineMark, n)
	}
}

// place is a new number for the place of what may panic in a statement, 0
// when nothing may.
func (f *fn) place(nodes ...ast.Node) int {
	if f.unit == nil || f.unit.Cell == "" {
		return 0
	}
	for _, n := range nodes {
		pos := f.risk(n)
		if !pos.IsValid() {
			continue
		}
		return f.placeAt(pos)
	}
	return 0
}

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

// risk is the first place in a statement's own expressions that may panic.
func (f *fn) risk(n ast.Node) token.Pos {
	pos := token.NoPos
	if n == nil {
		return pos
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if pos.IsValid() {
			return false
		}
		switch n := n.(type) {
		case *ast.FuncLit, *ast.BlockStmt, *ast.CompositeLit:
			_, lit := n.(*ast.CompositeLit)
			return lit
		case *ast.IndexExpr:
			if f.info.Types[n.X].IsValue() {
				pos = n.X.Pos()
			}
		case *ast.SliceExpr:
			pos = n.X.Pos()
		case *ast.StarExpr:
			if f.info.Types[n].IsValue() {
				pos = n.Pos()
			}
		case *ast.TypeAssertExpr:
			if n.Type != nil {
				pos = n.X.Pos()
			}
		case *ast.BinaryExpr:
			if (n.Op == token.QUO || n.Op == token.REM) && f.info.Types[n.Y].Value == nil {
				pos = n.X.Pos()
			}
		case *ast.SelectorExpr:
			if s := f.info.Selections[n]; s != nil && s.Kind() == types.FieldVal {
				if _, ptr := s.Recv().Underlying().(*types.Pointer); ptr {
					pos = n.X.Pos()
				}
			}
		case *ast.CallExpr:
			if !f.info.Types[n.Fun].IsType() && !f.harmless(n) {
				pos = n.Pos()
			}
		}
		return !pos.IsValid()
	})
	return pos
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
	return false
}

func recvType(o *types.Func) types.Type {
	if r := o.Signature().Recv(); r != nil {
		return r.Type()
	}
	return types.Typ[types.Invalid]
}

// markStmt marks a statement by what it evaluates itself, not in its blocks.
func (f *fn) markStmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt, *ast.AssignStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.ReturnStmt, *ast.DeclStmt, *ast.DeferStmt, *ast.GoStmt:
		f.mark(s)
	case *ast.IfStmt:
		f.mark(s.Cond)
	case *ast.SwitchStmt:
		if s.Tag != nil {
			f.mark(s.Tag)
		}
	case *ast.TypeSwitchStmt:
		f.mark(s.Assign)
	case *ast.RangeStmt:
		f.mark(s.X)
	case *ast.ForStmt:
		if s.Cond != nil {
			f.mark(s.Cond)
		}
	}
}
