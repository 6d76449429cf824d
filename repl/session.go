package repl

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"path"
	"reflect"
	"sync"

	"graft/repl/internal/check"
	"graft/repl/internal/lower"
	"graft/repl/internal/nb"
)

// Session evaluates cells in this process. It is an Engine. A process holds
// one live Session: host.Install has one slot.
type Session struct {
	opt      Options
	fset     *token.FileSet
	checker  *check.Session
	rt       *nb.Runtime
	low      *lower.Lowerer
	back     Backend
	symbols  Exports
	exports  Exports // symbols, and what lowered code calls
	importer types.Importer

	// mu is held while a cell is checked and compiled, and given up while it
	// runs: cells are compiled one at a time and run side by side.
	mu       sync.Mutex
	era      int        // counts the interpreters: %reset makes a new one
	view     sync.Mutex // guards checker between cells and completion
	stopping sync.Mutex // guards stops
	stops    int        // interrupted runs that still have goroutines

	comms     *comms
	install   sync.Once // of the host that leads libraries to their cell
	uninstall func()

	stdout nb.Writer
	trace  func(lowered string) // for tests
	docs   map[string]string    // comments of names declared in cells
	// sources is the text of what cells declared, by name, T.M for methods.
	sources map[string]string
}

// Backend runs lowered code. It is the interpreter's side of a session.
type Backend interface {
	// Define gives lowered code compiled functions of graft/nb.
	Define(symbols map[string]reflect.Value) error
	// Compile makes a lowered file known.
	Compile(source string) error
	// Run calls a function by name and returns at its end or ctx's; resume
	// lets code of earlier cells run again once the function has ended.
	Run(ctx context.Context, name string) (resume func(), err error)
	// SetStop raises or lowers the flag that lowered loops look at.
	SetStop(on bool)
	// Mark is the number of the place that lowered code marked last.
	Mark() int
	// Global returns a variable, addressable.
	Global(name string) (reflect.Value, bool)
}

// NewSession starts a session. It fails when the interpreter does not accept
// the symbols or fails its self-test.
func NewSession(opt Options) (*Session, error) {
	s := &Session{opt: opt.withDefaults(), fset: token.NewFileSet(), docs: map[string]string{}, comms: newComms()}
	s.importer = s.opt.Importer
	if s.importer == nil {
		s.importer = defaultImporter(s.fset)
	}
	s.symbols = maps.Clone(s.opt.Symbols())
	s.rt = nb.NewRuntime(s.symbol)
	s.rt.Object = s.object
	s.rt.Alarm = s.alarm
	s.exports = make(Exports, len(s.symbols)+1)
	for k, v := range s.symbols {
		s.exports[k] = v
	}
	s.exports["graft/nb/nb"] = s.rt.Exports()
	s.reflected()
	s.stdout = nb.Writer{RT: s.rt, Stream: "stdout"}
	return s, s.fresh()
}

// fresh gives the session an interpreter that has seen no cells.
func (s *Session) fresh() error {
	back, err := newBackend(s.exports, s.stdout, nb.Writer{RT: s.rt, Stream: nb.Trail})
	if err != nil {
		return fmt.Errorf("repl: %w", err)
	}
	s.back = back
	s.rt.SetMark(back.Mark)
	s.era++
	s.low = lower.New(s.rt, &lower.Library{Fset: s.fset, Importer: s.importer})
	s.checker = check.NewSession(s.fset, s.importer, check.Known(s.opt.Packages))
	s.docs, s.sources = map[string]string{}, map[string]string{}
	return nil
}

// now is the number of the interpreter.
func (s *Session) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.era
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

// object looks up what go/types knows of a compiled symbol.
func (s *Session) object(pkg, name string) types.Object {
	p, err := s.importer.Import(pkg)
	if err != nil {
		return nil
	}
	return p.Scope().Lookup(name)
}

// reflected shows cells package reflect with the values and types that the
// run-time half has for it.
func (s *Session) reflected() {
	const path = "reflect/reflect"
	if s.symbols[path] == nil {
		return
	}
	m := maps.Clone(s.symbols[path])
	maps.Copy(m, s.rt.Reflect())
	s.symbols[path], s.exports[path] = m, m
}

// Close ends the session.
func (s *Session) Close() error {
	s.install.Do(func() {}) // too late now
	if s.uninstall != nil {
		s.uninstall()
	}
	return nil
}

var _ Engine = (*Session)(nil)
