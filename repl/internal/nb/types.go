// Package nb is what lowered cells call at run time: typed boxes for values
// whose type was declared in a cell, interface checks, comparison, formatting,
// frames for defer and recover, and goroutines.
//
// The interpreter builds its types with reflect.StructOf: they have no names
// and no methods, so once such a value stands in an interface its type is
// lost. Lowering therefore wraps it, where go/types sees the conversion, into
// a Box that carries the static type; methods are registered per type as
// binders, functions from a receiver to the method value.
//
// Package reflect is shown to cells with a Value that carries the static type
// as well (Reflect): what reflection takes apart, makes or calls keeps its
// type, so that it can be boxed again.
package nb

import (
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/types/typeutil"

	"graft/stdlib/host"
)

// Type describes one static type of the session. There is one for every set
// of identical types, so that comparing pointers compares types.
type Type struct {
	ID   int
	T    types.Type
	Name string // as %T prints it

	rt         *Runtime
	comparable bool
	traits     traits

	methods atomic.Pointer[map[string]any] // compiled functions, by name

	mu      sync.RWMutex
	binders map[string]func(any) any
	rep     reflect.Type // how the interpreter lays it out, once known
	impl    map[*Type]bool

	iface  bool
	native atomic.Pointer[reflect.Type] // of values without a box, nil inside when there is none

	reflect atomic.Pointer[cellReflectType]
}

// Runtime is the run-time half of one session.
type Runtime struct {
	Symbols func(path, name string) (reflect.Value, bool) // the compiled symbols
	Object  func(path, name string) types.Object          // the same for go/types, nil when there is none

	mu       sync.RWMutex
	types    []*Type
	byType   typeutil.Map
	impls    map[implKey]bool
	switches []Switch

	mark atomic.Pointer[func() int] // the line mark now

	Stopping atomic.Bool   // an interrupt is under way
	Alarm    func(on bool) // makes functions look whether their stack is the big one

	missing missing // of maps in templates

	stdin   Stdin
	handles sync.Map // value → *any, of unique.Make

	run       atomic.Pointer[Run] // the newest main cell's, which has what belongs to no run
	next      atomic.Pointer[Run] // whose function Main runs next
	labels    labels
	frames    sync.Map     // goroutine id → *D whose deferred calls run
	unwinding atomic.Int64 // frames among them
	traces    sync.Map     // goroutine id → *Trace
	tracing   atomic.Int64 // traces among them
	cleanups  sync.Map     // goroutine id → whether they run because the cell was ended
	overflows sync.Map     // goroutine id → whether it ends because its stack overflowed
	working   atomic.Int64 // goroutines of cells
	watching  atomic.Bool  // something looks at their stacks
	owns      sync.Map     // marks of goroutines, by their numbers
	alarmed   atomic.Bool  // one is too big
	warned    atomic.Bool  // one is half as big
	entered   atomic.Uint32
}

// SetMark says how the line mark is read.
func (rt *Runtime) SetMark(read func() int) { rt.mark.Store(&read) }

// NewRuntime returns an empty runtime.
func NewRuntime(symbols func(path, name string) (reflect.Value, bool)) *Runtime {
	rt := &Runtime{Symbols: symbols, impls: map[implKey]bool{}}
	rt.stdin.rt = rt
	return rt
}

// Begin makes r the running cell; output without a known goroutine is its,
// unless r runs beside the main cells and there has been one.
func (rt *Runtime) Begin(r *Run) {
	if !r.Beside {
		rt.run.Store(r)
	} else if old := rt.run.Load(); old == nil || old.Beside {
		rt.run.CompareAndSwap(old, r)
	}
}

// Host is what libraries reach in the calling goroutine, nil before the first
// run.
func (rt *Runtime) Host() host.Host {
	if r := rt.current(); r != nil {
		return r.Host
	}
	return nil
}

// Intern returns the descriptor of t.
func (rt *Runtime) Intern(t types.Type) *Type {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if d := rt.byType.At(t); d != nil {
		return d.(*Type)
	}
	d := &Type{ID: len(rt.types), T: t, Name: TypeName(unaliased(t)), rt: rt, comparable: types.Comparable(t), iface: types.IsInterface(t),
		binders: map[string]func(any) any{}, impl: map[*Type]bool{}}
	rt.byType.Set(t, d)
	rt.types = append(rt.types, d)
	d.traits = traitsOf(t)
	return d
}

func (rt *Runtime) lookup(t types.Type) *Type {
	rt.mu.RLock()
	defer rt.mu.RUnlock()
	if d := rt.byType.At(t); d != nil {
		return d.(*Type)
	}
	return nil
}

func (rt *Runtime) typ(id int) *Type {
	rt.mu.RLock()
	defer rt.mu.RUnlock()
	return rt.types[id]
}

