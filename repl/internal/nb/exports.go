package nb

import (
	"errors"
	"fmt"
	"go/types"
	"io"
	"os"
	"reflect"
)

// Exports are what lowered code imports as graft/nb, bound to this runtime.
func (rt *Runtime) Exports() map[string]reflect.Value {
	fs := map[string]any{
		"Main": rt.Main, "Box": rt.Box, "Err": rt.Err, "Any": rt.Any, "V2": rt.V2, "Case": rt.Case, "Must": rt.Must, "Impl2": rt.Impl2,
		"MustImpl": rt.MustImpl, "M": rt.M, "To": rt.To, "ToErr": rt.ToErr, "Impl": rt.Impl, "As2": rt.As2, "MustAs": rt.MustAs,
		"Eq": rt.Eq, "EqV": rt.EqV, "Clear": rt.Clear, "Frame": rt.Frame, "Fixed": rt.Fixed, "Panic": rt.Panic, "Entered": rt.Entered, "Check": rt.Check,
		"Exit": rt.Exit, "GoMarked": rt.GoMarked, "Go": rt.Go, "Sleep": rt.Sleep, "Result": rt.Result, "Reg": rt.Reg, "RegT": rt.RegT, "At": rt.At, "Two": rt.Two,
		"Print": rt.Print, "Println": rt.Println, "Printf": rt.Printf, "Sprint": rt.Sprint, "Sprintln": rt.Sprintln, "Sprintf": rt.Sprintf,
		"Errorf": rt.Errorf, "Fprint": rt.Fprint, "Fprintln": rt.Fprintln, "Fprintf": rt.Fprintf, "BuiltinPrint": rt.BuiltinPrint,
		"As": rt.As, "Raw": rt.Raw, "Func": rt.Func, "Key": rt.Key, "Shift": rt.Shift, "BadIndex": rt.BadIndex, "BadRange": rt.BadRange, "Complex": Complex, "CheckSlice": rt.CheckSlice, "Fatal": rt.Fatal, "Fatalf": rt.Fatalf, "Fatalln": rt.Fatalln,
		"LogPrint": rt.LogPrint, "LogPrintln": rt.LogPrintln, "LogPrintf": rt.LogPrintf, "Unmarshal": rt.Unmarshal, "Marshal": rt.Marshal, "MarshalIndent": rt.MarshalIndent, "Encode": rt.Encode, "Decode": rt.Decode, "Execute": rt.Execute, "ExecuteTemplate": rt.ExecuteTemplate, "TemplateFuncs": rt.TemplateFuncs,
		"Halt": rt.Halt, "Recv": rt.Recv, "Recv2": rt.Recv2, "Send": rt.Send, "Select": rt.Select,
		"MakeHandle": rt.MakeHandle, "HandleValue": rt.HandleValue, "MakeWeak": rt.MakeWeak, "WeakValue": rt.WeakValue, "AddCleanup": rt.AddCleanup,
		"HKDFExtract": rt.HKDFExtract, "HKDFExpand": rt.HKDFExpand, "HKDFKey": rt.HKDFKey, "PBKDF2Key": rt.PBKDF2Key,
		"ScanNull": rt.ScanNull, "NullValue": rt.NullValue, "HashComparable": rt.HashComparable, "HashWrite": rt.HashWrite,
		"LoggerFatal": rt.LoggerFatal, "LoggerFatalf": rt.LoggerFatalf, "LoggerFatalln": rt.LoggerFatalln,
		"AtomicLoad": rt.AtomicLoad, "AtomicStore": rt.AtomicStore, "AtomicSwap": rt.AtomicSwap, "AtomicCompareAndSwap": rt.AtomicCompareAndSwap,
		// The interpreter has an environment of its own.
		"Getenv": os.Getenv, "Setenv": os.Setenv, "LookupEnv": os.LookupEnv, "Unsetenv": os.Unsetenv, "Clearenv": os.Clearenv,
		"Environ": os.Environ, "ExpandEnv": os.ExpandEnv,
		"Stdin": rt.Stdin, "Scan": rt.Scan, "Scanln": rt.Scanln, "Scanf": rt.Scanf,
		"Sscan": rt.Sscan, "Sscanf": rt.Sscanf, "Sscanln": rt.Sscanln, "Fscan": rt.Fscan, "Fscanf": rt.Fscanf, "Fscanln": rt.Fscanln,
		"Lock": rt.Lock, "WLock": rt.WLock, "RLock": rt.RLock, "Wait": rt.Wait, "CondWait": rt.CondWait,
		"TypeMethod": TypeMethod, "TypeMethodByName": TypeMethodByName, "TypeMethods": TypeMethods,
		"Implements": Implements, "Assignable": Assignable, "Convertible": Convertible, "ReflectRecv": rt.ReflectRecv, "ReflectSeq": rt.ReflectSeq, "ReflectSend": rt.ReflectSend,
		"SortOrdered": rt.SortOrdered, "SortFunc": rt.SortFunc,
	}
	out := map[string]reflect.Value{"D": reflect.ValueOf((*D)(nil)), "AtomicPointer": reflect.ValueOf((*AtomicPointer)(nil)),
		"Handle": reflect.ValueOf((*Handle)(nil)), "WeakPointer": reflect.ValueOf((*WeakPointer)(nil))}
	for n, f := range fs {
		out[n] = reflect.ValueOf(f)
	}
	return out
}

