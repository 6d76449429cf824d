// Package lower rewrites checked cells into the part of Go that the
// interpreter gets right.
//
// The output has no methods, no type parameters, no embedding, no defined
// types but structs, no interfaces but interface{} and compiled ones, and no
// defer: methods are functions, generics are instantiated, a conversion of a
// cell's type to an interface makes a typed box (package nb), method calls on
// interfaces look the method up in the box, defers run in nb.Frame, channels
// are used through nb. Each of these is decided from go/types' facts, never
// from the text. Loops and functions look at the interrupt (stopCheck), and
// statements that may panic note where they are (mark). Functions that only
// compute, and such loops of a cell, are compiled by package closure
// (compute.go); their lowered form calls them.
//
// This is right because everything that could tell the difference goes
// through nb: type assertions and switches compare the box's types.Type, ==
// and map keys compare boxes, fmt and encoding/json walk the static type
// along with the value.
package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/tools/go/types/typeutil"

	"graft/repl/internal/check"
	"graft/repl/internal/closure"
	"graft/repl/internal/nb"
)

// Lowerer holds what a session's lowered code is made of.
type Lowerer struct {
	rt      *nb.Runtime
	seq     int
	globals map[types.Object]string
	native  map[string]string // import path → alias
	structs typeutil.Map      // *types.Named → *structType
	sources map[*types.Func]*source
	// replaced leads from a function to the one that was declared instead.
	replaced map[*types.Func]*types.Func
	insts    map[string]*inst
	order    []*inst
	locals   map[localKey]*types.Named
	context  *types.Context
	library  *Library
	places   []Place
	emitted  map[string]*source // by the function's name in lowered code

	host     *closure.Host
	reflects bool                       // a cell has used package reflect
	pending  []*inst                    // named by calls, not yet compiled
	linked   map[string]*unsafe.Pointer // variables that compiled functions use
	unlinked map[string]*unsafe.Pointer // those whose addresses are not known yet

	out  *Output  // of the cell in work
	at   ast.Node // what of it is lowered now, for refusals that know no better
	undo []func()
}

// Output is one lowered cell.
type Output struct {
	Source  string // a file of package main
	Init    string // the function that registers methods, or ""
	Run     string // the function that runs the cell
	Results []types.Type
	Globals []Global
	Symbols map[string]reflect.Value // compiled functions of graft/nb that Source calls
	Methods []Method
	Notes   []string // what the user should know

	imports, types, vars, funcs, init strings.Builder
	queue                             []*inst
}

// Global is a variable of the session as the interpreter knows it.
type Global struct {
	Object *types.Var
	Name   string
}

// Method is a method of a type, called through interfaces, that is a compiled
// function, or is none any more.
type Method struct {
	Type types.Type
	Name string
	Fn   any // nil for none
}

// source is a function's declaration with the facts of the cell it is from.
type source struct {
	decl *ast.FuncDecl
	unit *check.Unit
	obj  *types.Func
	// plain is set when the declaration has the receiver as first parameter.
	plain bool
}

// inst is a function as emitted: a declaration with type arguments, or the
// registration of a type's methods.
type inst struct {
	key      string
	name     string
	src      *source
	targs    []types.Type
	typ      types.Type // of a registration
	deps     map[*inst]bool
	done     bool
	computed *computed
	via      string // the name that closures call it by leads to the newest: see via.go
}

type localKey struct {
	obj *types.TypeName
	env string
}

// New returns a lowerer that registers types with rt and takes the bodies of
// generic library functions from lib.
func New(rt *nb.Runtime, lib *Library) *Lowerer {
	return &Lowerer{rt: rt, library: lib, globals: map[types.Object]string{}, native: map[string]string{},
		sources: map[*types.Func]*source{}, replaced: map[*types.Func]*types.Func{}, insts: map[string]*inst{}, emitted: map[string]*source{}, locals: map[localKey]*types.Named{},
		host: &closure.Host{Stop: &rt.Stopping, Interrupted: rt.Interrupted, Ending: rt.Ending, Ended: nb.Ended, Go: rt.Go, Frame: rt.CompiledFrame,
			Any: rt.Any, Eq: rt.Eq, Lock: rt.Lock, WLock: rt.WLock, RLock: rt.RLock, Wait: rt.Wait, Panicked: rt.Left, Panic: rt.Panic, Overflow: rt.Overflow},
		linked: map[string]*unsafe.Pointer{}, unlinked: map[string]*unsafe.Pointer{}}
}

// Refusal is a construct that cannot be run.
type Refusal struct {
	Node ast.Node
	Msg  string
}

func (r *Refusal) Error() string { return r.Msg }

