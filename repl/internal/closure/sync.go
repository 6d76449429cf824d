package closure

import (
	"bytes"
	"go/ast"
	"go/types"
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

// Locks and wait groups are used beside channels and in structs that compute,
// builders of text everywhere: they are structs of which only methods are
// known.

// opaque are the types.
var opaque = map[string]reflect.Type{
	"sync.Mutex": reflect.TypeFor[sync.Mutex](), "sync.RWMutex": reflect.TypeFor[sync.RWMutex](), "sync.WaitGroup": reflect.TypeFor[sync.WaitGroup](),
	"strings.Builder": reflect.TypeFor[strings.Builder](), "bytes.Buffer": reflect.TypeFor[bytes.Buffer](),
}

// opaqueOf is the type that t is, or nil.
func opaqueOf(t types.Type) reflect.Type {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return nil
	}
	return opaque[n.Obj().Pkg().Path()+"."+n.Obj().Name()]
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
	m, receiver := c.opaqueMethod(x)
	if m == nil || opaqueMethods[m.FullName()] == nil {
		return nil, nil
	}
	recv := receiver()
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
