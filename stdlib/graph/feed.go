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

// fed is what one run is fed with.
type fed struct {
	values map[*ops.Node]*ops.Value
	named  map[*ops.Node]*named // the values that are Examples
}

// feed checks what is fed against the nodes. Examples whose shape is known are
// not made yet.
func (s *Session) feed(feeds Feeds) (*fed, error) {
	out := &fed{values: make(map[*ops.Node]*ops.Value, len(feeds)), named: map[*ops.Node]*named{}}
	for n, x := range feeds {
		if n == nil {
			return nil, fmt.Errorf("a nil node is fed")
		}
		if n.g != s.g {
			return nil, fmt.Errorf("feed %s is of another graph than the session's", n.name)
		}
		v, err := s.fedValue(n, x, out)
		if err == nil {
			err = n.fits(v)
		}
		if err != nil {
			return nil, fmt.Errorf("feed %s: %w", n.name, err)
		}
		out.values[n.n] = v
	}
	return out, nil
}

// fits checks a value that is fed for the node.
func (n *Node) fits(v *ops.Value) error {
	if v.DType != n.spec.DType || !ops.Fits(v.Shape, n.spec.Shape) {
		return fmt.Errorf("a tensor %v was given, %v is wanted%s", v.Spec(), n.spec, feedHint(v.Spec(), n.spec))
	}
	return nil
}

// fedValue is the engine's view of one feed.
func (s *Session) fedValue(n *Node, x any, out *fed) (*ops.Value, error) {
	switch x := x.(type) {
	case *Tensor:
		return toValue(x)
	case *Examples:
		e, v, err := s.features.name(n, x)
		out.named[n.n] = e
		return v, err
	}
	return plainValue(x, n.spec.DType)
}

// value is what a node is fed with, nil if it is not. Examples are made now if
// they are not made yet.
func (f *fed) value(n *ops.Node) (*ops.Value, error) {
	if e := f.named[n]; e != nil && !e.made {
		v, err := e.rows(e.all())
		if err != nil {
			return nil, fmt.Errorf("feed %s: %w", e.node.name, err)
		}
		e.made, f.values[n] = true, v
	}
	return f.values[n], nil
}

// some is the feed of some of the rows of nodes. Examples that are not made yet
// are made, those only.
func (f *fed) some(nodes []*ops.Node, places []int) (*fed, error) {
	out := &fed{values: make(map[*ops.Node]*ops.Value, len(nodes))}
	for _, n := range nodes {
		if e := f.named[n]; e != nil && !e.made {
			v, err := e.rows(places)
			if err != nil {
				return nil, fmt.Errorf("feed %s: %w", e.node.name, err)
			}
			out.values[n] = v
			continue
		}
		out.values[n] = rowsAt(f.values[n], places)
	}
	return out, nil
}

// rowsAt copies some rows of a value.
func rowsAt(v *ops.Value, places []int) *ops.Value {
	out, _ := ops.NewValue(ops.Spec{DType: v.DType, Shape: append([]int{len(places)}, v.Shape[1:]...)}) // v's own dtype
	to, from := valueBytes(out), valueBytes(v)
	size := len(to) / len(places)
	for i, at := range places {
		copy(to[i*size:(i+1)*size], from[at*size:])
	}
	return out
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
