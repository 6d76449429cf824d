package nb

import (
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"sync"
	"testing"
	"time"
)

func newRuntime() *Runtime {
	return NewRuntime(func(string, string) (reflect.Value, bool) { return reflect.Value{}, false })
}

func named(name string, u types.Type) *types.Named {
	pkg := types.NewPackage("main", "main")
	return types.NewNamed(types.NewTypeName(token.NoPos, pkg, name, nil), u, nil)
}

// Go's == on boxes is == on the values with their types.
func TestBoxesCompare(t *testing.T) {
	rt := newRuntime()
	a, b := rt.Intern(named("A", types.Typ[types.Int])), rt.Intern(named("B", types.Typ[types.Int]))
	if rt.Box(a.ID, 1) != rt.Box(a.ID, 1) || rt.Box(a.ID, 1) == rt.Box(a.ID, 2) || rt.Box(a.ID, 1) == rt.Box(b.ID, 1) || rt.Eq(rt.Box(a.ID, 1), 1) {
		t.Error("boxes do not compare as their values do")
	}
	m := map[any]string{rt.Box(a.ID, 1): "a", rt.Box(b.ID, 1): "b", 1: "int"}
	if m[rt.Box(a.ID, 1)] != "a" || m[rt.Box(b.ID, 1)] != "b" || m[1] != "int" {
		t.Errorf("boxes as keys: %v", m)
	}
	s := rt.Intern(named("S", types.NewSlice(types.Typ[types.Int])))
	defer func() {
		if e, ok := recover().(error); !ok || e.Error() != "runtime error: comparing uncomparable type main.S" {
			t.Errorf("comparing slices panics with %v", e)
		}
	}()
	rt.Eq(rt.Box(s.ID, []int{1}), rt.Box(s.ID, []int{1}))
}

// The names are what %T prints of the same types in Go.
func TestTypeNames(t *testing.T) {
	d := named("Dog", types.NewStruct(nil, nil))
	for want, typ := range map[string]types.Type{
		"main.Dog":              d,
		"*main.Dog":             types.NewPointer(d),
		"map[string][]main.Dog": types.NewMap(types.Typ[types.String], types.NewSlice(d)),
		"interface {}":          types.Universe.Lookup("any").Type(),
		"[]uint8":               types.NewSlice(types.Universe.Lookup("byte").Type()),
		"[2]int32":              types.NewArray(types.Universe.Lookup("rune").Type(), 2),
		"func(main.Dog) error":  types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(0, nil, "", d)), types.NewTuple(types.NewVar(0, nil, "", types.Universe.Lookup("error").Type())), false),
		"struct { X int }":      types.NewStruct([]*types.Var{types.NewField(0, nil, "X", types.Typ[types.Int], false)}, nil),
	} {
		if got := TypeName(typ); got != want {
			t.Errorf("%s is named %s", want, got)
		}
	}
}

func TestFrame(t *testing.T) {
	rt := newRuntime()
	var log []string
	rt.Frame(func(d *D) {
		d.Defer(func() { log = append(log, "last") })
		d.Defer(func() { log = append(log, fmt.Sprint(d.Recover())) })
		d.Defer(func() { log = append(log, "first") })
		rt.Panic("p")
	})
	if got := fmt.Sprint(log); got != "[first p last]" {
		t.Error(got)
	}
	defer func() {
		if got := Recovered(recover()); got != "second" {
			t.Errorf("a panic of a deferred call is lost: %v", got)
		}
	}()
	rt.Frame(func(d *D) {
		d.Defer(func() { rt.Panic("second") })
		rt.Panic("first")
	})
}

// Everything that waits ends with its run, and with no other.
func TestWaitingEnds(t *testing.T) {
	rt := newRuntime()
	var mu sync.Mutex
	mu.Lock()
	var wg sync.WaitGroup
	wg.Add(1)
	for name, wait := range map[string]func(){
		"Recv":   func() { rt.Recv(make(chan int)) },
		"Send":   func() { rt.Send(make(chan []int), []int{1}) },
		"Select": func() { rt.Select("rs", make(chan int), make(chan string), "x") },
		"empty":  func() { rt.Select("") },
		"Sleep":  func() { rt.Sleep(time.Hour) },
		"Lock":   func() { rt.Lock(&mu) },
		"Wait":   func() { rt.Wait(&wg) },
	} {
		run := NewRun(name)
		ended := make(chan any)
		go func() {
			defer rt.labels.enter(run)()
			defer func() { ended <- recover() }()
			wait()
		}()
		NewRun("other").Interrupt()
		run.Interrupt()
		select {
		case p := <-ended:
			if c, ok := p.(*Control); !ok || !errors.Is(c.Why, ErrInterrupted) {
				t.Errorf("%s ended with %v", name, p)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s did not end", name)
		}
	}
}

func TestSelect(t *testing.T) {
	rt := newRuntime()
	full, empty := make(chan int, 1), make(chan error, 1)
	full <- 1
	if k, _, _ := rt.Select("sd", full, 2); k != 1 {
		t.Error("the default of a select was not taken")
	}
	if k, v, ok := rt.Select("rr", empty, full); k != 1 || v != 1 || !ok {
		t.Error(k, v, ok)
	}
	if k, _, _ := rt.Select("s", empty, nil); k != 0 || <-empty != nil {
		t.Error("nil was not sent")
	}
	close(full)
	if v, ok := rt.Recv2(full); v != 0 || ok {
		t.Error("receiving from a closed channel gives", v, ok)
	}
}

func TestGoroutinesKnowTheirRun(t *testing.T) {
	rt := newRuntime()
	a, b := NewRun("a"), NewRun("b")
	rt.Begin(b)
	seen := make(chan string, 3)
	leave := rt.labels.enter(a)
	go func() { go func() { seen <- rt.current().ID }() }()
	seen <- rt.current().ID
	leave()
	seen <- rt.current().ID
	got := map[string]int{}
	for range 3 {
		got[<-seen]++
	}
	if got["a"] != 2 || got["b"] != 1 {
		t.Error(got)
	}
}
