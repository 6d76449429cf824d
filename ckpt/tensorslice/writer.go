package tensorslice

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/spool"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// maxRow is what TensorFlow lets a slice's conservative estimate grow to.
const maxRow = 1 << 31

// Writer writes a V1 checkpoint of one file. Nothing appears under its name
// before Close.
//
// The table is sorted and begins with what is known last, so small rows wait
// in a second file until then. Large ones go to their place at once, in blocks
// of their own as TensorFlow's, only in the order they came: a file without
// them is TensorFlow's byte for byte.
type Writer struct {
	out   *atomicfile.File
	buf   *bufio.Writer
	table *sstable.Writer
	rows  *spool.Spool
	meta  []*meta // in the order they came
	seen  map[string]*meta
	kept  []row
	err   error
}

// row is where the SavedTensorSlices of a slice is.
type row struct {
	key    string
	waits  spool.Place
	placed *sstable.Placed // nil for one that waits
}

// Create starts a checkpoint at path. The folder must exist.
func Create(path string) (*Writer, error) {
	rows, err := spool.Create(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/tensorslice: %w", err)
	}
	out, err := atomicfile.Create(path)
	if err != nil {
		rows.Remove()
		return nil, fmt.Errorf("ckpt/tensorslice: %w", err)
	}
	buf := bufio.NewWriterSize(out, 1<<20)
	return &Writer{out: out, buf: buf, table: sstable.NewWriter(buf), rows: rows, seen: map[string]*meta{}}, nil
}

// Add writes a tensor in one piece. A name given twice, an empty name, values
// that do not fit the shape, a type that V1 cannot hold (bfloat16, uint32,
// uint64, qint16, quint16, 8-bit floats, 4-bit integers) and a tensor of more
// than 2 GiB are errors; after one, Close fails and leaves nothing.
func (w *Writer) Add(t *tensors.Tensor) error {
	if t == nil {
		return t.Check()
	}
	whole := make(tensors.Slice, len(t.Shape))
	for i := range whole {
		whole[i].Length = -1
	}
	return w.AddSlice(t.Info(), whole, t)
}

// AddSlice writes a part of a partitioned variable: the values of the box at s
// of the variable that whole describes by name, type and shape. A shard of a
// checkpoint (NAME-00000-of-00002) is a file that has some of the parts, so
// nobody here knows whether all of them come. Errors: those of Add, a slice
// given twice, a part that does not fit.
func (w *Writer) AddSlice(whole tensors.Info, s tensors.Slice, part *tensors.Tensor) error {
	if part == nil {
		return part.Check()
	}
	if w.err != nil {
		return w.err
	}
	if err := w.add(whole, s, part); err != nil {
		w.err = fmt.Errorf("ckpt/tensorslice: tensor %q: %w", whole.Name, err)
	}
	return w.err
}

func (w *Writer) add(whole tensors.Info, s tensors.Slice, part *tensors.Tensor) error {
	_, lengths, err := s.Resolve(whole.Shape)
	if err == nil {
		err = part.Check()
	}
	switch {
	case whole.Name == "":
		return fmt.Errorf("a name must not be empty")
	case err != nil:
		return err
	case part.DType != whole.DType || !slices.Equal(part.Shape, lengths):
		return fmt.Errorf("slice %v is %v of shape %v, want %v of shape %v", s, part.DType, part.Shape, whole.DType, lengths)
	}
	most, ok := largest[whole.DType]
	if !ok {
		return fmt.Errorf("a V1 checkpoint cannot hold %v: convert the values, or write V2", whole.DType)
	}
	estimate := int64(1024+len(whole.Name)) + part.Elements()*most
	for _, s := range part.Strings {
		estimate += int64(len(s))
	}
	if estimate > maxRow {
		return fmt.Errorf("too large to serialize (conservative estimate: %d bytes, TensorFlow reads up to %d): write V2", estimate, int64(maxRow))
	}
	if err := w.describe(whole, s); err != nil {
		return err
	}
	return w.addRow(whole.Name, s, part)
}

// meta is what the table's first row says of a variable.
type meta struct {
	info   tensors.Info
	slices []tensors.Slice
}

// describe adds a slice to what is said of its variable. Slices of one variable
// stand together, where the first of them came.
func (w *Writer) describe(whole tensors.Info, s tensors.Slice) error {
	m := w.seen[whole.Name]
	if m == nil {
		m = &meta{info: whole}
		w.seen[whole.Name], w.meta = m, append(w.meta, m)
	}
	if m.info.DType != whole.DType || !slices.Equal(m.info.Shape, whole.Shape) {
		return fmt.Errorf("it is %v of shape %v and %v of shape %v", m.info.DType, m.info.Shape, whole.DType, whole.Shape)
	}
	for _, before := range m.slices {
		_, _, overlap := before.Intersect(s, whole.Shape)
		switch {
		case slices.Equal(before, s):
			return fmt.Errorf("the name was added before")
		case overlap:
			return fmt.Errorf("slices %v and %v overlap", before, s)
		}
	}
	m.slices = append(m.slices, s)
	return nil
}

