package repl

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/command"
	"graft/repl/internal/nb"
)

// Complete lists what may stand at cursor, a byte offset into source: members
// after a dot, import paths inside an import, fields in a literal, commands
// and file names on a command's line, else names, packages and keywords;
// nothing inside strings and comments.
func (s *Session) Complete(source string, cursor int) Completion {
	cursor = min(max(cursor, 0), len(source))
	s.view.Lock()
	defer s.view.Unlock()
	text, cmd := s.onlyGo(source, cursor)
	start := cursor
	for start > 0 && identByte(source[start-1]) {
		start--
	}
	out := Completion{Start: start, End: cursor}
	if cmd != nil && (!timesGo(*cmd) || strings.TrimSpace(text[:cursor]) == "" && start > 0 && source[start-1] == '%') {
		return s.completeCommand(source, cursor, *cmd)
	}
	if c, ok := s.completeImport(text, cursor); ok {
		return c
	}
	if _, _, in := textAt(text, cursor); in || start < cursor && source[start] >= '0' && source[start] <= '9' {
		return out
	}
	l := &matches{prefix: source[start:cursor], seen: map[string]bool{}}
	p := s.probe(text[:start], placeholder, text[cursor:])
	if start > 0 && source[start-1] == '.' {
		s.members(l, p, start)
	} else {
		s.names(l, p, start)
	}
	out.Matches = l.sorted()
	return out
}

func timesGo(c command.Command) bool {
	return c.Name == "%time" || c.Name == "%timeit"
}

// matches collects what begins with a prefix, in whatever case.
type matches struct {
	prefix string
	list   []Match
	seen   map[string]bool
}

func (l *matches) add(m Match) {
	if l.wants(m.Text) {
		l.seen[m.Text] = true
		l.list = append(l.list, m)
	}
}

// object adds what an object is, which takes time to describe.
func (l *matches) object(o types.Object) {
	if l.wants(o.Name()) {
		l.add(match(o))
	}
}

func (l *matches) wants(text string) bool {
	n := len(l.prefix)
	return len(text) >= n && strings.EqualFold(text[:n], l.prefix) && !l.seen[text] && !strings.ContainsRune(text, 'ꞏ') && text != "_"
}

// sorted puts those in the case that the user wrote first.
func (l *matches) sorted() []Match {
	other := func(m Match) int {
		if strings.HasPrefix(m.Text, l.prefix) {
			return 0
		}
		return 1
	}
	slices.SortFunc(l.list, func(a, b Match) int { return cmp.Or(other(a)-other(b), strings.Compare(a.Text, b.Text)) })
	return l.list
}

// names adds what a name at the cursor can mean.
func (s *Session) names(l *matches, p *check.Probe, start int) {
	for _, f := range unsetFields(p, start) {
		l.object(f)
	}
	for sc := p.Scope; sc != nil && sc != types.Universe; sc = sc.Parent() {
		for _, n := range sc.Names() {
			if o := sc.Lookup(n); o.Parent() != sc || sc == p.Pkg.Scope() || o.Pos() <= p.Pos {
				l.object(o)
			}
		}
	}
	for _, n := range s.checker.Names() {
		l.object(s.checker.Lookup(n))
	}
	for n, path := range s.checker.Imports() {
		l.add(Match{Text: n, Kind: "module", Signature: strings.TrimPrefix(path, nb.LocalPrefix)})
	}
	if l.prefix == "" {
		return
	}
	for n, p := range s.checker.Known {
		l.add(Match{Text: n, Kind: "module", Signature: p})
	}
	for _, n := range types.Universe.Names() {
		l.object(types.Universe.Lookup(n))
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		l.add(Match{Text: t.String(), Kind: "keyword"})
	}
}

// unsetFields are the fields that a struct literal around the cursor may name
// there.
func unsetFields(p *check.Probe, start int) []*types.Var {
	lit, ok := check.Find[*ast.CompositeLit](p, start)
	if !ok {
		return nil
	}
	st := structOf(p.Info.TypeOf(lit))
	if st == nil {
		return nil
	}
	set, here := map[string]bool{}, len(lit.Elts) == 0
	for _, e := range lit.Elts {
		switch e := e.(type) {
		case *ast.KeyValueExpr:
			if id, ok := e.Key.(*ast.Ident); ok {
				set[id.Name] = true
				here = here || strings.HasPrefix(id.Name, placeholder)
			}
		case *ast.Ident:
			here = here || strings.HasPrefix(e.Name, placeholder)
		}
	}
	var out []*types.Var
	for i := range st.NumFields() {
		if f := st.Field(i); here && !set[f.Name()] && reachable(f) {
			out = append(out, f)
		}
	}
	return out
}

