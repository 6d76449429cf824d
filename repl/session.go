package repl

import (
	"context"
	"fmt"
	"go/token"
	"path"
	"reflect"
	"strings"
	"sync"

	"graft/repl/internal/check"
	"graft/repl/internal/lower"
	"graft/repl/internal/nb"
)

// Session evaluates cells in this process. It is an Engine. A process holds
// one live Session: host.Install has one slot.
type Session struct {
	opt     Options
	fset    *token.FileSet
	checker *check.Session
	rt      *nb.Runtime
	low     *lower.Lowerer
	back    Backend
	symbols Exports

	mu       sync.Mutex // one cell at a time
	view     sync.Mutex // guards checker between cells and completion
	stopping sync.Mutex // guards stops
	stops    int        // interrupted runs that still have goroutines

	stdout nb.Writer
	trace  func(lowered string) // for tests
	docs   map[string]string    // comments of names declared in cells
}

// Backend runs lowered code. It is the interpreter's side of a session.
type Backend interface {
	// Compile makes a lowered file known.
	Compile(source string) error
	// Run calls a function by name and returns at its end or ctx's; resume
	// lets code of earlier cells run again once the function has ended.
	Run(ctx context.Context, name string) (resume func(), err error)
	// SetStop raises or lowers the flag that lowered loops look at.
	SetStop(on bool)
	// Global returns a variable, addressable.
	Global(name string) (reflect.Value, bool)
}

// NewSession starts a session. It fails when the interpreter does not accept
// the symbols or fails its self-test.
func NewSession(opt Options) (*Session, error) {
	s := &Session{opt: opt.withDefaults(), fset: token.NewFileSet(), docs: map[string]string{}}
	imp := s.opt.Importer
	if imp == nil {
		imp = defaultImporter(s.fset)
	}
	s.symbols = s.opt.Symbols()
	s.rt = nb.NewRuntime(s.symbol)
	merged := make(Exports, len(s.symbols)+1)
	for k, v := range s.symbols {
		merged[k] = v
	}
	merged["graft/nb/nb"] = s.rt.Exports()
	s.stdout = nb.Writer{RT: s.rt, Stream: "stdout"}
	back, err := newBackend(merged, s.stdout, nb.Writer{RT: s.rt, Stream: "trace"})
	if err != nil {
		return nil, fmt.Errorf("repl: %w", err)
	}
	s.back = back
	s.low = lower.New(s.rt, &lower.Library{Fset: s.fset, Importer: imp})
	s.checker = check.NewSession(s.fset, imp, known(s.opt.Packages))
	return s, nil
}

// symbol looks up a compiled symbol.
func (s *Session) symbol(pkg, name string) (reflect.Value, bool) {
	v, ok := s.symbols[pkg+"/"+path.Base(pkg)][name]
	if !ok {
		for k, m := range s.symbols {
			if path.Dir(k) == pkg {
				v, ok = m[name]
				return v, ok
			}
		}
	}
	return v, ok
}

// preferred settles which package a bare name means when several have it.
var preferred = map[string]string{
	"rand": "math/rand", "template": "text/template", "scanner": "text/scanner", "pprof": "runtime/pprof",
	"plot": "gonum.org/v1/plot", "tensor": "gorgonia.org/tensor", "draw": "image/draw", "color": "image/color", "trace": "runtime/trace",
}

// known maps package names to the import path that a missing import means.
func known(paths []string) map[string]string {
	out := map[string]string{}
	for _, p := range paths {
		if strings.Contains(p, "internal") || p == "C" || p == "unsafe" {
			continue
		}
		n := path.Base(p)
		if len(n) > 1 && n[0] == 'v' && n[1] >= '0' && n[1] <= '9' {
			n = path.Base(path.Dir(p))
		}
		old, ok := out[n]
		if !ok || better(p, old) {
			out[n] = p
		}
	}
	for n, p := range preferred {
		if out[n] != "" {
			for _, q := range paths {
				if q == p {
					out[n] = p
				}
			}
		}
	}
	return out
}

// better prefers Go's own packages, then graft's, then the shorter path.
func better(p, old string) bool {
	rank := func(s string) int {
		switch {
		case strings.HasPrefix(s, "graft/"):
			return 1
		case strings.Contains(strings.Split(s, "/")[0], "."):
			return 2
		}
		return 0
	}
	if rank(p) != rank(old) {
		return rank(p) < rank(old)
	}
	return len(p) < len(old)
}

// Close ends the session.
func (s *Session) Close() error { return nil }

var _ Engine = (*Session)(nil)
