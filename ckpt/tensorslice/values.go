package tensorslice

import (
	"encoding/binary"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// Tensor reads the values of name from its slices, which must cover it.
// Damage is a *tensors.CorruptError, an absent name a *tensors.NotFoundError.
func (c *Checkpoint) Tensor(name string) (*tensors.Tensor, error) {
	info, ok := c.saved[name]
	if !ok {
		return nil, &tensors.NotFoundError{Name: name, Path: c.path}
	}
	t, err := c.read(info)
	if err != nil {
		return nil, &tensors.CorruptError{Path: c.path, Name: name, Err: err}
	}
	return t, nil
}

func (c *Checkpoint) read(info tensors.Info) (*tensors.Tensor, error) {
	t := &tensors.Tensor{Name: info.Name, DType: info.DType, Shape: info.Shape}
	n, _ := tensors.Elements(info.Shape)
	covered := int64(0)
	parts := make([]*tensors.Tensor, len(info.Slices))
	for i, s := range info.Slices {
		part, elements, err := c.slice(info, s)
		if err != nil {
			return nil, fmt.Errorf("slice %v: %w", s, err)
		}
		parts[i] = part
		covered += elements
	}
	// Each part was as long as its slice says, so n is what the file holds.
	if covered != n {
		return nil, fmt.Errorf("its %d slices hold %d elements, shape %v has %d", len(parts), covered, info.Shape, n)
	}
	if info.DType == tensors.String {
		t.Strings = make([][]byte, n)
	} else {
		t.Data = make([]byte, info.Bytes)
	}
	for i, s := range info.Slices {
		if err := t.Paste(s, parts[i]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// slice reads the row of one slice and checks it has the elements it should.
func (c *Checkpoint) slice(info tensors.Info, s tensors.Slice) (*tensors.Tensor, int64, error) {
	key := string(wire.SliceKey(info.Name, s))
	row, ok, err := c.tables[key].Get(key)
	if err != nil {
		return nil, 0, err
	}
	if !ok {
		return nil, 0, fmt.Errorf("the meta data names it, but its values are not in the file")
	}
	proto, err := savedValues(row, info.Name)
	if err != nil {
		return nil, 0, err
	}
	_, lengths, err := s.Resolve(info.Shape)
	if err != nil {
		return nil, 0, err
	}
	part, err := decode(proto, info.DType)
	if err != nil {
		return nil, 0, err
	}
	n, _ := tensors.Elements(lengths)
	got := int64(len(part.Strings))
	if size := info.DType.Size(); size > 0 {
		got = int64(len(part.Data) / size)
	}
	if got != n {
		return nil, 0, fmt.Errorf("the file holds %d values, want %d", got, n)
	}
	return part, n, nil
}

// savedValues takes the TensorProto out of a row, and refuses a row that says
// it belongs to another tensor.
func savedValues(row []byte, name string) (proto []byte, err error) {
	owner, found := "", false
	err = wire.Fields(row, func(f wire.Field) error {
		if f.Number != 2 {
			return nil
		}
		return wire.Fields(f.Bytes, func(f wire.Field) error {
			switch f.Number {
			case 1:
				owner = string(f.Bytes)
			case 3:
				proto, found = f.Bytes, true
			}
			return nil
		})
	})
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fmt.Errorf("its row holds no values")
	case owner != name:
		return nil, fmt.Errorf("its row belongs to tensor %q", owner)
	}
	return proto, nil
}

// list says where a TensorProto keeps the values of a type, how wide one is
// on the wire (0: a varint), and how many make an element.
type list struct {
	field protowire.Number
	width int
}

var lists = map[tensors.DType]list{
	tensors.Float32: {5, 4}, tensors.Float64: {6, 8}, tensors.Complex64: {9, 4}, tensors.Complex128: {12, 8},
	tensors.Int32: {7, 0}, tensors.Int16: {7, 0}, tensors.Int8: {7, 0}, tensors.Uint8: {7, 0}, tensors.Uint16: {7, 0},
	tensors.QInt8: {7, 0}, tensors.QUint8: {7, 0}, tensors.QInt32: {7, 0}, tensors.QInt16: {7, 0}, tensors.QUint16: {7, 0},
	tensors.Int64: {10, 0}, tensors.Bool: {11, 0}, tensors.Float16: {13, 0}, tensors.BFloat16: {13, 0},
	tensors.Uint32: {16, 0}, tensors.Uint64: {17, 0}, tensors.String: {8, 0},
}

func decode(proto []byte, d tensors.DType) (*tensors.Tensor, error) {
	l, ok := lists[d]
	if !ok {
		return nil, fmt.Errorf("a V1 checkpoint cannot hold values of type %v", d)
	}
	t := &tensors.Tensor{DType: d}
	err := wire.Fields(proto, func(f wire.Field) error {
		switch {
		case f.Number != l.field:
			return nil
		case d == tensors.String:
			t.Strings = append(t.Strings, f.Bytes)
			return nil
		case l.width > 0 && f.Type == protowire.BytesType:
			t.Data = append(t.Data, f.Bytes...)
			if len(f.Bytes)%l.width != 0 {
				return fmt.Errorf("%d packed bytes are no whole number of values", len(f.Bytes))
			}
			return nil
		case l.width > 0:
			t.Data = appendWidth(t.Data, f.Value, l.width)
			return nil
		case f.Type == protowire.BytesType:
			return appendVarints(t, f.Bytes)
		}
		t.Data = appendWidth(t.Data, f.Value, d.Size())
		return nil
	})
	return t, err
}

func appendVarints(t *tensors.Tensor, packed []byte) error {
	for len(packed) > 0 {
		v, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return fmt.Errorf("packed values are cut off: %w", protowire.ParseError(n))
		}
		t.Data, packed = appendWidth(t.Data, v, t.DType.Size()), packed[n:]
	}
	return nil
}

// appendWidth appends the low bytes of v: of a negative number too, since it
// is stored sign-extended.
func appendWidth(b []byte, v uint64, width int) []byte {
	var full [8]byte
	binary.LittleEndian.PutUint64(full[:], v)
	return append(b, full[:width]...)
}
