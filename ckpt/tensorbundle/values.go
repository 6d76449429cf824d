package tensorbundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"

	"graft/ckpt/internal/crc"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// Tensor reads the values of name; see View for the errors.
func (b *Bundle) Tensor(name string) (*tensors.Tensor, error) {
	v, err := b.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// View gives the values of name where they lie in the file, after verifying
// their checksum once. A partitioned variable is put together in memory from
// its slices, which must cover it. Damage is a *tensors.CorruptError, an
// absent name a *tensors.NotFoundError, a closed bundle os.ErrClosed.
func (b *Bundle) View(name string) (v *tensors.View, err error) {
	err = b.guard(name, func(e *entry) error {
		v, err = b.view(name, e)
		return err
	})
	return v, err
}

// Slice reads the box at s of name, of a partitioned variable only the parts
// that overlap it. Errors: those of View, a box that does not lie inside.
func (b *Bundle) Slice(name string, s tensors.Slice) (t *tensors.Tensor, err error) {
	e, ok := b.entries[name]
	if !ok || name == headerKey {
		return nil, &tensors.NotFoundError{Name: name, Path: b.prefix}
	}
	_, lengths, err := s.Resolve(e.shape)
	if err != nil {
		return nil, fmt.Errorf("ckpt/tensorbundle: tensor %q: %w", name, err)
	}
	err = b.guard(name, func(e *entry) error {
		if len(e.slices) > 0 {
			t, err = b.box(name, e, s, lengths)
			return err
		}
		v, err := b.view(name, e)
		if err == nil {
			t, err = v.Cut(s)
		}
		return err
	})
	return t, err
}

// guard runs read on the entry of name and names the tensor in its errors.
func (b *Bundle) guard(name string, read func(*entry) error) error {
	e, ok := b.entries[name]
	if !ok || name == headerKey {
		return &tensors.NotFoundError{Name: name, Path: b.prefix}
	}
	err := mapped.Guard(func() error { return read(e) })
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("ckpt/tensorbundle: tensor %q: %s: %w", name, b.prefix, os.ErrClosed)
	}
	return &tensors.CorruptError{Path: b.prefix, Name: name, Err: err}
}

func (b *Bundle) view(name string, e *entry) (*tensors.View, error) {
	t := &tensors.Tensor{Name: name, DType: e.dtype, Shape: e.shape}
	if len(e.slices) > 0 {
		whole := make(tensors.Slice, len(e.shape))
		for i := range whole {
			whole[i].Length = -1
		}
		t, err := b.box(name, e, whole, e.shape)
		if err != nil {
			return nil, err
		}
		return tensors.NewView(t, nil), nil
	}
	if e.dtype.Size() == 0 && e.dtype != tensors.String {
		return nil, fmt.Errorf("elements of type %v have no plain representation", e.dtype)
	}
	f, err := b.file(e.shard)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(f)
	raw, err := f.Bytes(e.offset, e.size)
	if err != nil {
		return nil, err
	}
	if e.dtype == tensors.String {
		t.Strings, err = b.strings(e, raw)
		return tensors.NewView(t, nil), err
	}
	if err := e.verify(raw, f.InPlace()); err != nil {
		return nil, err
	}
	t.Data = raw
	switch word := e.dtype.Word(); {
	case b.big && word > 1:
		if f.InPlace() {
			t.Data = slices.Clone(raw)
		}
		swap(t.Data, word)
	case f.InPlace():
		return tensors.NewView(t, f), nil
	}
	return tensors.NewView(t, nil), nil
}

// verify holds the bytes against the checksum; mapped ones once.
func (e *entry) verify(raw []byte, once bool) error {
	if once && e.verified.Load() {
		return nil
	}
	if got := crc.Masked(raw); got != e.crc {
		return checksumError(e.crc, got)
	}
	e.verified.Store(true)
	return nil
}

func checksumError(stored, got uint32) error {
	return fmt.Errorf("checksum does not match: stored %08x, calculated %08x: the file is damaged", stored, got)
}

