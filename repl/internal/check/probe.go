package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"graft/repl/internal/split"
)

// Probe is what go/types knows of a piece of source that may be broken.
type Probe struct {
	Info   *types.Info
	Pkg    *types.Package
	Scope  *types.Scope // the innermost at the position asked for
	Pos    token.Pos
	Source string
	unit   *Unit
	parsed *split.Parsed
	roots  []ast.Node
}

// Probe checks source, whatever its errors, and finds the scope at a byte
// offset.
func (s *Session) Probe(source string, offset int) *Probe {
	p, _ := split.Parse(s.Fset, "probe", source)
	s.locals.begin()
	b := &builder{s: s, offset: p.Offset, path: "main", name: "main", decls: p.Decls, stmts: p.Stmts,
		added: map[string]string{}, shadow: map[string]string{}, values: map[ast.Node]bool{}, u: &Unit{Offset: p.Offset}}
	b.collect()
	b.detachMethods()
	for range 8 {
		b.check()
		if !b.mend() {
			break
		}
	}
	pr := &Probe{Info: b.u.Info, Pkg: b.u.Pkg, Source: source, parsed: p, unit: b.u}
	b.each(func(n ast.Node) { pr.roots = append(pr.roots, n) })
	pr.Pos = pr.at(offset)
	pr.Scope = b.u.Pkg.Scope()
	for n, sc := range b.u.Info.Scopes {
		if n.Pos().IsValid() && sc.Pos() <= pr.Pos && pr.Pos <= sc.End() && within(sc, pr.Scope) {
			if _, file := n.(*ast.File); !file {
				pr.Scope = sc
			}
		}
	}
	return pr
}

// within prefers the smaller scope.
func within(sc, old *types.Scope) bool {
	if !old.Pos().IsValid() {
		return true
	}
	return sc.Pos() >= old.Pos() && sc.End() <= old.End()
}

// at is the position of an offset: the token nearest before it decides which
// half of the cell it is in.
func (p *Probe) at(offset int) token.Pos {
	best, where := -1, token.NoPos
	for _, r := range p.roots {
		ast.Inspect(r, func(n ast.Node) bool {
			if n == nil || !n.Pos().IsValid() {
				return n != nil
			}
			if o := p.parsed.Offset(n.Pos()); o >= 0 && o <= offset && o >= best {
				best, where = o, n.Pos()+token.Pos(offset-o)
			}
			return true
		})
	}
	return where
}

// Offset is the byte offset of a position in the source, -1 when it is of
// another.
func (p *Probe) Offset(pos token.Pos) int { return p.parsed.Offset(pos) }

// Decls are the source's declarations.
func (p *Probe) Decls() []ast.Decl { return p.unit.Decls }

// Variables are the names that the source's top level declares.
func (p *Probe) Variables() []*ast.Ident {
	var out []*ast.Ident
	for _, st := range p.unit.Steps {
		if st.Spec != nil {
			out = append(out, st.Spec.Names...)
		}
	}
	return out
}

// FindAround returns the innermost node of type T around another.
func FindAround[T ast.Node](p *Probe, inner ast.Node) (found T, ok bool) {
	for _, r := range p.roots {
		var stack []ast.Node
		ast.Inspect(r, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			if n == inner {
				for _, s := range stack {
					if t, is := s.(T); is && !taken(s) {
						found, ok = t, true
					}
				}
			}
			stack = append(stack, n)
			return true
		})
	}
	return found, ok
}

// taken tells what stands for a liberty that was granted from what the user
// wrote.
func taken(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Ident:
		return strings.HasPrefix(n.Name, "takeꞏ")
	case *ast.CallExpr:
		return taken(n.Fun)
	}
	return false
}

// Find returns the innermost node of type T that covers an offset.
func Find[T ast.Node](p *Probe, offset int) (found T, ok bool) {
	for _, r := range p.roots {
		ast.Inspect(r, func(n ast.Node) bool {
			if n == nil || !n.Pos().IsValid() {
				return n != nil
			}
			from, to := p.parsed.Offset(n.Pos()), p.parsed.Offset(n.End())
			if from < 0 || from > offset || to < offset {
				return true
			}
			if t, is := n.(T); is && !taken(n) {
				found, ok = t, true
			}
			return true
		})
	}
	return found, ok
}
