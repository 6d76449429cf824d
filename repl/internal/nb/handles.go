package nb

import (
	"log"
	"reflect"
	"runtime"
	"unsafe"
	"weak"
)

// Handle is unique.Handle[T] for every T.
type Handle struct{ P *any }

// MakeHandle is unique.Make; equal values share one pointer for as long as
// the session lives.
func (rt *Runtime) MakeHandle(v any) Handle {
	p, _ := rt.handles.LoadOrStore(Plain(v), &v)
	return Handle{p.(*any)}
}

// HandleValue is Handle.Value.
func (rt *Runtime) HandleValue(h Handle) any {
	if h.P == nil {
		panic(nilDeref())
	}
	return *h.P
}

// WeakPointer is weak.Pointer[T] for every T: it remembers the type beside a
// pointer to the memory.
type WeakPointer struct {
	P any // a weak.Pointer[byte]: the interpreter knows no instances
	T reflect.Type
}

// MakeWeak is weak.Make.
func (rt *Runtime) MakeWeak(ptr any) WeakPointer {
	v := reflect.ValueOf(ptr)
	if !v.IsValid() || v.IsNil() {
		return WeakPointer{}
	}
	return WeakPointer{weak.Make((*byte)(v.UnsafePointer())), v.Type().Elem()}
}

// WeakValue is Pointer.Value; nil stands for a nil pointer.
func (rt *Runtime) WeakValue(w WeakPointer) any {
	wp, _ := w.P.(weak.Pointer[byte])
	p := wp.Value()
	if p == nil {
		return nil
	}
	return reflect.NewAt(w.T, unsafe.Pointer(p)).Interface()
}

// Address is an address that stands for the pointer, nil for the zero one.
func (w WeakPointer) Address() unsafe.Pointer {
	if wp, ok := w.P.(weak.Pointer[byte]); ok {
		return *(*unsafe.Pointer)(unsafe.Pointer(&wp))
	}
	return nil
}

// AddCleanup is runtime.AddCleanup; f has the argument.
func (rt *Runtime) AddCleanup(ptr any, f func()) runtime.Cleanup {
	p := (*byte)(reflect.ValueOf(rt.Raw(ptr)).UnsafePointer())
	return runtime.AddCleanup(p, func(f func()) { f() }, f)
}

// LoggerFatal is (*log.Logger).Fatal: it ends the cell.
func (rt *Runtime) LoggerFatal(l *log.Logger, a ...any) { rt.fatal(l, rt.Sprint(a...)) }

// LoggerFatalf is (*log.Logger).Fatalf.
func (rt *Runtime) LoggerFatalf(l *log.Logger, format string, a ...any) {
	rt.fatal(l, rt.Sprintf(format, a...))
}

// LoggerFatalln is (*log.Logger).Fatalln.
func (rt *Runtime) LoggerFatalln(l *log.Logger, a ...any) { rt.fatal(l, rt.Sprintln(a...)) }

func (rt *Runtime) fatal(l *log.Logger, text string) {
	_ = l.Output(3, text)
	panic(&ExitErr{"log.Fatal: " + text})
}
