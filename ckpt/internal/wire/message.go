package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/tensors"
)

// Field is one decoded protocol buffer field: Value for varints and fixed
// numbers, Bytes for everything with a length.
type Field struct {
	Number protowire.Number
	Type   protowire.Type
	Value  uint64
	Bytes  []byte
}

// Fields calls f for each field of message b, in order.
func Fields(b []byte, f func(Field) error) error {
	for len(b) > 0 {
		field, n, err := next(b)
		if err != nil {
			return err
		}
		if err := f(field); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func next(b []byte) (Field, int, error) {
	number, kind, tag := protowire.ConsumeTag(b)
	if tag < 0 {
		return Field{}, 0, fmt.Errorf("message is not a protocol buffer: %w", protowire.ParseError(tag))
	}
	f, n := Field{Number: number, Type: kind}, 0
	switch kind {
	case protowire.VarintType:
		f.Value, n = protowire.ConsumeVarint(b[tag:])
	case protowire.Fixed32Type:
		var v uint32
		v, n = protowire.ConsumeFixed32(b[tag:])
		f.Value = uint64(v)
	case protowire.Fixed64Type:
		f.Value, n = protowire.ConsumeFixed64(b[tag:])
	case protowire.BytesType:
		f.Bytes, n = protowire.ConsumeBytes(b[tag:])
	default:
		n = protowire.ConsumeFieldValue(number, kind, b[tag:])
	}
	if n < 0 {
		return Field{}, 0, fmt.Errorf("field %d is not well-formed: %w", number, protowire.ParseError(n))
	}
	return f, tag + n, nil
}

// Shape decodes a TensorShapeProto: {2 repeated Dim{1 size}, 3 unknown_rank}.
func Shape(b []byte) ([]int, error) {
	var shape []int
	err := Fields(b, func(f Field) error {
		switch {
		case f.Number == 3 && f.Value != 0:
			return fmt.Errorf("shape has an unknown rank")
		case f.Number == 2:
			size := int64(0)
			if err := Fields(f.Bytes, func(d Field) error {
				if d.Number == 1 {
					size = int64(d.Value)
				}
				return nil
			}); err != nil {
				return err
			}
			shape = append(shape, int(size))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, ok := tensors.Elements(shape); !ok {
		return nil, fmt.Errorf("%v is not a shape: sizes must not be negative, their product not overflow, the rank not pass %d", brief(shape), tensors.MaxRank)
	}
	return shape, nil
}

func brief(shape []int) []int { return shape[:min(len(shape), 16)] }

// AppendShape encodes a TensorShapeProto.
func AppendShape(b []byte, shape []int) []byte {
	for _, d := range shape {
		var dim []byte
		if d != 0 { // proto3 leaves defaults out
			dim = protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(d))
		}
		b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), dim)
	}
	return b
}

// Slice decodes a TensorSliceProto: {1 repeated Extent{1 start, 2 length}}.
func Slice(b []byte) (tensors.Slice, error) {
	var s tensors.Slice
	err := Fields(b, func(f Field) error {
		if f.Number != 1 {
			return nil
		}
		e := tensors.Extent{Length: -1}
		if err := Fields(f.Bytes, func(x Field) error {
			switch x.Number {
			case 1:
				e.Start = int64(x.Value)
			case 2:
				if e.Length = int64(x.Value); e.Length < 0 {
					return fmt.Errorf("slice length is %d", e.Length)
				}
			}
			return nil
		}); err != nil {
			return err
		}
		s = append(s, e)
		return nil
	})
	return s, err
}

// AppendSlice encodes a TensorSliceProto; a whole axis is an empty Extent.
func AppendSlice(b []byte, s tensors.Slice) []byte {
	for _, e := range s {
		var extent []byte
		if e.Length >= 0 {
			if e.Start != 0 {
				extent = protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(e.Start))
			}
			extent = protowire.AppendVarint(protowire.AppendTag(extent, 2, protowire.VarintType), uint64(e.Length))
		}
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), extent)
	}
	return b
}
