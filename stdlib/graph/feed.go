package graph

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"graft/stdlib/internal/ops"
)

// Feeds are the values of placeholders in one run. Any other node may be fed
// too: it is then not computed. A value is
//
//   - a *Tensor of the node's dtype,
//   - a number, a bool, or a slice or slices of slices of them, as a feed_dict
//     takes: they get the node's dtype; a float that is no whole number does
//     not fit an integer, and floats are rounded to float32,
//   - *Examples, whose rows are known by name.
type Feeds map[*Node]any

// Examples is a feed whose rows are known by name. What the frozen part of a
// network makes of an example is remembered under its key, so that one that
// comes again is neither made nor looked at: training a head from picture
// files decodes each file once.
type Examples struct {
	// Source is what the examples are taken from, and how they are prepared:
	// examples with equal Source and key have equal values. It must be
	// comparable; a pointer will do.
	Source any
	// Keys name the examples, one for each row.
	Keys []uint64
	// Make makes rows: the examples at the given places of Keys, as a tensor
	// [len(places), …].
	Make func(places []int) (*Tensor, error)
}

// tensor makes all rows.
func (e *Examples) tensor() (*Tensor, error) {
	if e == nil || e.Make == nil {
		return nil, fmt.Errorf("the examples have no Make")
	}
	if len(e.Keys) == 0 {
		return nil, fmt.Errorf("there are no examples in it")
	}
	places := make([]int, len(e.Keys))
	for i := range places {
		places[i] = i
	}
	t, err := e.Make(places)
	if err != nil {
		return nil, err
	}
	if t == nil || t.Dims() == 0 || t.Shape()[0] != len(places) {
		return nil, fmt.Errorf("Make was asked for %d examples and gave %v", len(places), shapeOf(t))
	}
	return t, nil
}

func shapeOf(t *Tensor) string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprintf("a tensor of shape %s", ops.ShapeString(t.Shape()))
}

// feed checks what is fed against the nodes.
func (s *Session) feed(feeds Feeds) (map[*ops.Node]*ops.Value, error) {
	out := make(map[*ops.Node]*ops.Value, len(feeds))
	for n, x := range feeds {
		if n == nil {
			return nil, fmt.Errorf("a nil node is fed")
		}
		if n.g != s.g {
			return nil, fmt.Errorf("feed %s is of another graph than the session's", n.name)
		}
		v, err := fedValue(x, n.spec.DType)
		if err != nil {
			return nil, fmt.Errorf("feed %s: %w", n.name, err)
		}
		if v.DType != n.spec.DType || !ops.Fits(v.Shape, n.spec.Shape) {
			return nil, fmt.Errorf("feed %s: a tensor %v was given, %v is wanted%s", n.name, v.Spec(), n.spec, feedHint(v.Spec(), n.spec))
		}
		out[n.n] = v
	}
	return out, nil
}

// fedValue is the engine's view of one feed.
func fedValue(x any, dtype DType) (*ops.Value, error) {
	switch x := x.(type) {
	case *Tensor:
		return toValue(x)
	case *Examples:
		t, err := x.tensor()
		if err != nil {
			return nil, err
		}
		return toValue(t)
	}
	return plainValue(x, dtype)
}

// feedHint says what is most often wrong.
func feedHint(got, want ops.Spec) string {
	switch {
	case got.DType == want.DType && len(got.Shape)+1 == len(want.Shape) && ops.Fits(got.Shape, want.Shape[1:]):
		return fmt.Sprintf("; a batch of one has shape [1,%s", strings.TrimPrefix(ops.ShapeString(got.Shape), "["))
	case got.DType != want.DType && ops.Fits(got.Shape, want.Shape):
		return "; the shape fits, the dtype does not"
	}
	return ""
}

// plainValue makes a value of Go's numbers and bools, and slices of them.
func plainValue(x any, dtype DType) (*ops.Value, error) {
	v := reflect.ValueOf(x)
	shape, err := plainShape(v)
	if err != nil {
		return nil, err
	}
	out, err := ops.NewValue(ops.Spec{DType: dtype, Shape: shape})
	if err != nil {
		return nil, err
	}
	var flat []reflect.Value
	flatten(v, &flat)
	for i, e := range flat {
		if err := setPlain(out, i, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// plainShape is the shape of slices within slices, which must not be ragged.
func plainShape(v reflect.Value) ([]int, error) {
	if !v.IsValid() {
		return nil, fmt.Errorf("nil was given; a tensor, a number or a slice is wanted")
	}
	if k := v.Kind(); k == reflect.Bool || v.CanInt() || v.CanUint() || v.CanFloat() {
		return nil, nil
	} else if k != reflect.Slice && k != reflect.Array {
		return nil, fmt.Errorf("a %s was given; a tensor, a number or a slice is wanted", v.Type())
	}
	var inner []int
	for i := range v.Len() {
		s, err := plainShape(v.Index(i))
		if err != nil {
			return nil, err
		}
		if i > 0 && !reflect.DeepEqual(s, inner) {
			return nil, fmt.Errorf("the slices are ragged: element 0 has shape %s, element %d has %s", ops.ShapeString(inner), i, ops.ShapeString(s))
		}
		inner = s
	}
	return append([]int{v.Len()}, inner...), nil
}

func flatten(v reflect.Value, out *[]reflect.Value) {
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array {
		*out = append(*out, v)
		return
	}
	for i := range v.Len() {
		flatten(v.Index(i), out)
	}
}

// setPlain sets element i of out, which must be able to hold e.
func setPlain(out *ops.Value, i int, e reflect.Value) error {
	misfit := fmt.Errorf("%v does not fit %s", e, out.DType)
	if e.Kind() == reflect.Bool || out.DType == Bool {
		if e.Kind() != reflect.Bool || out.DType != Bool {
			return misfit
		}
		out.Bool[i] = e.Bool()
		return nil
	}
	switch out.DType {
	case Float32:
		out.F32[i] = float32(plainFloat(e))
	case Float64:
		out.F64[i] = plainFloat(e)
	default:
		n, exact := plainInt(e)
		if !exact || out.DType == Int32 && n != int64(int32(n)) {
			return misfit
		}
		if out.DType == Int32 {
			out.I32[i] = int32(n)
		} else {
			out.I64[i] = n
		}
	}
	return nil
}

func plainFloat(e reflect.Value) float64 {
	switch {
	case e.CanInt():
		return float64(e.Int())
	case e.CanUint():
		return float64(e.Uint())
	}
	return e.Float()
}

func plainInt(e reflect.Value) (n int64, exact bool) {
	switch {
	case e.CanInt():
		return e.Int(), true
	case e.CanUint():
		return int64(e.Uint()), e.Uint() <= math.MaxInt64
	}
	f := e.Float()
	return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<62
}
