// Package yaegi is the interpreter behind a session: it compiles lowered
// files and runs functions of theirs.
package yaegi

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"io"
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/traefik/yaegi/interp"

	"graft/repl/internal/nb"
)

// Backend is one interpreter.
type Backend struct {
	ip   *interp.Interpreter
	id   *uint64 // number of the run
	stop *bool
	mark *int

	idle chan func() // to goroutines that have nothing to do

	globals *[]reflect.Value // the interpreter's variables
	types   *[]reflect.Type  // of its variables, those that come next too
	made    int              // how many there are
}

// prelude declares what all lowered code uses.
const prelude = `package main
import nb "graft/nb"
var ` + nb.StopFlag + ` bool
var ` + nb.LineMark + ` int
func ` + nb.StopFunc + `(at int) { nb.Halt(at) }
`

// New returns an interpreter that knows symbols, writing its own messages to
// stdout and stderr.
func New(symbols map[string]map[string]reflect.Value, stdin io.Reader, stdout, stderr io.Writer) (*Backend, error) {
	b := &Backend{ip: interp.New(interp.Options{Stdin: stdin, Stdout: stdout, Stderr: stderr})}
	b.idle = make(chan func())
	b.id = (*uint64)(unsafe.Pointer(b.ip))
	if err := b.findGlobals(); err != nil {
		return nil, err
	}
	if err := b.ip.Use(symbols); err != nil {
		return nil, fmt.Errorf("load symbols: %w", err)
	}
	if err := b.Compile(prelude); err != nil {
		return nil, fmt.Errorf("declare the stop flag: %w", err)
	}
	flag, ok := b.Global(nb.StopFlag)
	mark, ok2 := b.Global(nb.LineMark)
	if !ok || !ok2 {
		return nil, fmt.Errorf("the interpreter does not show its variables")
	}
	b.stop = (*bool)(flag.Addr().UnsafePointer())
	b.mark = (*int)(mark.Addr().UnsafePointer())
	return b, b.selfTest()
}

// Mark is the line mark now.
//
//go:norace
func (b *Backend) Mark() int { return *b.mark }

// SetStop raises or lowers the flag that lowered loops look at. They read it
// without synchronisation, so that the race detector must not see the write.
//
//go:norace
func (b *Backend) SetStop(on bool) { *b.stop = on }

// Define gives lowered code compiled functions of graft/nb.
func (b *Backend) Define(symbols map[string]reflect.Value) error {
	if len(symbols) == 0 {
		return nil
	}
	return b.ip.Use(interp.Exports{"graft/nb/nb": symbols})
}

// Compile makes a lowered file of package main known; none of its functions
// runs.
func (b *Backend) Compile(source string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the interpreter failed: %v", r)
		}
	}()
	// Imports are kept by base name, so that it must not change.
	f, err := parser.ParseFile(b.ip.FileSet(), "_.go", source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p, err := b.ip.CompileAST(f)
	if err != nil {
		return err
	}
	b.makeGlobals()
	_, err = b.ip.Execute(p)
	b.forget()
	return err
}

// forget drops what the interpreter keeps only for its debugger: the syntax
// trees, by a list of roots and by the children of the package's scope. It is
// most of what a cell would leave behind.
func (b *Backend) forget() {
	ip := reflect.ValueOf(b.ip).Elem()
	empty(ip.FieldByName("roots"))
	if scopes := ip.FieldByName("scopes"); scopes.Kind() == reflect.Map {
		if sc := scopes.MapIndex(reflect.ValueOf("main")); sc.IsValid() && sc.Kind() == reflect.Pointer && !sc.IsNil() {
			empty(sc.Elem().FieldByName("child"))
		}
	}
}

// empty clears a slice in a struct of another package.
func empty(f reflect.Value) {
	if f.IsValid() && f.Kind() == reflect.Slice && f.CanAddr() {
		reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().SetZero()
	}
}