// largest is TensorFlow's MaxBytesPerElement of the types it writes.
var largest = map[tensors.DType]int64{
	tensors.Float32: 4, tensors.Float64: 8, tensors.Complex64: 8, tensors.Complex128: 16, tensors.Bool: 1, tensors.Float16: 3,
	tensors.Uint8: 2, tensors.QUint8: 2, tensors.Uint16: 3, tensors.Int8: 10, tensors.Int16: 10, tensors.Int32: 10,
	tensors.Int64: 10, tensors.QInt8: 10, tensors.QInt32: 10, tensors.String: 10,
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}

// encode is a SavedSliceMeta.
func (m *meta) encode() []byte {
	b := appendMessage(nil, 1, []byte(m.info.Name))
	b = appendMessage(b, 2, wire.AppendShape(nil, m.info.Shape))
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), uint64(m.info.DType))
	for _, s := range m.slices {
		b = appendMessage(b, 4, wire.AppendSlice(nil, s))
	}
	return b
}

// addRow writes SavedTensorSlices{2 SavedSlice{1 name, 2 slice, 3 TensorProto}}
// around the values, which are not copied to be wrapped.
func (w *Writer) addRow(name string, s tensors.Slice, t *tensors.Tensor) error {
	tag, values := packed(t)
	head := appendMessage(appendMessage(nil, 1, []byte(name)), 2, wire.AppendSlice(nil, s))
	proto := len(tag) + len(values)
	head = protowire.AppendVarint(protowire.AppendTag(head, 3, protowire.BytesType), uint64(proto))
	outer := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.BytesType), uint64(len(head)+proto))
	r := row{key: string(wire.SliceKey(name, s))}
	var err error
	if len(r.key)+len(outer)+len(head)+proto >= sstable.Alone {
		at := w.table.Place([]byte(r.key), outer, head, tag, values)
		r.placed = &at
	} else {
		r.waits, err = w.rows.Put(outer, head, tag, values)
	}
	w.kept = append(w.kept, r)
	return err
}

// packed is the one field of the TensorProto: its tag with the length, and the
// values. Strings are a field each, all of them in values.
func packed(t *tensors.Tensor) (tag, values []byte) {
	l := lists[t.DType]
	switch {
	case t.DType == tensors.String:
		for _, s := range t.Strings {
			values = appendMessage(values, l.field, s)
		}
		return nil, values
	case len(t.Data) == 0:
		return nil, nil
	case l.width > 0:
		values = t.Data
	default:
		values = varints(t)
	}
	tag = protowire.AppendTag(nil, l.field, protowire.BytesType)
	return protowire.AppendVarint(tag, uint64(len(values))), values
}

// signed are the types whose sign goes through all 64 bits of a varint.
var signed = map[tensors.DType]bool{tensors.Int8: true, tensors.Int16: true, tensors.Int32: true, tensors.QInt8: true, tensors.QInt32: true}

func varints(t *tensors.Tensor) []byte {
	size := t.DType.Size()
	out := make([]byte, 0, len(t.Data))
	for i := 0; i < len(t.Data); i += size {
		var full [8]byte
		copy(full[:], t.Data[i:i+size])
		v := binary.LittleEndian.Uint64(full[:])
		if shift := 64 - 8*size; signed[t.DType] {
			v = uint64(int64(v<<shift) >> shift)
		}
		out = protowire.AppendVarint(out, v)
	}
	return out
}

// Close sorts the rows into the table, and puts it in place.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.commit()
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.rows.Remove()
	w.err = errors.New("ckpt/tensorslice: the writer is closed")
	return nil
}

func (w *Writer) commit() error {
	rows, err := w.rows.Read()
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := w.finish(rows); err != nil {
		return err
	}
	if err := w.buf.Flush(); err != nil {
		return err
	}
	return w.out.Commit()
}

func (w *Writer) finish(rows *mapped.File) error {
	defer runtime.KeepAlive(rows)
	var all []byte
	for _, m := range w.meta {
		all = appendMessage(all, 1, m.encode())
	}
	all = appendMessage(all, 2, []byte{0x08, maxVersion}) // producer
	if err := w.table.Add(nil, appendMessage(nil, 1, all)); err != nil {
		return err
	}
	slices.SortFunc(w.kept, func(a, b row) int { return cmp.Compare(a.key, b.key) })
	for _, r := range w.kept {
		if r.placed != nil {
			if err := w.table.AddPlaced([]byte(r.key), *r.placed); err != nil {
				return err
			}
			continue
		}
		value, err := rows.Bytes(r.waits.Offset, r.waits.Size)
		if err == nil {
			err = w.table.Add([]byte(r.key), value)
		}
		if err != nil {
			return err
		}
	}
	return w.table.Close()
}

// Abort gives the checkpoint up and removes what was written of it. After a
// successful Close it does nothing.
func (w *Writer) Abort() {
	w.rows.Remove()
	w.out.Abort()
	if w.err == nil {
		w.err = errors.New("ckpt/tensorslice: the writer was aborted")
	}
}
