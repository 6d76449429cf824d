package repl

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"graft/repl/internal/check"
)

// placeholder stands at the cursor, so that `x.` parses.
const placeholder = "zzꞏcursor"

// Complete lists what may stand at cursor, a byte offset into source: members
// after a dot, import paths inside an import, else names, packages and
// keywords.
func (s *Session) Complete(source string, cursor int) Completion {
	cursor = min(max(cursor, 0), len(source))
	start := cursor
	for start > 0 && identByte(source[start-1]) {
		start--
	}
	prefix := source[start:cursor]
	out := Completion{Start: start, End: cursor}
	if c, ok := s.completeImport(source, cursor); ok {
		return c
	}
	s.view.Lock()
	defer s.view.Unlock()
	if start > 0 && source[start-1] == '.' {
		out.Matches = s.members(source, start, cursor, prefix)
		return out
	}
	p := s.checker.Probe(source[:start]+placeholder+source[cursor:], start)
	seen := map[string]bool{}
	add := func(m Match) {
		if strings.HasPrefix(m.Text, prefix) && !seen[m.Text] && !strings.ContainsRune(m.Text, 'ꞏ') && m.Text != "_" {
			seen[m.Text] = true
			out.Matches = append(out.Matches, m)
		}
	}
	for sc := p.Scope; sc != nil && sc != types.Universe; sc = sc.Parent() {
		for _, n := range sc.Names() {
			if o := sc.Lookup(n); o.Parent() != sc || sc == p.Pkg.Scope() || o.Pos() <= p.Pos {
				add(match(o))
			}
		}
	}
	for _, n := range s.checker.Names() {
		add(match(s.checker.Lookup(n)))
	}
	for n := range s.checker.Imports() {
		add(Match{Text: n, Kind: "module"})
	}
	if prefix != "" {
		for n, p := range s.checker.Known {
			add(Match{Text: n, Kind: "module", Signature: p})
		}
		for _, n := range types.Universe.Names() {
			add(match(types.Universe.Lookup(n)))
		}
		for t := token.BREAK; t <= token.VAR; t++ {
			add(Match{Text: t.String(), Kind: "keyword"})
		}
	}
	sortMatches(out.Matches)
	return out
}

func sortMatches(m []Match) {
	slices.SortFunc(m, func(a, b Match) int { return strings.Compare(a.Text, b.Text) })
}

func identByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// completeImport completes a path inside the quotes of an import.
func (s *Session) completeImport(source string, cursor int) (Completion, bool) {
	line := source[strings.LastIndexByte(source[:cursor], '\n')+1 : cursor]
	q := strings.LastIndexByte(line, '"')
	if q < 0 || strings.Count(line, `"`)%2 == 0 {
		return Completion{}, false
	}
	head := strings.TrimSpace(line[:q])
	inBlock := strings.LastIndex(source[:cursor], "import (") > strings.LastIndexByte(source[:cursor], ')')
	if !strings.HasPrefix(head, "import") && !inBlock {
		return Completion{}, false
	}
	prefix := line[q+1:]
	out := Completion{Start: cursor - len(prefix), End: cursor}
	for _, p := range s.opt.Packages {
		if strings.HasPrefix(p, prefix) {
			out.Matches = append(out.Matches, Match{Text: p, Kind: "module"})
		}
	}
	sortMatches(out.Matches)
	return out, true
}

// members completes after a dot.
func (s *Session) members(source string, start, cursor int, prefix string) []Match {
	p := s.checker.Probe(source[:start]+placeholder+source[cursor:], start)
	sel, ok := check.Find[*ast.SelectorExpr](p, start)
	if !ok {
		return nil
	}
	var out []Match
	add := func(m Match) {
		if strings.HasPrefix(m.Text, prefix) {
			out = append(out, m)
		}
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if pn, ok := p.Info.Uses[id].(*types.PkgName); ok {
			for _, n := range pn.Imported().Scope().Names() {
				if token.IsExported(n) {
					add(match(pn.Imported().Scope().Lookup(n)))
				}
			}
			return out
		}
	}
	t := p.Info.TypeOf(sel.X)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil
	}
	if tu, ok := t.(*types.Tuple); ok && tu.Len() > 0 {
		t = tu.At(0).Type()
	}
	for _, o := range check.Members(t) {
		if o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main" {
			add(match(o))
		}
	}
	sortMatches(out)
	return out
}

// match describes an object in a list of completions.
func match(o types.Object) Match {
	m := Match{Text: o.Name(), Kind: "variable", Signature: typeText(o.Type())}
	switch o := o.(type) {
	case *types.Func:
		m.Kind = "function"
		if o.Signature().Recv() != nil {
			m.Kind = "method"
		}
		m.Signature = strings.TrimPrefix(m.Signature, "func")
	case *types.TypeName:
		m.Kind = "type"
		m.Signature = typeText(o.Type().Underlying())
	case *types.Const:
		m.Kind = "constant"
	case *types.PkgName:
		m.Kind, m.Signature = "module", o.Imported().Path()
	case *types.Builtin:
		m.Kind, m.Signature = "function", ""
	case *types.Var:
		if o.IsField() {
			m.Kind = "field"
		}
	}
	return m
}

func typeText(t types.Type) string {
	if t == nil {
		return ""
	}
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return path.Base(p.Name())
	})
}