// Cell lowers one checked unit.
func (L *Lowerer) Cell(u *check.Unit, old func(string) types.Object) (out *Output, err error) {
	defer func() {
		if r := recover(); r != nil {
			ref, ok := r.(*Refusal)
			if !ok {
				panic(r)
			}
			if ref.Node == nil {
				ref.Node = L.at
			}
			out, err = nil, ref
		}
	}()
	L.seq++
	L.out = &Output{}
	L.undo, L.at = nil, nil
	defer func() {
		if err != nil {
			L.Abort()
		}
	}()
	for alias, o := range u.Alias {
		L.setGlobal(alias, L.globals[o])
	}
	L.declare(u, old)
	L.steps(u)
	L.drain()
	return L.finish(), nil
}

// Global is the interpreter's name of a session's variable, "" when it has
// none.
func (L *Lowerer) Global(v *types.Var) string { return L.globals[v] }

// Abort takes back what the last cell changed: the interpreter did not accept
// its code, so that later cells must not rely on it.
func (L *Lowerer) Abort() {
	for i := len(L.undo) - 1; i >= 0; i-- {
		L.undo[i]()
	}
	L.undo = nil
}

func (L *Lowerer) setGlobal(o types.Object, name string) {
	old := L.globals[o]
	L.globals[o] = name
	L.undo = append(L.undo, func() { L.globals[o] = old })
}

func (L *Lowerer) setSource(f *types.Func, src *source) {
	old := L.sources[f]
	L.sources[f] = src
	L.undo = append(L.undo, func() {
		if old == nil {
			delete(L.sources, f)
		} else {
			L.sources[f] = old
		}
	})
}

func (L *Lowerer) add(in *inst) {
	L.insts[in.key] = in
	L.order = append(L.order, in)
	L.out.queue = append(L.out.queue, in)
	L.undo = append(L.undo, func() {
		delete(L.insts, in.key)
		L.order = slices.DeleteFunc(L.order, func(x *inst) bool { return x == in })
	})
}

// drain emits what was asked for, until nothing new is.
func (L *Lowerer) drain() {
	for len(L.out.queue) > 0 {
		in := L.out.queue[0]
		L.out.queue = L.out.queue[1:]
		if in.done {
			continue
		}
		in.done = true
		in.deps = map[*inst]bool{}
		if in.typ != nil {
			L.emitRegistration(in)
		} else {
			L.emitFunc(in)
		}
	}
}

func (L *Lowerer) finish() *Output {
	o := L.out
	L.seq++
	L.nb()
	var b strings.Builder
	b.WriteString("package main\n")
	b.WriteString(o.imports.String())
	b.WriteString(o.types.String())
	b.WriteString(o.vars.String())
	b.WriteString(o.funcs.String())
	if o.init.Len() > 0 {
		o.Init = "register"
		fmt.Fprintf(&b, "func %s() {\n%s}\n", o.Init, o.init.String())
	}
	for _, n := range []string{o.Init, o.Run} {
		if n != "" {
			fmt.Fprintf(&b, "func run_%s() { %s.Main(%s) }\n", n, L.native["graft/nb"], n)
		}
	}
	o.Source = b.String()
	return o
}

// instance returns the emitted name of f with type arguments, and has it
// emitted when it is new.
func (L *Lowerer) instance(f *types.Func, targs []types.Type) *inst {
	f = f.Origin()
	for L.replaced[f] != nil {
		f = L.replaced[f]
	}
	src := L.sources[f]
	if src == nil {
		if src = L.library.body(f); src == nil {
			return nil
		}
		L.sources[f] = src
	}
	key := funcKey(f, targs)
	if in := L.insts[key]; in != nil {
		return in
	}
	L.seq++
	name := ascii(f.Name())
	if r := f.Signature().Recv(); r != nil {
		name = ascii(recvName(r.Type())) + "_" + name
	}
	in := &inst{key: key, name: fmt.Sprintf("f%d_%s_", L.seq, name), src: src, targs: slices.Clone(targs)}
	L.add(in)
	return in
}

// pkg is the alias of an imported compiled package.
func (L *Lowerer) pkg(path string) string {
	if a := L.native[path]; a != "" {
		return a
	}
	L.seq++
	a := fmt.Sprintf("p%d_%s", L.seq, ascii(path[strings.LastIndexByte(path, '/')+1:]))
	L.native[path] = a
	L.undo = append(L.undo, func() { delete(L.native, path) })
	fmt.Fprintf(&L.out.imports, "import %s %q\n", a, path)
	if path == "reflect" {
		L.reflected()
	}
	return a
}

func (L *Lowerer) nb() string { return L.pkg("graft/nb") }