// Two turns nil into (nil, false).
func (rt *Runtime) Two(x any) (any, bool) { return x, x != nil }

// At says which byte of the cell runs now.
func (rt *Runtime) At(offset int) {
	rt.takeTrace() // of a panic that compiled code stopped
	if r := rt.current(); r != nil {
		r.at.Store(int64(offset))
	}
}

// ToErr converts a value that holds an error to error.
func (rt *Runtime) ToErr(x any) error {
	if x == nil {
		return nil
	}
	x = Plain(x)
	if e, ok := x.(error); ok {
		return e
	}
	panic(fmt.Sprintf("%s is no error", rt.NameOf(x)))
}

// Func is a function as a value of a type that contains itself, which lowered
// code holds as interface{}; a nil function is nil.
func (rt *Runtime) Func(f any) any {
	if v := reflect.ValueOf(f); v.Kind() == reflect.Func && v.IsNil() {
		return nil
	}
	return f
}

// Key is a key of a map whose keys are interfaces: it panics in Go's words
// when it cannot be one.
func (rt *Runtime) Key(x any) any {
	x = Plain(x)
	if c, ok := unwrap(x); ok && !c.T.comparable {
		panic(RuntimeError{"hash of unhashable type " + c.T.Name})
	}
	if x != nil && !reflect.TypeOf(x).Comparable() {
		panic(RuntimeError{fmt.Sprintf("hash of unhashable type %T", x)})
	}
	return x
}

// Shift is a signed shift count.
func (rt *Runtime) Shift(n int) int {
	if n < 0 {
		panic(RuntimeError{"negative shift amount"})
	}
	return n
}

// Raw is a boxed value as it is laid out.
func (rt *Runtime) Raw(x any) any {
	if c, ok := unwrap(x); ok {
		return c.V
	}
	return x
}

// Fprintf is fmt.Fprintf.
func (rt *Runtime) Fprintf(w io.Writer, format string, a ...any) (int, error) {
	return io.WriteString(w, rt.Sprintf(format, a...))
}

// Fprint is fmt.Fprint.
func (rt *Runtime) Fprint(w io.Writer, a ...any) (int, error) {
	return io.WriteString(w, rt.Sprint(a...))
}

// Fprintln is fmt.Fprintln.
func (rt *Runtime) Fprintln(w io.Writer, a ...any) (int, error) {
	return io.WriteString(w, rt.Sprintln(a...))
}

// As is errors.As; target is a boxed pointer, or one to a compiled type.
func (rt *Runtime) As(err error, target any) bool {
	c, ok := unwrap(target)
	if !ok {
		if err == nil {
			return false
		}
		return errors.As(err, target)
	}
	p, ok := c.T.T.Underlying().(*types.Pointer)
	if !ok {
		panic("errors: target must be a non-nil pointer")
	}
	want := rt.Intern(p.Elem())
	for e := range tree(err) {
		if b, ok := unwrap(e); ok {
			if types.IsInterface(want.T) && rt.implements(e, want) {
				reflect.ValueOf(c.V).Elem().Set(reflect.ValueOf(e))
				return true
			}
			if b.T == want {
				reflect.ValueOf(c.V).Elem().Set(reflect.ValueOf(b.V))
				return true
			}
			if b.as(target) {
				return true
			}
		} else if types.IsInterface(want.T) && rt.implements(e, want) {
			reflect.ValueOf(c.V).Elem().Set(reflect.ValueOf(e))
			return true
		}
	}
	return false
}

// tree walks an error and what it wraps, depth first.
func tree(err error) func(func(error) bool) {
	var walk func(error, func(error) bool) bool
	walk = func(e error, yield func(error) bool) bool {
		if e == nil {
			return true
		}
		if !yield(e) {
			return false
		}
		switch u := e.(type) {
		case interface{ Unwrap() error }:
			return walk(u.Unwrap(), yield)
		case interface{ Unwrap() []error }:
			for _, x := range u.Unwrap() {
				if !walk(x, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(error) bool) { walk(err, yield) }
}

// Fatal is log.Fatal: it ends the cell.
func (rt *Runtime) Fatal(a ...any) { panic(&ExitErr{"log.Fatal: " + rt.Sprint(a...)}) }

// Fatalf is log.Fatalf.
func (rt *Runtime) Fatalf(format string, a ...any) {
	panic(&ExitErr{"log.Fatal: " + rt.Sprintf(format, a...)})
}

// Fatalln is log.Fatalln.
func (rt *Runtime) Fatalln(a ...any) { panic(&ExitErr{"log.Fatal: " + rt.Sprintln(a...)}) }
