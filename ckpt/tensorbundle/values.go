package tensorbundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"slices"

	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// Tensor reads the values of name and verifies their checksum. A partitioned
// variable is put together from its slices, which must cover it. Damage is a
// *tensors.CorruptError, an absent name a *tensors.NotFoundError.
func (b *Bundle) Tensor(name string) (*tensors.Tensor, error) {
	e, ok := b.entries[name]
	if !ok || name == headerKey {
		return nil, &tensors.NotFoundError{Name: name, Path: b.prefix}
	}
	t, err := b.read(name, e)
	if err != nil {
		return nil, &tensors.CorruptError{Path: b.prefix, Name: name, Err: err}
	}
	return t, nil
}

func (b *Bundle) read(name string, e entry) (*tensors.Tensor, error) {
	t := &tensors.Tensor{Name: name, DType: e.dtype, Shape: e.shape}
	if len(e.slices) > 0 {
		return t, b.readSlices(t, e.slices)
	}
	raw, err := b.bytes(e)
	if err != nil {
		return nil, err
	}
	if e.dtype == tensors.String {
		t.Strings, err = b.strings(e, raw)
		return t, err
	}
	if e.dtype.Size() == 0 {
		return nil, fmt.Errorf("elements of type %v have no plain representation", e.dtype)
	}
	if got := sstable.Checksum(raw); got != e.crc {
		return nil, checksumError(e.crc, got)
	}
	if b.big {
		swap(raw, e.dtype.Word())
	}
	t.Data = raw
	return t, nil
}

func checksumError(stored, got uint32) error {
	return fmt.Errorf("checksum does not match: stored %08x, calculated %08x: the file is damaged", stored, got)
}

// bytes reads what the entry points at, which must lie inside its shard.
func (b *Bundle) bytes(e entry) ([]byte, error) {
	f, err := b.file(e.shard)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if e.size > info.Size() || e.offset > info.Size()-e.size {
		return nil, fmt.Errorf("bytes %d to %d are wanted of %s, which has %d: the file is cut off", e.offset, uint64(e.offset)+uint64(e.size), f.Name(), info.Size())
	}
	raw := make([]byte, e.size)
	_, err = f.ReadAt(raw, e.offset)
	return raw, err
}

func (b *Bundle) file(shard int) (*os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, ok := b.files[shard]; ok {
		return f, nil
	}
	f, err := os.Open(shardPath(b.prefix, shard, b.shards))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("its data file %s is not there: copy it beside the index", shardPath(b.prefix, shard, b.shards))
	}
	if err != nil {
		return nil, err
	}
	b.files[shard] = f
	return f, nil
}

// swap reverses each word of b.
func swap(b []byte, word int) {
	for i := 0; i+word <= len(b); i += word {
		slices.Reverse(b[i : i+word])
	}
}

// strings decodes varint lengths, their checksum, and the bytes. The lengths
// are hashed as u32, or u64 if one is above 2³²-1 (tensor_bundle.cc
// ReadStringTensor).
func (b *Bundle) strings(e entry, raw []byte) ([][]byte, error) {
	n, _ := tensors.Elements(e.shape)
	if n > int64(len(raw)) {
		return nil, fmt.Errorf("%d strings cannot lie in %d bytes", n, len(raw))
	}
	lengths, rest, crc := make([]uint64, n), raw, uint32(0)
	for i := range lengths {
		v, w := binary.Uvarint(rest)
		if w <= 0 {
			return nil, fmt.Errorf("the length of string %d is cut off", i)
		}
		lengths[i], rest = v, rest[w:]
		crc = crc32.Update(crc, castagnoli(), b.lengthBytes(v))
	}
	if len(rest) < 4 {
		return nil, fmt.Errorf("the checksum of the strings' lengths is cut off")
	}
	if stored := b.order().Uint32(rest); stored != sstable.Mask(crc) {
		return nil, fmt.Errorf("lengths of the strings: %w", checksumError(stored, sstable.Mask(crc)))
	}
	crc = crc32.Update(crc, castagnoli(), rest)
	if sstable.Mask(crc) != e.crc {
		return nil, checksumError(e.crc, sstable.Mask(crc))
	}
	return cut(rest[4:], lengths)
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func (b *Bundle) lengthBytes(v uint64) []byte {
	out := make([]byte, 8)
	if v > math.MaxUint32 {
		b.order().PutUint64(out, v)
		return out
	}
	b.order().PutUint32(out, uint32(v))
	return out[:4]
}

func cut(data []byte, lengths []uint64) ([][]byte, error) {
	out := make([][]byte, len(lengths))
	for i, n := range lengths {
		if n > uint64(len(data)) {
			return nil, fmt.Errorf("string %d has %d bytes, %d are left", i, n, len(data))
		}
		out[i], data = data[:n:n], data[n:]
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("%d bytes are left after the last string", len(data))
	}
	return out, nil
}

func (b *Bundle) readSlices(t *tensors.Tensor, parts []tensors.Slice) error {
	n, _ := tensors.Elements(t.Shape)
	covered := int64(0)
	var pieces []*tensors.Tensor
	for _, s := range parts {
		piece, err := b.readSlice(t, s)
		if err != nil {
			return err
		}
		elements := int64(len(piece.Strings))
		if size := t.DType.Size(); size > 0 {
			elements = int64(len(piece.Data) / size)
		}
		covered += elements
		pieces = append(pieces, piece)
	}
	if covered != n {
		return fmt.Errorf("its %d slices hold %d elements, shape %v has %d", len(parts), covered, t.Shape, n)
	}
	if t.DType == tensors.String {
		t.Strings = make([][]byte, n)
	} else {
		t.Data = make([]byte, n*int64(t.DType.Size()))
	}
	for i, s := range parts {
		if err := t.Paste(s, pieces[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bundle) readSlice(t *tensors.Tensor, s tensors.Slice) (*tensors.Tensor, error) {
	_, lengths, err := s.Resolve(t.Shape)
	if err != nil {
		return nil, err
	}
	e, ok := b.entries[string(wire.SliceKey(t.Name, s))]
	switch {
	case !ok:
		return nil, fmt.Errorf("its slice %v is not in the index", s)
	case len(e.slices) > 0 || e.dtype != t.DType || !slices.Equal(e.shape, lengths):
		return nil, fmt.Errorf("its slice %v is %v of shape %v, want %v of shape %v", s, e.dtype, e.shape, t.DType, lengths)
	}
	return b.read(t.Name, e)
}
