package tensorslice

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// Tensor reads the values of name; see View for the errors.
func (c *Checkpoint) Tensor(name string) (*tensors.Tensor, error) {
	v, err := c.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// View gives the values of name, which must be covered by its slices: where
// they lie in the file if it stores them as they are (floats and complex
// numbers in one slice and an uncompressed block), else in memory. Checksums
// are verified once. Damage is a *tensors.CorruptError, an absent name a
// *tensors.NotFoundError, a closed checkpoint os.ErrClosed.
func (c *Checkpoint) View(name string) (v *tensors.View, err error) {
	err = c.guard(name, func(files *files, info tensors.Info) error {
		v, err = files.view(info)
		return err
	})
	return v, err
}

// Slice reads the box at s of name from the slices that overlap it. Errors:
// those of View, a box that does not lie inside.
func (c *Checkpoint) Slice(name string, s tensors.Slice) (t *tensors.Tensor, err error) {
	if info, ok := c.saved[name]; ok {
		if _, _, err := s.Resolve(info.Shape); err != nil {
			return nil, fmt.Errorf("ckpt/tensorslice: tensor %q: %w", name, err)
		}
	}
	err = c.guard(name, func(files *files, info tensors.Info) error {
		t, err = files.box(info, s)
		return err
	})
	return t, err
}

// guard runs read on the tensor of that name and names it in its errors.
func (c *Checkpoint) guard(name string, read func(*files, tensors.Info) error) error {
	info, ok := c.saved[name]
	if !ok {
		return &tensors.NotFoundError{Name: name, Path: c.path}
	}
	files, err := c.hold()
	if err != nil {
		return fmt.Errorf("ckpt/tensorslice: tensor %q: %s: %w", name, c.path, err)
	}
	defer runtime.KeepAlive(files)
	err = mapped.Guard(func() error { return read(files, info) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("ckpt/tensorslice: tensor %q: %s: %w", name, c.path, err)
	}
	return &tensors.CorruptError{Path: c.path, Name: name, Err: err}
}

func (f *files) view(info tensors.Info) (*tensors.View, error) {
	if len(info.Slices) != 1 || !info.Slices[0].IsFull(info.Shape) {
		whole := make(tensors.Slice, len(info.Shape))
		for i := range whole {
			whole[i].Length = -1
		}
		t, err := f.box(info, whole)
		if err != nil {
			return nil, err
		}
		return tensors.NewView(t, nil), nil
	}
	t, in, err := f.slice(info, info.Slices[0])
	if err != nil {
		return nil, err
	}
	t.Name, t.Shape = info.Name, info.Shape
	if in.Table.InPlace(t.Data) {
		return tensors.NewView(t, in.file), nil
	}
	return tensors.NewView(t, nil), nil
}

// box puts the box at s together from the slices that overlap it. Each slice
// turns out to be as long as it says before room is made for the box.
func (f *files) box(info tensors.Info, s tensors.Slice) (*tensors.Tensor, error) {
	var held int64
	for _, at := range info.Slices {
		_, lengths, err := at.Resolve(info.Shape)
		if err != nil {
			return nil, err
		}
		n, _ := tensors.Elements(lengths)
		held += n
	}
	// Each part was as long as its slice says, so n is what the file holds.
	if n, _ := tensors.Elements(info.Shape); held != n {
		return nil, fmt.Errorf("its %d slices hold %d elements, shape %v has %d", len(info.Slices), held, info.Shape, n)
	}
	var parts []*tensors.Tensor
	var places []tensors.Slice
	for _, at := range info.Slices {
		if _, _, overlap := s.Intersect(at, info.Shape); !overlap {
			continue
		}
		part, _, err := f.slice(info, at)
		if err != nil {
			return nil, fmt.Errorf("slice %v: %w", at, err)
		}
		parts, places = append(parts, part), append(places, at)
	}
	if err := f.tile(info); err != nil {
		return nil, err
	}
	_, lengths, err := s.Resolve(info.Shape)
	if err != nil {
		return nil, err
	}
	out := tensors.New(tensors.Info{Name: info.Name, DType: info.DType, Shape: lengths})
	for i, at := range places {
		out.PasteBox(s, at, parts[i], info.Shape)
	}
	return out, nil
}

// tile checks, once, that the slices of a tensor make up the whole. A lone box
// of a tensor that claims to be larger than its file is not worth the check.
func (f *files) tile(info tensors.Info) error {
	if _, done := f.tiled.Load(info.Name); done {
		return nil
	}
	var bytes int64
	for _, file := range f.open {
		bytes += file.Size()
	}
	if n := info.Elements(); n/64 > bytes {
		return fmt.Errorf("its slices claim %d elements, the files have %d bytes", n, bytes)
	}
	if err := tensors.Tile(info.Shape, info.Slices); err != nil {
		return err
	}
	f.tiled.Store(info.Name, true)
	return nil
}

// slice reads the row of one slice and checks it has the elements it should.
func (f *files) slice(info tensors.Info, s tensors.Slice) (*tensors.Tensor, source, error) {
	key := string(wire.SliceKey(info.Name, s))
	in := f.tables[key]
	row, ok, err := in.Get(key)
	if err != nil {
		return nil, in, err
	}
	if !ok {
		return nil, in, fmt.Errorf("the meta data names it, but its values are not in the file")
	}
	proto, err := savedValues(row, info.Name)
	if err != nil {
		return nil, in, err
	}
	_, lengths, err := s.Resolve(info.Shape)
	if err != nil {
		return nil, in, err
	}
	part, err := decode(proto, info.DType)
	if err != nil {
		return nil, in, err
	}
	n, _ := tensors.Elements(lengths)
	got := int64(len(part.Strings))
	if size := info.DType.Size(); size > 0 {
		got = int64(len(part.Data) / size)
	}
	if got != n {
		return nil, in, fmt.Errorf("the file holds %d values, want %d", got, n)
	}
	part.Shape = lengths
	return part, in, nil
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
		switch packed := f.Type == protowire.BytesType; {
		case f.Number != l.field:
			return nil
		case d == tensors.String && packed:
			t.Strings = append(t.Strings, slices.Clone(f.Bytes))
			return nil
		case d == tensors.String:
			return fmt.Errorf("a string is stored as a number")
		case l.width > 0 && packed:
			if len(f.Bytes)%l.width != 0 {
				return fmt.Errorf("%d packed bytes are no whole number of values", len(f.Bytes))
			}
			if t.Data == nil { // as TensorFlow writes them: all together, usable where they lie
				t.Data = f.Bytes[:len(f.Bytes):len(f.Bytes)]
				return nil
			}
			t.Data = append(t.Data, f.Bytes...)
			return nil
		case l.width > 0:
			t.Data = appendWidth(t.Data, f.Value, l.width)
			return nil
		case packed:
			return appendVarints(t, f.Bytes)
		}
		t.Data = appendWidth(t.Data, f.Value, d.Size())
		return nil
	})
	return t, err
}

func appendVarints(t *tensors.Tensor, packed []byte) error {
	values := 0
	for _, b := range packed { // the last byte of each has no top bit
		if b < 0x80 {
			values++
		}
	}
	t.Data = slices.Grow(t.Data, values*t.DType.Size())
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
