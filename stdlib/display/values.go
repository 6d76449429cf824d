package display

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// A value of at most this many parts and characters is printed as fmt prints
// it, on one line, like a value of a type that the cell declared.
const (
	shortParts = 400
	shortText  = 160
)

// Of a long slice or map, so many are shown at each end.
const ends = 10

// renderComposite shows a value by its kind.
func renderComposite(v any) map[string]string {
	r := reflect.ValueOf(v)
	if budget := shortParts; count(r, &budget, 0) {
		s := fmt.Sprint(v)
		if len(s) <= shortText || !composite(r) {
			return textOnly(cut(s))
		}
	}
	for r.Kind() == reflect.Pointer && !r.IsNil() {
		r = r.Elem()
	}
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		if fields := r.Type().Elem(); fields.Kind() == reflect.Struct && !printsItself(fields) {
			return structs(r).MIME()
		}
		return textOnly(cut(list(r)))
	case reflect.Map:
		return mapping(r).MIME()
	case reflect.Struct:
		return structure(r).MIME()
	}
	return textOnly(cut(brief(r)))
}

func composite(r reflect.Value) bool {
	switch r.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Pointer:
		return true
	}
	return false
}

// maxDepth ends what contains itself.
const maxDepth = 20

// count takes the parts of v from the budget, and is false when it is used up:
// then even printing v into nothing would be too much.
func count(v reflect.Value, budget *int, depth int) bool {
	if *budget--; *budget < 0 || depth > maxDepth {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		*budget -= v.Len() / 8
		return *budget >= 0
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !count(v.Index(i), budget, depth+1) {
				return false
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if !count(it.Key(), budget, depth+1) || !count(it.Value(), budget, depth+1) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !count(v.Field(i), budget, depth+1) {
				return false
			}
		}
	case reflect.Interface, reflect.Pointer:
		// fmt follows a pointer at the top only, and one may lead back here.
		if !v.IsNil() && (v.Kind() == reflect.Interface || depth == 0) {
			return count(v.Elem(), budget, depth+1)
		}
	}
	return true
}

// brief is v on one line of at most shortText bytes, whatever its size.
func brief(v reflect.Value) string {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return "<nil>"
	}
	if budget := shortParts; count(v, &budget, 1) {
		return cutTo(oneLine(fmt.Sprint(v)), shortText)
	}
	switch v.Kind() {
	case reflect.String:
		return cutTo(oneLine(v.String()[:boundary(v.String(), min(v.Len()-1, shortText))]), shortText-1) + "…"
	case reflect.Slice, reflect.Array, reflect.Map:
		return fmt.Sprintf("%s of %d", v.Type(), v.Len())
	}
	return fmt.Sprint(v.Type())
}

// list prints a slice or an array with its middle left out: in lines of
// brackets if the parts are short, one part a line otherwise.
func list(v reflect.Value) string {
	n := v.Len()
	var parts []string
	long := false
	for i := range n {
		if n > 2*ends && i >= ends && i < n-ends {
			continue
		}
		if n > 2*ends && i == n-ends {
			parts = append(parts, "…")
		}
		s := brief(v.Index(i))
		long = long || columns(s) > 24
		parts = append(parts, s)
	}
	notice := fmt.Sprintf("(%d values of type %s)", n, v.Type().Elem())
	if long {
		return strings.Join(append(parts, notice), "\n")
	}
	return wrap("["+strings.Join(parts, " ")+"]", lineWidth) + "\n" + notice
}

// wrap breaks at spaces.
func wrap(s string, width int) string {
	var b strings.Builder
	n := 0
	for i, word := range strings.Split(s, " ") {
		w := columns(word)
		switch {
		case i == 0:
		case n+1+w > width:
			b.WriteString("\n ")
			n = 1
		default:
			b.WriteString(" ")
			n++
		}
		b.WriteString(word)
		n += w
	}
	return b.String()
}

// structs is a table with a column for each field.
func structs(v reflect.Value) Table {
	t := Table{Caption: fmt.Sprintf("%d values of type %s", v.Len(), v.Type().Elem()), MaxRows: -1}
	fields := v.Type().Elem()
	t.Header = append(t.Header, "")
	for i := range fields.NumField() {
		t.Header = append(t.Header, fields.Field(i).Name)
	}
	for i := range v.Len() {
		if i == defaultRows {
			t.Caption += fmt.Sprintf(", the first %d of them", i)
			break
		}
		row := []string{fmt.Sprint(i)}
		for j := range fields.NumField() {
			row = append(row, brief(v.Index(i).Field(j)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// mapping is a table of keys and values, in the order of the keys.
func mapping(v reflect.Value) Table {
	keys := v.MapKeys()
	texts := make(map[int]string, len(keys))
	order := make([]int, len(keys))
	for i, k := range keys {
		texts[i], order[i] = brief(k), i
	}
	sort.SliceStable(order, func(a, b int) bool { return less(keys[order[a]], keys[order[b]], texts[order[a]], texts[order[b]]) })
	t := Table{Caption: fmt.Sprintf("%s of %d", v.Type(), v.Len()), Header: []string{"key", "value"}, MaxRows: -1}
	for n, i := range order {
		if n == defaultRows {
			t.Caption += fmt.Sprintf(", the first %d of them", n)
			break
		}
		t.Rows = append(t.Rows, []string{texts[i], brief(v.MapIndex(keys[i]))})
	}
	return t
}

// less orders numbers as numbers and everything else by its text.
func less(a, b reflect.Value, as, bs string) bool {
	switch {
	case a.Kind() != b.Kind():
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	}
	return as < bs
}

// structure is a table of fields.
func structure(v reflect.Value) Table {
	t := Table{Caption: fmt.Sprint(v.Type()), Header: []string{"field", "value"}, MaxRows: -1}
	for i := range v.NumField() {
		t.Rows = append(t.Rows, []string{v.Type().Field(i).Name, brief(v.Field(i))})
	}
	return t
}

// printsItself is true for types whose own text says more than their fields.
func printsItself(t reflect.Type) bool {
	for _, with := range []reflect.Type{reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Formatter]()} {
		if t.Implements(with) {
			return true
		}
	}
	return false
}
