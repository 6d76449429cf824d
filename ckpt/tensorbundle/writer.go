package tensorbundle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// Writer writes a bundle of one shard. Nothing appears under the final names
// before Close, so a crash never leaves half a checkpoint.
type Writer struct {
	prefix  string
	data    *os.File
	buf     *bufio.Writer
	offset  int64
	entries map[string][]byte
	err     error
}

// Create starts a bundle at prefix. The folder must exist.
func Create(prefix string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(prefix), filepath.Base(prefix)+".data.tempstate")
	if err != nil {
		return nil, fmt.Errorf("ckpt/tensorbundle: %w", err)
	}
	return &Writer{prefix: prefix, data: f, buf: bufio.NewWriterSize(f, 1<<20), entries: map[string][]byte{}}, nil
}

// Add writes a tensor. A name given twice, an empty name, and values that do
// not fit the shape are errors; after one, Close fails and leaves nothing.
func (w *Writer) Add(t *tensors.Tensor) error {
	if w.err != nil {
		return w.err
	}
	if err := w.add(t); err != nil {
		w.err = fmt.Errorf("ckpt/tensorbundle: tensor %q: %w", t.Name, err)
	}
	return w.err
}

func (w *Writer) add(t *tensors.Tensor) error {
	if t.Name == "" || t.Name[0] == 0 {
		return fmt.Errorf("a name must not be empty or start with a zero byte")
	}
	if _, twice := w.entries[t.Name]; twice {
		return fmt.Errorf("the name was added before")
	}
	if err := t.Check(); err != nil {
		return err
	}
	raw, crc := t.Data, uint32(0)
	if t.DType == tensors.String {
		raw, crc = stringBytes(t.Strings)
	} else {
		crc = sstable.Checksum(raw)
	}
	w.entries[t.Name] = encodeEntry(t, w.offset, int64(len(raw)), crc)
	w.offset += int64(len(raw))
	_, err := w.buf.Write(raw)
	return err
}

// stringBytes is the stored form of a string tensor and its checksum, which
// covers the lengths as fixed integers, not as the varints in the file.
func stringBytes(elements [][]byte) ([]byte, uint32) {
	var raw []byte
	crc := uint32(0)
	for _, s := range elements {
		n := uint64(len(s))
		raw = binary.AppendUvarint(raw, n)
		fixed := binary.LittleEndian.AppendUint64(nil, n)
		if n <= math.MaxUint32 {
			fixed = fixed[:4]
		}
		crc = crc32.Update(crc, castagnoli(), fixed)
	}
	tail := len(raw)
	raw = binary.LittleEndian.AppendUint32(raw, sstable.Mask(crc))
	for _, s := range elements {
		raw = append(raw, s...)
	}
	return raw, sstable.Mask(crc32.Update(crc, castagnoli(), raw[tail:]))
}

// encodeEntry writes a BundleEntryProto, leaving proto3's defaults out.
func encodeEntry(t *tensors.Tensor, offset, size int64, crc uint32) []byte {
	varint := func(b []byte, field protowire.Number, v int64) []byte {
		if v == 0 {
			return b
		}
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
	}
	b := varint(nil, 1, int64(t.DType))
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), wire.AppendShape(nil, t.Shape))
	b = varint(varint(b, 4, offset), 5, size)
	if crc != 0 {
		b = protowire.AppendFixed32(protowire.AppendTag(b, 6, protowire.Fixed32Type), crc)
	}
	return b
}

// Close puts the bundle in place: the data first, then the index, each
// written under another name, synced and renamed.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.commit()
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.err = errors.New("ckpt/tensorbundle: the writer is closed")
	return nil
}

func (w *Writer) commit() error {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	if err := finish(w.data, shardPath(w.prefix, 0, 1)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(w.prefix), filepath.Base(w.prefix)+".index.tempstate")
	if err != nil {
		return err
	}
	if err := w.writeIndex(f); err != nil {
		f.Close()
		os.Remove(f.Name())
		return err
	}
	return finish(f, w.prefix+indexSuffix)
}

func (w *Writer) writeIndex(f *os.File) error {
	table := sstable.NewWriter(f)
	header := []byte{0x08, 1, 0x1a, 2, 0x08, version} // one shard, little-endian, producer 1
	if err := table.Add(nil, header); err != nil {
		return err
	}
	names := make([]string, 0, len(w.entries))
	for name := range w.entries {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := table.Add([]byte(name), w.entries[name]); err != nil {
			return err
		}
	}
	return table.Close()
}

// finish syncs, closes and renames a temporary file.
func finish(f *os.File, path string) error {
	err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Abort gives the bundle up and removes what was written of it. After a
// successful Close it does nothing.
func (w *Writer) Abort() {
	w.data.Close()
	os.Remove(w.data.Name())
	if w.err == nil {
		w.err = errors.New("ckpt/tensorbundle: the writer was aborted")
	}
}