func (b *Bundle) file(shard int) (*mapped.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, os.ErrClosed
	}
	if f, ok := b.files[shard]; ok {
		return f, nil
	}
	path := shardPath(b.prefix, shard, b.shards)
	f, err := mapped.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("its data file %s is not there: copy it beside the index", path)
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
func (b *Bundle) strings(e *entry, raw []byte) ([][]byte, error) {
	n, _ := tensors.Elements(e.shape)
	if n > int64(len(raw)) {
		return nil, fmt.Errorf("%d strings cannot lie in %d bytes", n, len(raw))
	}
	lengths, rest, sum := make([]uint64, n), raw, uint32(0)
	for i := range lengths {
		v, w := binary.Uvarint(rest)
		if w <= 0 {
			return nil, fmt.Errorf("the length of string %d is cut off", i)
		}
		lengths[i], rest = v, rest[w:]
		sum = crc.Castagnoli().Update(sum, b.lengthBytes(v))
	}
	if len(rest) < 4 {
		return nil, fmt.Errorf("the checksum of the strings' lengths is cut off")
	}
	if stored := b.order().Uint32(rest); stored != crc.Mask(sum) {
		return nil, fmt.Errorf("lengths of the strings: %w", checksumError(stored, crc.Mask(sum)))
	}
	sum = crc.Castagnoli().Update(sum, rest)
	if crc.Mask(sum) != e.crc {
		return nil, checksumError(e.crc, crc.Mask(sum))
	}
	return cut(rest[4:], lengths)
}

func (b *Bundle) lengthBytes(v uint64) []byte {
	out := make([]byte, 8)
	if v > math.MaxUint32 {
		b.order().PutUint64(out, v)
		return out
	}
	b.order().PutUint32(out, uint32(v))
	return out[:4]
}

// cut copies the strings out of data, whose mapping they do not hold.
func cut(data []byte, lengths []uint64) ([][]byte, error) {
	data = slices.Clone(data)
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

// box puts the box at s of a partitioned variable together from its slices,
// which must cover the whole without overlapping.
func (b *Bundle) box(name string, e *entry, s tensors.Slice, lengths []int) (*tensors.Tensor, error) {
	if err := b.covered(name, e); err != nil {
		return nil, err
	}
	out := tensors.New(tensors.Info{Name: name, DType: e.dtype, Shape: lengths})
	for _, at := range e.slices {
		if _, _, overlap := s.Intersect(at, e.shape); !overlap {
			continue
		}
		v, err := b.view(name, b.entries[string(wire.SliceKey(name, at))])
		if err != nil {
			return nil, fmt.Errorf("slice %v: %w", at, err)
		}
		err = v.Use(func(part *tensors.Tensor) error {
			out.PasteBox(s, at, part, e.shape)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// covered checks from the index, once, that the slices are there, are backed by
// as many bytes in the data files as they claim, and make up the whole: only
// then is the shape a size to make room for.
func (b *Bundle) covered(name string, e *entry) error {
	held, stored := int64(0), map[int]int64{}
	for _, at := range e.slices {
		part, err := b.part(name, e, at)
		if err != nil {
			return err
		}
		n, _ := tensors.Elements(part.shape)
		held, stored[part.shard] = held+n, stored[part.shard]+part.size
	}
	for shard, size := range stored {
		f, err := b.file(shard)
		if err != nil {
			return err
		}
		if size > f.Size() {
			return fmt.Errorf("its slices take %d bytes of %s, which has %d", size, f.Path(), f.Size())
		}
	}
	if n, _ := tensors.Elements(e.shape); held != n {
		return fmt.Errorf("its %d slices hold %d elements, shape %v has %d", len(e.slices), held, e.shape, n)
	}
	if e.verified.Load() {
		return nil
	}
	err := tensors.Tile(e.shape, e.slices)
	e.verified.Store(err == nil)
	return err
}

// part is the entry of one slice.
func (b *Bundle) part(name string, e *entry, at tensors.Slice) (*entry, error) {
	_, lengths, err := at.Resolve(e.shape)
	if err != nil {
		return nil, err
	}
	part, ok := b.entries[string(wire.SliceKey(name, at))]
	switch {
	case !ok:
		return nil, fmt.Errorf("its slice %v is not in the index", at)
	case len(part.slices) > 0 || part.dtype != e.dtype || !slices.Equal(part.shape, lengths):
		return nil, fmt.Errorf("its slice %v is %v of shape %v, want %v of shape %v", at, part.dtype, part.shape, e.dtype, lengths)
	}
	if n, _ := tensors.Elements(lengths); part.dtype == tensors.String && n > part.size {
		return nil, fmt.Errorf("its slice %v: %d strings cannot lie in %d bytes", at, n, part.size)
	}
	return part, nil
}
