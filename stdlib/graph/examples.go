package graph

import (
	"fmt"
	"reflect"
	"slices"

	"graft/stdlib/internal/ops"
)

// Examples is a feed whose rows are known by name. What the frozen part of a
// network makes of an example is remembered under its key, so that one that
// comes again is neither made nor looked at: training a head from picture
// files decodes each file once.
type Examples struct {
	// Source is what the examples are taken from, and how they are prepared:
	// examples with equal Source and key have equal values. It must be
	// comparable; a pointer will do. The session keeps it. Examples that are
	// prepared at random, each time otherwise, have none: nil.
	Source any
	// Keys name the examples, one for each row.
	Keys []uint64
	// Make makes rows: the examples at the given places of Keys, as a tensor
	// [len(places), …]. It may be called more than once, or not at all.
	Make func(places []int) (*Tensor, error)
}

// source is a Source that was fed to one node.
type source struct {
	id  uint64
	row ops.Spec // of one example, once one was made
}

// sourceKey tells sources apart. What one node is fed with may be something
// else than what another one gets of the same Source.
type sourceKey struct {
	node   *ops.Node
	source any
}

// maxSources bounds how many are known at a time.
const maxSources = 256

// named is a feed of Examples.
type named struct {
	*Examples
	node   *Node
	source *source // nil: without a name
	made   bool
}

// name makes the examples, or, of a source whose rows are known, says only
// what shape they will have.
func (f *features) name(n *Node, x *Examples) (*named, *ops.Value, error) {
	e := &named{Examples: x, node: n}
	switch {
	case x == nil || x.Make == nil:
		return nil, nil, fmt.Errorf("the examples have no Make")
	case len(x.Keys) == 0:
		return nil, nil, fmt.Errorf("there are no examples in it")
	case x.Source != nil && !reflect.ValueOf(x.Source).Comparable():
		return nil, nil, fmt.Errorf("the examples' Source is a %T, which cannot be compared; a pointer will do", x.Source)
	case x.Source != nil:
		e.source = f.source(n.n, x.Source)
	}
	if e.source != nil && e.source.row.Shape != nil {
		return e, &ops.Value{DType: e.source.row.DType, Shape: append([]int{len(x.Keys)}, e.source.row.Shape...)}, nil
	}
	v, err := e.rows(e.all())
	e.made = true
	return e, v, err
}

// source finds or adds a source. Too many, and all are forgotten, with what
// was remembered under their names.
func (f *features) source(n *ops.Node, of any) *source {
	key := sourceKey{n, of}
	if f.sources[key] == nil {
		if len(f.sources) >= maxSources {
			f.forget()
			clear(f.sources)
		}
		f.lastSource++
		f.sources[key] = &source{id: f.lastSource}
	}
	return f.sources[key]
}

// all are the places of all examples.
func (e *named) all() []int {
	places := make([]int, len(e.Keys))
	for i := range places {
		places[i] = i
	}
	return places
}

// rows makes the examples at some places.
func (e *named) rows(places []int) (*ops.Value, error) {
	t, err := e.Make(places)
	if err != nil {
		return nil, err
	}
	if t == nil || t.Dims() == 0 || t.Shape()[0] != len(places) {
		return nil, fmt.Errorf("asked for %d examples, Make gave %v", len(places), shapeOf(t))
	}
	v, err := toValue(t)
	if err != nil {
		return nil, err
	}
	if err := e.node.fits(v); err != nil || e.source == nil {
		return v, err
	}
	row := ops.Spec{DType: v.DType, Shape: append([]int{}, v.Shape[1:]...)}
	if e.source.row.Shape == nil {
		e.source.row = row
	} else if row.DType != e.source.row.DType || !slices.Equal(row.Shape, e.source.row.Shape) {
		return nil, fmt.Errorf("examples of one Source differ: Make gave %v, before it gave %v", row, e.source.row)
	}
	return v, nil
}

func shapeOf(t *Tensor) string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprintf("a tensor of shape %s", ops.ShapeString(t.Shape()))
}
