package nb

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"text/template"
)

// missing knows what templates find under keys that a map does not have: maps
// of cell types are opened for them to maps of any, whose zero is no value. It
// keeps the maps, so that no other takes the place of one, until no template
// runs.
type missing struct {
	mu    sync.Mutex
	runs  int
	zeros map[uintptr]zeroOf
}

type zeroOf struct{ opened, zero any }

// begin is called before a template runs, end afterwards.
func (m *missing) begin() (end func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs++
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.runs--; m.runs == 0 {
			m.zeros = nil
		}
	}
}

func (m *missing) note(opened reflect.Value, zero any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.zeros == nil {
		m.zeros = map[uintptr]zeroOf{}
	}
	m.zeros[opened.Pointer()] = zeroOf{opened.Interface(), zero}
}

// of is the zero of an opened map.
func (m *missing) of(opened reflect.Value) (zero any, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	z, ok := m.zeros[opened.Pointer()]
	return z.zero, ok
}

// indexBuiltin runs the index of text/template, which is not exported.
const indexBuiltin = "{{graftꞏkeep (index .Item .Key)}}"

// templateIndex is the template function index, which gives the zero of a
// map's element for a key that the map does not have.
func (rt *Runtime) templateIndex(item reflect.Value, keys ...reflect.Value) (reflect.Value, error) {
	for _, k := range keys {
		var err error
		if item, err = rt.indexOnce(item, k); err != nil {
			return reflect.Value{}, err
		}
	}
	return item, nil
}

func (rt *Runtime) indexOnce(item, key reflect.Value) (got reflect.Value, err error) {
	keep := func(v reflect.Value) string { got = v; return "" }
	t, err := template.New("").Funcs(template.FuncMap{"graftꞏkeep": keep}).Parse(indexBuiltin)
	if err != nil {
		return got, err
	}
	if err := t.Execute(io.Discard, struct{ Item, Key any }{anyOf(item), anyOf(key)}); err != nil {
		for errors.Unwrap(err) != nil {
			err = errors.Unwrap(err)
		}
		return got, err
	}
	m := reflect.ValueOf(anyOf(item))
	if got.IsValid() && !(got.Kind() == reflect.Interface && got.IsNil()) || m.Kind() != reflect.Map {
		return got, nil
	}
	if zero, ok := rt.missing.of(m); ok && !hasKey(m, anyOf(key)) {
		return reflect.ValueOf(zero), nil
	}
	return got, nil
}

func anyOf(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

// hasKey tells of a map whether it has a key, which index has taken.
func hasKey(m reflect.Value, key any) bool {
	k := reflect.ValueOf(key)
	if !k.IsValid() || !k.CanConvert(m.Type().Key()) {
		return false
	}
	return m.MapIndex(k.Convert(m.Type().Key())).IsValid()
}

// builtinIndex tells whether index is text/template's in t, not a function that
// was given to it.
func builtinIndex(t *template.Template) bool {
	u, err := t.Clone()
	if err != nil {
		return false
	}
	probe, err := u.New("graftꞏprobe").Parse(`{{index "ab" 1}}`)
	if err != nil {
		return false
	}
	var out strings.Builder
	return probe.Execute(&out, nil) == nil && out.String() == "98"
}
