package repl

import (
	"go/scanner"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// whatIsNil says which of the session's variables that a panic's line, or else
// its cell, names are nil; "" if none is, or the panic is another. Most often they are of a
// cell that an error stopped, and whoever went on meets this panic.
func (r *runner) whatIsNil(panicked string, line int) string {
	if !strings.Contains(panicked, "nil pointer dereference") || line == 0 {
		return ""
	}
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	lines := strings.Split(r.cell.Source, "\n")
	if r.s.era != r.era || line > len(lines) {
		return ""
	}
	other := func(name string) bool { return !r.s.isNil(name) }
	names := slices.DeleteFunc(namesIn(lines[line-1]), other)
	if len(names) == 0 { // the line is where a statement begins
		names = slices.DeleteFunc(namesIn(r.cell.Source), other)
	}
	if len(names) == 0 {
		return ""
	}
	return "; " + strings.Join(names, " and ") + map[bool]string{true: " is", false: " are"}[len(names) == 1] + " nil: did an error stop the cell that makes it?"
}

// isNil reports whether a session's variable is a pointer, or an interface,
// that holds nothing.
func (s *Session) isNil(name string) bool {
	o, ok := s.checker.Lookup(name).(*types.Var)
	if !ok {
		return false
	}
	v, ok := s.back.Global(s.low.Global(o))
	if !ok || !v.IsValid() {
		return false
	}
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil()
}

// namesIn are the names in a piece of Go that no other name qualifies, each
// once.
func namesIn(code string) (names []string) {
	var sc scanner.Scanner
	fs := token.NewFileSet()
	sc.Init(fs.AddFile("", fs.Base(), len(code)), []byte(code), func(token.Position, string) {}, 0)
	for before := token.ILLEGAL; ; {
		_, tok, text := sc.Scan()
		if tok == token.EOF {
			return names
		}
		if tok == token.IDENT && before != token.PERIOD && !slices.Contains(names, text) {
			names = append(names, text)
		}
		before = tok
	}
}
