package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// go/types sees the variables of a cell as a package's, which may be used
// before they are declared. Statements run in their order: there a use before
// the declaration is an error, as in a function. Var declarations that follow
// one another are initialized in the order of a package's.

// varDecl makes steps of the variables of a declaration.
func (b *builder) varDecl(g *ast.GenDecl) {
	run := 1
	if n := len(b.u.Steps); n > 0 {
		last := b.u.Steps[n-1].run
		if run = last; last == 0 {
			run = n + 1
		}
	}
	for _, sp := range g.Specs {
		for _, one := range apart(sp.(*ast.ValueSpec)) {
			n := len(b.u.Steps)
			b.spec(one)
			for i := n; i < len(b.u.Steps); i++ {
				b.u.Steps[i].run = run
			}
		}
	}
}

// apart is a spec as one for every value, which are initialized one by one.
func apart(spec *ast.ValueSpec) []*ast.ValueSpec {
	if len(spec.Values) < 2 || len(spec.Values) != len(spec.Names) {
		return []*ast.ValueSpec{spec}
	}
	var out []*ast.ValueSpec
	for i, id := range spec.Names {
		out = append(out, &ast.ValueSpec{Names: []*ast.Ident{id}, Type: spec.Type, Values: spec.Values[i : i+1]})
	}
	return out
}

// inVarDecl tells whether a position is in a var declaration.
func (b *builder) inVarDecl(pos token.Pos) bool {
	for _, st := range b.u.Steps {
		if st.run > 0 && st.Spec.Pos() <= pos && pos < st.Spec.End() {
			return true
		}
	}
	return false
}

func (b *builder) inConstDecl(pos token.Pos) bool {
	for _, d := range b.u.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST && g.Pos() <= pos && pos < g.End() {
			return true
		}
	}
	return false
}

// early are the errors of variables that a statement uses before a later one
// declares them, or that it declares itself.
func (b *builder) early() []Diagnostic {
	declared := map[types.Object]int{}
	for i, st := range b.u.Steps {
		if st.Spec == nil {
			continue
		}
		for _, id := range st.Spec.Names {
			if o := b.u.Info.Defs[id]; o != nil {
				declared[o] = i
			}
		}
	}
	var out []Diagnostic
	for i, st := range b.u.Steps {
		ast.Inspect(st.node(), func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			at, ok := declared[b.u.Info.Uses[id]]
			if ok && at >= i && (st.run == 0 || st.run != b.u.Steps[at].run) && (st.Spec != nil || at > i) {
				out = append(out, Diagnostic{Offset: b.offset(id.Pos()), Msg: "undefined: " + id.Name})
			}
			return true
		})
	}
	return out
}

// node is the step's own syntax.
func (s Step) node() ast.Node {
	if s.Spec != nil {
		return s.Spec
	}
	return s.Stmt
}

// order puts the variables of every run of declarations into the order of
// their initialization.
func (b *builder) order() {
	at := map[types.Object]int{}
	for i, init := range b.u.Info.InitOrder {
		for _, v := range init.Lhs {
			at[v] = i + 1
		}
	}
	steps := b.u.Steps
	for from := 0; from < len(steps); {
		to := from + 1
		for to < len(steps) && steps[from].run > 0 && steps[to].run == steps[from].run {
			to++
		}
		slices.SortStableFunc(steps[from:to], func(x, y Step) int { return b.turn(x, at) - b.turn(y, at) })
		from = to
	}
}

// turn is when a step's variables are initialized, 0 for those that are not.
func (b *builder) turn(s Step, at map[types.Object]int) int {
	if s.Spec != nil {
		for _, id := range s.Spec.Names {
			if n := at[b.u.Info.Defs[id]]; n > 0 {
				return n
			}
		}
	}
	return 0
}