func structOf(t types.Type) *types.Struct {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, _ := t.Underlying().(*types.Struct)
	return st
}

// reachable tells whether a cell may name a field or method.
func reachable(o types.Object) bool {
	return o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main"
}

// members adds what may follow the dot before start.
func (s *Session) members(l *matches, p *check.Probe, start int) {
	sel, ok := check.Find[*ast.SelectorExpr](p, start)
	if !ok {
		return
	}
	if id, ok := sel.X.(*ast.Ident); ok {
		if pn, ok := p.Info.Uses[id].(*types.PkgName); ok {
			for _, n := range pn.Imported().Scope().Names() {
				if token.IsExported(n) {
					l.object(pn.Imported().Scope().Lookup(n))
				}
			}
			return
		}
	}
	tv := p.Info.Types[sel.X]
	t := tv.Type
	if t == nil || t == types.Typ[types.Invalid] {
		return
	}
	if tu, ok := t.(*types.Tuple); ok && tu.Len() > 0 {
		t = tu.At(0).Type() // the error is taken
	}
	for _, o := range check.Members(t) {
		if _, field := o.(*types.Var); reachable(o) && !(tv.IsType() && field) {
			l.object(o)
		}
	}
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
	l := &matches{prefix: prefix, seen: map[string]bool{}}
	for _, p := range s.opt.Packages {
		l.add(Match{Text: p, Kind: "module"})
	}
	if strings.HasPrefix(prefix, ".") {
		for _, dir := range files(prefix, true) {
			if found, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(found) > 0 {
				l.add(Match{Text: strings.TrimSuffix(dir, "/"), Kind: "module"})
			} else {
				l.add(Match{Text: dir, Kind: "module"})
			}
		}
	}
	return Completion{Start: cursor - len(prefix), End: cursor, Matches: l.sorted()}, true
}

// files lists what lies in the folder that a path begins with, folders with a
// slash at the end.
func files(prefix string, folders bool) []string {
	dir, _ := path.Split(prefix)
	entries, err := os.ReadDir(cmp.Or(filepath.FromSlash(dir), "."))
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		hidden := strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(path.Base(prefix), ".")
		if err != nil || hidden || folders && !info.IsDir() {
			continue
		}
		name := dir + e.Name()
		if info.IsDir() {
			name += "/"
		}
		out = append(out, name)
	}
	return out
}

// takesFile are the commands whose argument is a file's or a folder's name.
var takesFile = map[string]bool{"%cd": true, "%load": true, "%%writefile": true, "!": true}

// completeCommand completes a command's name, a file's or a variable's of the
// environment.
func (s *Session) completeCommand(source string, cursor int, c command.Command) Completion {
	line := source[lineStart(source, c.Line):cursor]
	word := line[strings.LastIndexAny(line, " \t\"=!")+1:]
	l := &matches{prefix: word, seen: map[string]bool{}}
	first := strings.TrimLeft(line, " \t") == word
	switch {
	case first && c.Name != "!":
		for _, d := range commands() {
			if strings.HasPrefix(d.name, "%") {
				l.add(Match{Text: d.name, Kind: "keyword", Signature: d.help})
			}
		}
	case takesFile[c.Name]:
		for _, f := range files(word, c.Name == "%cd") {
			l.add(Match{Text: f, Kind: "path"})
		}
	case c.Name == "%env":
		for _, e := range os.Environ() {
			name, _, _ := strings.Cut(e, "=")
			l.add(Match{Text: name, Kind: "variable"})
		}
	}
	return Completion{Start: cursor - len(word), End: cursor, Matches: l.sorted()}
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
		m.Kind, m.Signature = "module", strings.TrimPrefix(o.Imported().Path(), nb.LocalPrefix)
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
