// Package closure runs functions that only compute as trees of Go closures.
//
// The interpreter spends its time around the work: a frame of reflect.Values
// and an allocation per variable for a call, a reflect.Value for an operand.
// Functions over numbers, strings, slices, maps, structs and pointers need none
// of that, and they are what loops are made of; literals, channels, defers,
// interfaces and printing come along as such functions use them. Here each of their
// expressions becomes one closure of its static type, func(*machine) T for a T that is
// the Go type itself, so that wrap-around, rounding, division by zero,
// bounds and the rest are Go's own: the closures are generic over T, and the
// compiler makes them for each. There are four things to know:
//
//   - A kind (kind.go) is the representation of a type and makes its closures.
//     Values lie in memory as compiled Go lays them out, so that slices,
//     structs and variables are shared with interpreted code.
//   - A machine (machine.go) is what one goroutine runs on: frames of slots,
//     each of which has room for any value but structs and arrays; those live
//     in memory of their own, and their slot has the address.
//   - Variables that literals mention, or whose address is taken, are moved to
//     memory (literal.go). Function values, and slices and maps of them, are of
//     compiled functions only, and stay among them; interfaces hold what
//     package nb has them hold, and their methods are found when they are
//     called (method.go).
//   - What is not in the subset is not compiled, and the interpreter runs it:
//     keys of maps that are no basic types, functions in fields and session
//     variables, goto, complex numbers, types of compiled packages but a few of
//     sync, and calls of compiled packages other than printing and plain
//     functions of a few types. The compiler answers with an error
//     (*Unsupported) and nothing else happens.
//
// Calls are made in Go's order (order.go), loops and calls look at the
// interrupt, and a panic knows its place and the functions it left.
//
// It is right because nothing here interprets: every operation is done by the
// same Go operation on the same type. That the statements around them are put
// together right, random programs compare with compiled Go.
package closure

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Host is what compiled functions need of the session.
type Host struct {
	Stop        *atomic.Bool           // an interrupt is under way
	Interrupted func()                 // panics when it means the calling goroutine
	Ending      func() <-chan struct{} // is closed when the calling goroutine should stop waiting
	Ended       func()                 // panics because it was
	Go          func(f func())         // runs a goroutine of the cell
	Lock        func(*sync.Mutex)      // and the others wait, and panic when the goroutine should stop waiting
	WLock       func(*sync.RWMutex)
	RLock       func(*sync.RWMutex)
	Wait        func(*sync.WaitGroup)
	// Frame runs body and then, last first, what it added, also when it panics.
	Frame    func(body func(add func(f func()), stop func() any))
	Any      func(x any) any                // what a compiled interface holds, for one that lowered code holds as any
	Eq       func(x, y any) bool            // == of what lowered code holds as any
	Panicked func(mark int, names []string) // the functions that a panic leaves, innermost first
	Panic    func(v any)                    // the panic builtin
	Overflow func()                         // panics: too many calls are under way

	pool sync.Pool // of machines
}

// Source is the function to compile, as the lowerer knows it.
type Source interface {
	Info() *types.Info
	TypeOf(x ast.Expr) types.Type // with type arguments for type parameters
	Apply(t types.Type) types.Type
	Object(id *ast.Ident) types.Object
	// Field is the path of indices that a selector of a field means, from t.
	Field(x *ast.SelectorExpr) (index []int, from types.Type)
	// Callee finds the function that a call means; recv is what a method is
	// called on, with the path of embedded fields to it.
	Callee(call *ast.CallExpr) (fn *Func, recv ast.Expr, path []int)
	// Dynamic is the method that a call of an interface's method selects, and
	// its signature; nil for other calls.
	Dynamic(call *ast.CallExpr) (*ast.SelectorExpr, *types.Signature)
	// Method finds, at run time, the method of what an interface holds: a
	// function and the receiver to give it, or a method value of interpreted
	// code.
	Method(x any, name string) (fn *Func, recv, value any)
	// Func is the function that a name means, nil for none of the subset.
	Func(id *ast.Ident) *Func
	// Compiled is the value of a compiled function, or not valid.
	Compiled(call *ast.CallExpr) reflect.Value
	// AnyFunc is the value of a compiled function of any values, or not valid.
	AnyFunc(call *ast.CallExpr) reflect.Value
	// Variable is where the address of a session's variable will be when the
	// function runs, nil for what is none.
	Variable(o *types.Var) *unsafe.Pointer
	// Box is how a value of a type stands in an interface, any or error; layout
	// is the type that interpreted code has for it, where that is not plain.
	// It is nil for what has no box here.
	Box(t types.Type, err bool) (box func(v any) any, layout func() reflect.Type)
	// Assert finds what an interface holds if it is a t, as interpreted code
	// lays it out, or nil; or panics.
	Assert(t, from types.Type, must bool) func(x any) any
	// Cases finds the clause of a type switch, or -1, and what x holds.
	Cases(s *ast.TypeSwitchStmt) func(x any) (int, any)
	// Mark notes the place of what may panic first in a statement, or an
	// expression, but for the calls that were made before, and its line; 0 when
	// nothing can.
	Mark(n ast.Node) (mark, line int)
	// MarkOf is Mark for x itself, not its operands, and Line the line alone.
	MarkOf(x ast.Expr) (mark, line int)
	Line(x ast.Expr) int
	// Early are parts of x that keep their place among calls.
	Early(x ast.Expr) map[ast.Expr]bool
	// Made says that a call is made before the rest of its statement.
	Made(x ast.Expr)
}

// Unsupported says what the subset lacks.
type Unsupported struct {
	Node ast.Node
	What string
}

func (u *Unsupported) Error() string { return "not compiled: " + u.What }

// Func is a function of the subset.
type Func struct {
	Name string // its name in lowered code
	host *Host

	sig      Signature
	variadic bool
	params   []param
	results  []param
	size     int // slots of a frame
	cost     int // bytes of stack that a call takes, about
	body     stmt
	captures []int // of a literal: where its frame has the captured variables
}

// param is a parameter or result: its slot's offset and its kind.
type param struct {
	off int
	k   kind
}

// New returns a function that calls can name before it is compiled.
func New(h *Host, name string, sig Signature) *Func {
	return &Func{host: h, Name: name, sig: sig, variadic: sig.Variadic}
}

// Signature is a function's parameters in order, the receiver among them, and
// results, with type arguments for type parameters.
type Signature struct {
	Params, Results []*types.Var
	Variadic        bool
}

// Compile gives fn its body. own are the parameters and results as the body
// names them. It fails with *Unsupported.
func (fn *Func) Compile(src Source, own Signature, body *ast.BlockStmt) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Unsupported:
			err = r
		default:
			panic(r)
		}
	}()
	c := &compiler{src: src, fn: fn, vars: map[types.Object]local{}, hoisted: map[ast.Expr]local{}, moved: map[types.Object]bool{}}
	c.move(body)
	c.function(own, body)
	return nil
}

// What a call takes of Go's stack, and what a closure that makes it, at most:
// an addition takes 80 bytes, a loop 150.
const (
	callCost  = 300
	levelCost = 150
)