// Run calls a compiled function without parameters and waits for its end or
// ctx's. When ctx ends, all interpreted code stops at its next step: the
// interpreter gives its frames the number of the run, and they compare it with
// the interpreter's, which is counted up. Closures of earlier cells keep the
// old number, so resume puts it back; call it once the function has really
// ended.
func (b *Backend) Run(ctx context.Context, name string) (resume func(), err error) {
	resume = func() {}
	p, err := b.call(name)
	if err != nil {
		return resume, err
	}
	ended := make(chan error, 1)
	b.spawn(func() {
		var err error
		defer func() { ended <- err }() // runtime.Goexit comes here too
		_, err = b.ip.Execute(p)
	})
	select {
	case err := <-ended:
		return resume, err
	case <-ctx.Done():
	}
	old := atomic.LoadUint64(b.id)
	atomic.StoreUint64(b.id, old+1)
	return func() { atomic.StoreUint64(b.id, old) }, ctx.Err()
}

// findGlobals finds the list of the interpreter's variables.
func (b *Backend) findGlobals() error {
	ip := reflect.ValueOf(b.ip).Elem()
	frame, universe := ip.FieldByName("frame"), ip.FieldByName("universe")
	if frame.Kind() != reflect.Pointer || universe.Kind() != reflect.Pointer || frame.IsNil() || universe.IsNil() {
		return errors.New("the interpreter keeps its variables elsewhere")
	}
	data, types := frame.Elem().FieldByName("data"), universe.Elem().FieldByName("types")
	if !data.IsValid() || data.Type() != reflect.TypeFor[[]reflect.Value]() || !types.IsValid() || types.Type() != reflect.TypeFor[[]reflect.Type]() {
		return errors.New("the interpreter keeps its variables in another form")
	}
	b.globals = (*[]reflect.Value)(unsafe.Pointer(data.UnsafeAddr()))
	b.types = (*[]reflect.Type)(unsafe.Pointer(types.UnsafeAddr()))
	b.made = len(*b.globals)
	return nil
}

// manyGlobals is for how many variables there is room from the start.
const manyGlobals = 4096

// makeGlobals makes the variables that compiled code has added. The
// interpreter itself copies all of them to a longer list for that, and what
// code that runs meanwhile assigns to the old one can be lost: here the list
// is longer than it need be, which the interpreter takes for done.
func (b *Backend) makeGlobals() {
	want := len(*b.types)
	if want > len(*b.globals) {
		longer := make([]reflect.Value, max(manyGlobals, 2*want))
		copy(longer, *b.globals)
		*b.globals = longer
	}
	for ; b.made < want; b.made++ {
		(*b.globals)[b.made] = reflect.New((*b.types)[b.made]).Elem()
	}
}

// rested is how long a goroutine waits for the next function.
const rested = 10 * time.Second

// spawn runs f in a goroutine, if there is one that ran another before: its
// stack has grown to what the interpreter needs.
func (b *Backend) spawn(f func()) {
	select {
	case b.idle <- f:
	default:
		go func() {
			for f != nil {
				f()
				select {
				case f = <-b.idle:
				case <-time.After(rested):
					f = nil
				}
			}
		}()
	}
}

func (b *Backend) call(name string) (p *interp.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the interpreter failed: %v", r)
		}
	}()
	f, err := parser.ParseFile(b.ip.FileSet(), "_.go", "package main;func _(){"+name+"()}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p, err = b.ip.CompileAST(f.Decls[0].(*ast.FuncDecl).Body)
	b.makeGlobals()
	return p, err
}

// Global returns a variable, addressable.
func (b *Backend) Global(name string) (reflect.Value, bool) {
	v, ok := b.ip.Globals()[name]
	return v, ok
}

// selfTest checks the assumption that Run rests on: the number of the run is
// the interpreter's first field, as its comment says, and frames stop when it
// changes.
func (b *Backend) selfTest() error {
	if err := b.Compile("package main\nfunc selftest() { for { } }\n"); err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	p, err := b.call("selftest")
	if err != nil {
		return fmt.Errorf("self-test: %w", err)
	}
	old := atomic.LoadUint64(b.id)
	defer atomic.StoreUint64(b.id, old)
	ended := make(chan struct{})
	go func() {
		_, _ = b.ip.Execute(p)
		close(ended)
	}()
	for range 10000 { // one that starts later has the later number
		atomic.AddUint64(b.id, 1)
		select {
		case <-ended:
			return nil
		case <-time.After(100 * time.Microsecond):
		}
	}
	return fmt.Errorf("self-test: this version of the interpreter cannot be stopped")
}