// Reg registers a method of type id: bind turns a receiver into the method
// value.
func (rt *Runtime) Reg(id int, method string, bind func(any) any) {
	d := rt.typ(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.binders[method] = bind
}

// Compiled registers the compiled function that a method of type t is, nil for
// none.
func (rt *Runtime) Compiled(t types.Type, method string, fn any) {
	d := rt.Intern(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]any{}
	if old := d.methods.Load(); old != nil {
		maps.Copy(all, *old)
	}
	if all[method] = fn; fn == nil {
		delete(all, method)
	}
	d.methods.Store(&all)
}

// Method finds the method name of what an interface holds: a compiled function
// and its receiver, or the method value.
func (rt *Runtime) Method(x any, name string) (fn, recv, value any) {
	if c, ok := unwrap(x); ok {
		if all := c.T.methods.Load(); all != nil {
			if fn := (*all)[name]; fn != nil {
				return fn, c.V, nil
			}
		}
	}
	return nil, nil, rt.M(x, name)
}

// RegT registers the layout of type id, given a nil pointer to it. The
// interpreter leaves placeholders where a type contains itself.
func (rt *Runtime) RegT(id int, ptr any) {
	d := rt.typ(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rep = reflect.TypeOf(ptr).Elem()
	d.traits = traitsOf(d.T)
	d.impl = map[*Type]bool{}
}

// Layout is how the interpreter lays out type id, nil before it is known.
func (rt *Runtime) Layout(id int) reflect.Type {
	d := rt.typ(id)
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.rep
}

// Refresh recomputes what is known of a type whose methods changed.
func (rt *Runtime) Refresh(t types.Type) {
	if d := rt.lookup(t); d != nil {
		d.mu.Lock()
		d.traits = traitsOf(d.T)
		d.impl = map[*Type]bool{}
		d.mu.Unlock()
	}
}

func (d *Type) binder(name string) func(any) any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.binders[name]
}

// TypeName prints t as %T does: package names, but paths in type arguments.
func TypeName(t types.Type) string {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.TypeArgs().Len() > 0 {
		return instanceName(n, (*types.Package).Name)
	}
	if e, ok := types.Unalias(t).(interface{ Elem() types.Type }); ok && mentionsInstance(t) {
		switch u := types.Unalias(t).(type) {
		case *types.Pointer:
			return "*" + TypeName(e.Elem())
		case *types.Slice:
			return "[]" + TypeName(e.Elem())
		case *types.Array:
			return fmt.Sprintf("[%d]%s", u.Len(), TypeName(e.Elem()))
		case *types.Map:
			return "map[" + TypeName(u.Key()) + "]" + TypeName(e.Elem())
		}
	}
	s := types.TypeString(t, func(p *types.Package) string { return p.Name() })
	if s == "any" {
		return "interface {}"
	}
	return fixName(s)
}

// instanceName is pkg.Name[arg,arg] with the arguments' full paths.
func instanceName(n *types.Named, qualify func(*types.Package) string) string {
	var args []string
	for t := range n.TypeArgs().Types() {
		if a, ok := types.Unalias(t).(*types.Named); ok && a.TypeArgs().Len() > 0 {
			args = append(args, instanceName(a, (*types.Package).Path))
			continue
		}
		args = append(args, fixName(types.TypeString(t, (*types.Package).Path)))
	}
	name := n.Obj().Name() + "[" + strings.Join(args, ",") + "]"
	if n.Obj().Pkg() != nil {
		name = qualify(n.Obj().Pkg()) + "." + name
	}
	return name
}

// mentionsInstance tells whether a list, map or pointer leads to an instance
// of a generic type.
func mentionsInstance(t types.Type) bool {
	switch u := types.Unalias(t).(type) {
	case *types.Named:
		return u.TypeArgs().Len() > 0
	case *types.Map:
		return mentionsInstance(u.Key()) || mentionsInstance(u.Elem())
	case interface{ Elem() types.Type }:
		return mentionsInstance(u.Elem())
	}
	return false
}

type traits struct{ err, str, gostr, format, jsonm, textm, log bool }

func traitsOf(t types.Type) traits {
	if types.IsInterface(t) {
		return traits{}
	}
	ms := types.NewMethodSet(t)
	has := func(name, sig string) bool {
		sel := ms.Lookup(nil, name)
		return sel != nil && types.TypeString(sel.Type(), func(p *types.Package) string { return p.Path() }) == sig
	}
	return traits{
		err:    has("Error", "func() string"),
		str:    has("String", "func() string"),
		gostr:  has("GoString", "func() string"),
		log:    has("LogValue", "func() log/slog.Value"),
		format: hasNamed(ms, "Format", "fmt.State"),
		jsonm:  hasNamed(ms, "MarshalJSON", "error"),
		textm:  hasNamed(ms, "MarshalText", "error"),
	}
}

// hasNamed is a cheap test of a method's signature by one type it mentions.
func hasNamed(ms *types.MethodSet, name, mention string) bool {
	sel := ms.Lookup(nil, name)
	if sel == nil {
		return false
	}
	s := types.TypeString(sel.Type(), func(p *types.Package) string { return p.Path() })
	for i := 0; i+len(mention) <= len(s); i++ {
		if s[i:i+len(mention)] == mention {
			return true
		}
	}
	return false
}

func (d *Type) String() string { return fmt.Sprintf("type %d %s", d.ID, d.Name) }

// unaliased is t without the names of aliases.
func unaliased(t types.Type) types.Type {
	switch u := types.Unalias(t).(type) {
	case *types.Pointer:
		return types.NewPointer(unaliased(u.Elem()))
	case *types.Slice:
		return types.NewSlice(unaliased(u.Elem()))
	case *types.Array:
		return types.NewArray(unaliased(u.Elem()), u.Len())
	case *types.Chan:
		return types.NewChan(u.Dir(), unaliased(u.Elem()))
	case *types.Map:
		return types.NewMap(unaliased(u.Key()), unaliased(u.Elem()))
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, unaliasedTuple(u.Params()), unaliasedTuple(u.Results()), u.Variadic())
	default:
		return u
	}
}

func unaliasedTuple(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewVar(v.Pos(), v.Pkg(), "", unaliased(v.Type())))
	}
	return types.NewTuple(vars...)
}
