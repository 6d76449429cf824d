package closure

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync"
	"unsafe"
)

// Locks and wait groups are used beside channels and in structs that compute:
// they are structs of which only methods are known.

// opaque are the types, by name in package sync.
var opaque = map[string]reflect.Type{
	"Mutex": reflect.TypeFor[sync.Mutex](), "RWMutex": reflect.TypeFor[sync.RWMutex](), "WaitGroup": reflect.TypeFor[sync.WaitGroup](),
}

// opaqueOf is the type that t is, or nil.
func opaqueOf(t types.Type) reflect.Type {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "sync" {
		return nil
	}
	return opaque[n.Obj().Name()]
}

// opaqueMethods are the methods without results. Those that can block go
// through the host, which an interrupt ends.
var opaqueMethods = map[string]func(h *Host, p unsafe.Pointer, n int){
	"(*sync.Mutex).Lock":      func(h *Host, p unsafe.Pointer, _ int) { h.Lock((*sync.Mutex)(p)) },
	"(*sync.Mutex).Unlock":    func(_ *Host, p unsafe.Pointer, _ int) { (*sync.Mutex)(p).Unlock() },
	"(*sync.RWMutex).Lock":    func(h *Host, p unsafe.Pointer, _ int) { h.WLock((*sync.RWMutex)(p)) },
	"(*sync.RWMutex).Unlock":  func(_ *Host, p unsafe.Pointer, _ int) { (*sync.RWMutex)(p).Unlock() },
	"(*sync.RWMutex).RLock":   func(h *Host, p unsafe.Pointer, _ int) { h.RLock((*sync.RWMutex)(p)) },
	"(*sync.RWMutex).RUnlock": func(_ *Host, p unsafe.Pointer, _ int) { (*sync.RWMutex)(p).RUnlock() },
	"(*sync.WaitGroup).Add":   func(_ *Host, p unsafe.Pointer, n int) { (*sync.WaitGroup)(p).Add(n) },
	"(*sync.WaitGroup).Done":  func(_ *Host, p unsafe.Pointer, _ int) { (*sync.WaitGroup)(p).Done() },
	"(*sync.WaitGroup).Wait":  func(h *Host, p unsafe.Pointer, _ int) { h.Wait((*sync.WaitGroup)(p)) },
}

// opaqueCall compiles a call of such a method; nil when x is none. bind
// evaluates the receiver and the argument for run.
func (c *compiler) opaqueCall(x *ast.CallExpr) (bind func(m *machine) (unsafe.Pointer, int), run func(h *Host, p unsafe.Pointer, n int)) {
	sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, nil
	}
	s := c.src.Info().Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return nil, nil
	}
	m, ok := s.Obj().(*types.Func)
	if !ok || opaqueMethods[m.FullName()] == nil {
		return nil, nil
	}
	recv := code[unsafe.Pointer](c.receiver(sel.X, s.Index()[:len(s.Index())-1], m.Signature().Recv().Type(), pointer{}))
	n := always(0)
	if len(x.Args) > 0 {
		n = c.intOf(x.Args[0])
	}
	return func(m *machine) (unsafe.Pointer, int) {
		p := recv(m)
		if p == nil {
			nilDeref()
		}
		return p, n(m)
	}, opaqueMethods[m.FullName()]
}
