package ckpt

import (
	"fmt"
	"math"
	"sync"

	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// objectGraphKey is where tf.train.Checkpoint and TF2's SavedModel keep a
// TrackableObjectGraph, which says what object each key belongs to.
const objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"

// Objects is the object graph of a checkpoint that tf.train.Checkpoint wrote.
// Node 0 is the object that was saved.
type Objects struct {
	Nodes []Object
}

// Object is a node: a Python object that was saved.
type Object struct {
	Children   []Child     // by attribute name, in the order of the file
	Attributes []Attribute // the values that are saved of it
	Slots      []Slot      // of an optimizer: its variables for each variable
}

// Child is an edge of the graph.
type Child struct {
	Name string // the attribute's, such as layer_with_weights-0
	Node int
}

// Attribute is a saved value of an object.
type Attribute struct {
	Name     string // VARIABLE_VALUE for a variable's
	FullName string // the variable's name in Python, such as dense/kernel
	Key      string // the tensor's name in the checkpoint
}

// Slot is a variable that an optimizer keeps for another.
type Slot struct {
	Variable int    // the node it is kept for
	Name     string // such as momentum, m or v
	Node     int
}

// FullNames maps the variables' names in Python to the checkpoint's keys, as
// TensorFlow's name-based restore of an object checkpoint does: of several
// variables with one name, the last counts.
func (o *Objects) FullNames() map[string]string {
	names := map[string]string{}
	for _, n := range o.Nodes {
		for _, a := range n.Attributes {
			if a.FullName != "" {
				names[a.FullName] = a.Key
			}
		}
	}
	return names
}

// keys are those of the variables with a full name.
func (o *Objects) keys(fullName string) []string {
	var keys []string
	for _, n := range o.Nodes {
		for _, a := range n.Attributes {
			if a.FullName == fullName && fullName != "" {
				keys = append(keys, a.Key)
			}
		}
	}
	return keys
}

// Objects decodes the object graph of a checkpoint that tf.train.Checkpoint or
// a TF2 SavedModel wrote; any other has none, and the result is empty. Damage
// is a *CorruptError.
func (r *Reader) Objects() (*Objects, error) { return r.objects() }

// readObjects decodes the graph when it is first asked for.
func readObjects(path string, f format) func() (*Objects, error) {
	return sync.OnceValues(func() (*Objects, error) {
		if info, ok := f.Info(objectGraphKey); !ok || info.DType != String || len(info.Shape) > 0 {
			return &Objects{}, nil
		}
		v, err := f.View(objectGraphKey)
		if err != nil {
			return nil, err
		}
		var o *Objects
		err = v.Use(func(t *Tensor) (err error) {
			o, err = parseObjects(t.Strings[0])
			return err
		})
		if err != nil {
			return nil, &tensors.CorruptError{Path: path, Name: objectGraphKey, Err: err}
		}
		return o, nil
	})
}

// parseObjects decodes a TrackableObjectGraph (trackable_object_graph.proto).
func parseObjects(b []byte) (*Objects, error) {
	o := &Objects{}
	err := wire.Fields(b, func(f wire.Field) error {
		if f.Number != 1 {
			return nil
		}
		n, err := parseObject(f.Bytes)
		o.Nodes = append(o.Nodes, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("object graph: %w", err)
	}
	for i, n := range o.Nodes {
		for _, c := range n.Children {
			if c.Node >= len(o.Nodes) {
				return nil, fmt.Errorf("object graph: child %q of node %d is node %d of %d", c.Name, i, c.Node, len(o.Nodes))
			}
		}
		for _, s := range n.Slots {
			if s.Variable >= len(o.Nodes) || s.Node >= len(o.Nodes) {
				return nil, fmt.Errorf("object graph: slot %q of node %d joins nodes %d and %d of %d", s.Name, i, s.Variable, s.Node, len(o.Nodes))
			}
		}
	}
	return o, nil
}

func parseObject(b []byte) (n Object, err error) {
	err = wire.Fields(b, func(f wire.Field) error {
		switch f.Number {
		case 1:
			var c Child
			err := wire.Fields(f.Bytes, func(f wire.Field) error { return set(f, []any{1: &c.Node, 2: &c.Name}) })
			n.Children = append(n.Children, c)
			return err
		case 2:
			var a Attribute
			err := wire.Fields(f.Bytes, func(f wire.Field) error { return set(f, []any{1: &a.Name, 2: &a.FullName, 3: &a.Key}) })
			n.Attributes = append(n.Attributes, a)
			return err
		case 3:
			var s Slot
			err := wire.Fields(f.Bytes, func(f wire.Field) error { return set(f, []any{1: &s.Variable, 2: &s.Name, 3: &s.Node}) })
			n.Slots = append(n.Slots, s)
			return err
		}
		return nil
	})
	return n, err
}

// set stores a field in the place of its number: a string, or a node, which is
// an int32 that counts from 0. Other fields are newer than we are.
func set(f wire.Field, places []any) error {
	if int(f.Number) >= len(places) {
		return nil
	}
	switch p := places[f.Number].(type) {
	case *string:
		*p = string(f.Bytes)
	case *int:
		if f.Value > math.MaxInt32 {
			return fmt.Errorf("node %d", int64(f.Value))
		}
		*p = int(f.Value)
	}
	return nil
}
