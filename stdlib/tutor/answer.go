package tutor

import (
	"math"
	"reflect"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// empty reports whether nothing was filled in: nil, 0, "", an empty list.
func empty(answer any) bool {
	v := reflect.ValueOf(answer)
	if !v.IsValid() || v.IsZero() {
		return true
	}
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
}

// describe says what kind of thing an answer is.
func describe(in language, answer any) string {
	if answer == nil {
		return "nil"
	}
	if err, ok := answer.(error); ok {
		return in.say("the error %v", err)
	}
	if s, ok := answer.(string); ok {
		return in.say("the text %q", s)
	}
	return in.say("a %T", answer)
}

// asInt takes integers of any type, and floats without a fraction.
func asInt(answer any) (int64, bool) {
	v := reflect.ValueOf(answer)
	switch {
	case !v.IsValid():
		return 0, false
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), v.Uint() <= math.MaxInt64
	case v.CanFloat():
		x := v.Float()
		return int64(x), x == math.Trunc(x) && math.Abs(x) < 1<<53
	}
	return 0, false
}

// asFloat takes numbers of any type, and a tensor of one element.
func asFloat(answer any) (float64, bool) {
	if v := reflect.ValueOf(answer); v.IsValid() && v.CanFloat() {
		return v.Float(), true
	}
	if n, ok := asInt(answer); ok {
		return float64(n), true
	}
	if _, x, ok := asTensor(answer); ok && len(x) == 1 {
		return x[0], true
	}
	return 0, false
}

// asText takes strings of any type, without what is around a name.
func asText(answer any) (string, bool) {
	v := reflect.ValueOf(answer)
	if !v.IsValid() || v.Kind() != reflect.String {
		return "", false
	}
	return strings.TrimSuffix(strings.TrimSpace(v.String()), ":0"), true
}

// asInts takes lists of whole numbers, and tensors of them.
func asInts(answer any) ([]int, bool) {
	if t, ok := answer.(*graph.Tensor); ok && t != nil {
		out, err := graph.Ints(t)
		return out, err == nil
	}
	v := reflect.ValueOf(answer)
	if !v.IsValid() || v.Kind() != reflect.Slice || !v.Type().Elem().ConvertibleTo(reflect.TypeFor[int]()) {
		return nil, false
	}
	out := make([]int, v.Len())
	for i := range out {
		n, ok := asInt(v.Index(i).Interface())
		if !ok {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// named is a variable, a node or an operation.
type named interface{ Name() string }

// asNames takes a list of names or of things that have one, a single one, and
// a choice of variables to restore.
func asNames(answer any) ([]string, bool) {
	switch a := answer.(type) {
	case *slim.Selection:
		if a == nil {
			return nil, false
		}
		answer = a.Variables
	case named:
		return []string{a.Name()}, !reflect.ValueOf(a).IsNil()
	}
	v := reflect.ValueOf(answer)
	if !v.IsValid() || v.Kind() != reflect.Slice {
		return nil, false
	}
	out := []string{}
	for i := range v.Len() {
		e := v.Index(i).Interface()
		if n, ok := e.(named); ok && !reflect.ValueOf(n).IsZero() {
			e = n.Name()
		}
		s, ok := asText(e)
		if !ok {
			return nil, false
		}
		out = append(out, s)
	}
	return out, true
}

// asTensor takes a tensor of a session or of a checkpoint.
func asTensor(answer any) ([]int, []float64, bool) {
	var t *graph.Tensor
	var err error
	switch a := answer.(type) {
	case *graph.Tensor:
		if a == nil {
			return nil, nil, false
		}
		t, err = graph.Fit(a, graph.Float64, a.Shape()...)
	case *ckpt.Tensor:
		if a == nil {
			return nil, nil, false
		}
		t, err = graph.FromCheckpointAs(a, graph.Float64)
	default:
		return nil, nil, false
	}
	if err != nil {
		return nil, nil, false
	}
	x, ok := t.Data().([]float64)
	if one, scalar := t.Data().(float64); scalar {
		x, ok = []float64{one}, true
	}
	return []int(t.Shape()), x, ok
}
