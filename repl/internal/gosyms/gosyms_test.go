package gosyms

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRestricted(t *testing.T) {
	m := Symbols()
	for _, c := range []struct {
		pkg, name string
		arg       any
		want      string
	}{
		{"os/os", "Exit", 3, "os.Exit(3)"},
		{"syscall/syscall", "Exit", 4, "os.Exit(4)"},
		{"log/log", "Fatal", "gone", "gone"},
		{"log/log", "Fatalln", "gone", "gone"},
		{"log/log", "Fatalf", "gone", "gone"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, c.want) {
					t.Errorf("%s.%s panicked with %q, want %q", c.pkg, c.name, got, c.want)
				}
			}()
			m[c.pkg][c.name].Call([]reflect.Value{reflect.ValueOf(c.arg)})
		}()
	}
	find := m["os/os"]["FindProcess"].Interface().(func(int) (*os.Process, error))
	if _, err := find(os.Getpid()); err == nil {
		t.Error("os.FindProcess found the process that runs the cells")
	}
	if p, err := find(os.Getppid()); err != nil || p.Pid != os.Getppid() {
		t.Errorf("os.FindProcess of another process: %v, %v", p, err)
	}
}

// The interpreter matches functions and wrappers by their reflect.Value.
func TestMapTypes(t *testing.T) {
	m := Symbols()
	types := m["."]["MapTypes"].Interface().(map[reflect.Value][]reflect.Type)
	if types[reflect.ValueOf(fmt.Sprintf)] == nil || types[m["io/io"]["_Reader"]] == nil {
		t.Errorf("fmt.Sprintf: %v, io.Reader: %v", types[reflect.ValueOf(fmt.Sprintf)], types[m["io/io"]["_Reader"]])
	}
	for k, is := range types {
		if !k.IsValid() || len(is) == 0 {
			t.Errorf("an entry names a symbol that is not there: %v", is)
		}
	}
	for _, c := range composed() {
		in := m[c.pkg][c.name].Type().Elem()
		if !c.wrapper.Implements(in) {
			t.Errorf("%v is no %v", c.wrapper, in)
		}
	}
}

// A table shows values, addressable variables, types as nil pointers, and
// wrappers that implement their interface.
func TestTable(t *testing.T) {
	m := Symbols()
	if f, ok := m["strings/strings"]["Lines"]; !ok || f.Kind() != reflect.Func {
		t.Error("there is no strings.Lines")
	}
	if v := m["os/os"]["Args"]; !v.CanSet() || v.Len() != len(os.Args) {
		t.Error("os.Args is no variable")
	}
	if v := m["io/io"]["Reader"]; v.Type() != reflect.TypeFor[*io.Reader]() || !v.IsNil() {
		t.Errorf("io.Reader is %v", v)
	}
	n := 0
	for pkg, table := range m {
		for name, v := range table {
			w, ok := table["_"+name]
			if !ok || v.Kind() != reflect.Pointer || v.Type().Elem().Kind() != reflect.Interface {
				continue
			}
			n++
			if in := v.Type().Elem(); !w.Type().Elem().Implements(in) && !hasHidden(in) {
				t.Errorf("%s: %v does not implement %v", pkg, w.Type().Elem(), in)
			}
		}
	}
	if n < 150 {
		t.Errorf("%d interfaces have wrappers", n)
	}
}

func hasHidden(in reflect.Type) bool {
	for i := range in.NumMethod() {
		if !in.Method(i).IsExported() {
			return true
		}
	}
	return false
}
