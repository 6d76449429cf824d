package tensorbundle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/internal/crc"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// bufferSize joins small tensors into one write; a larger one goes by itself.
const bufferSize = 1 << 20

// Writer writes a bundle. Nothing appears under the final names before Close,
// and the index, last to appear, names data files of its own: a crash at any
// moment leaves the checkpoint that was there, whole. (TensorFlow writes the
// new data under the old name first, and a crash then leaves an index of other
// data.) For that, a bundle written over one of as many shards has one more,
// which is empty and which TensorFlow reads too: model.data-00000-of-00001 is
// followed by model.data-00000-of-00002 and -00001-of-00002, those by the first
// again. The old files go when the new index is there.
type Writer struct {
	prefix  string
	data    []*shard
	entries map[string][]byte
	partial map[string]*partial
	err     error
}

// shard is a data file that is written.
type shard struct {
	file   *atomicfile.File
	buf    *bufio.Writer
	offset int64
}

// partial is a variable that comes in slices.
type partial struct {
	info   tensors.Info
	slices []tensors.Slice
}

// Create starts a bundle of one shard at prefix. The folder must exist.
func Create(prefix string) (*Writer, error) { return CreateSharded(prefix, 1) }

// CreateSharded starts a bundle whose values are divided among that many data
// files, of which each tensor goes to the shortest.
func CreateSharded(prefix string, shards int) (*Writer, error) {
	if shards < 1 || shards >= maxShards {
		return nil, fmt.Errorf("ckpt/tensorbundle: %s: %d shards, want 1 to %d", prefix, shards, maxShards-1)
	}
	w := &Writer{prefix: prefix, entries: map[string][]byte{}, partial: map[string]*partial{}}
	for range shards {
		f, err := atomicfile.Create(prefix + dataSuffix)
		if err != nil {
			w.Abort()
			return nil, fmt.Errorf("ckpt/tensorbundle: %w", err)
		}
		w.data = append(w.data, &shard{file: f, buf: bufio.NewWriterSize(f, bufferSize)})
	}
	return w, nil
}

// Add writes a tensor. A name given twice, an empty name, and values that do
// not fit the shape are errors; after one, Close fails and leaves nothing.
func (w *Writer) Add(t *tensors.Tensor) error {
	if t == nil {
		return t.Check()
	}
	return w.keep(t.Name, func() error {
		if err := w.unused(t.Name); err != nil {
			return err
		}
		return w.put(t.Name, t)
	})
}

// AddSlice writes a part of a partitioned variable: the values of the box at s
// of the variable that whole describes by name, type and shape. Before Close
// the parts of each variable must have made it up, each element once. Errors:
// those of Add, a part that does not fit.
func (w *Writer) AddSlice(whole tensors.Info, s tensors.Slice, part *tensors.Tensor) error {
	if part == nil {
		return part.Check()
	}
	return w.keep(whole.Name, func() error {
		p := w.partial[whole.Name]
		if p == nil {
			if err := w.unused(whole.Name); err != nil {
				return err
			}
			p = &partial{info: whole}
			w.partial[whole.Name] = p
		}
		_, lengths, err := s.Resolve(whole.Shape)
		switch {
		case err != nil:
			return err
		case p.info.DType != whole.DType || !slices.Equal(p.info.Shape, whole.Shape):
			return fmt.Errorf("it is %v of shape %v and %v of shape %v", p.info.DType, p.info.Shape, whole.DType, whole.Shape)
		case part.DType != whole.DType || !slices.Equal(part.Shape, lengths):
			return fmt.Errorf("slice %v is %v of shape %v, want %v of shape %v", s, part.DType, part.Shape, whole.DType, lengths)
		}
		p.slices = append(p.slices, s)
		return w.put(string(wire.SliceKey(whole.Name, s)), part)
	})
}

// keep remembers the first error.
func (w *Writer) keep(name string, add func() error) error {
	if w.err != nil {
		return w.err
	}
	if err := add(); err != nil {
		w.err = fmt.Errorf("ckpt/tensorbundle: tensor %q: %w", name, err)
	}
	return w.err
}

func (w *Writer) unused(name string) error {
	if name == "" || name[0] == 0 {
		return fmt.Errorf("a name must not be empty or start with a zero byte")
	}
	if _, twice := w.entries[name]; twice || w.partial[name] != nil {
		return fmt.Errorf("the name was added before")
	}
	return nil
}

// put writes the values of an entry.
func (w *Writer) put(key string, t *tensors.Tensor) error {
	if err := t.Check(); err != nil {
		return err
	}
	raw, sum := t.Data, uint32(0)
	if t.DType == tensors.String {
		raw, sum = stringBytes(t.Strings)
	} else {
		sum = crc.Masked(raw)
	}
	at := 0
	for i, d := range w.data {
		if d.offset < w.data[at].offset {
			at = i
		}
	}
	d := w.data[at]
	w.entries[key] = encodeEntry(t, at, d.offset, int64(len(raw)), sum)
	d.offset += int64(len(raw))
	_, err := d.buf.Write(raw)
	return err
}

// stringBytes is the stored form of a string tensor and its checksum, which
// covers the lengths as fixed integers, not as the varints in the file.
func stringBytes(elements [][]byte) ([]byte, uint32) {
	var raw []byte
	sum := uint32(0)
	for _, s := range elements {
		n := uint64(len(s))
		raw = binary.AppendUvarint(raw, n)
		fixed := binary.LittleEndian.AppendUint64(nil, n)
		if n <= math.MaxUint32 {
			fixed = fixed[:4]
		}
		sum = crc.Castagnoli().Update(sum, fixed)
	}
	tail := len(raw)
	raw = binary.LittleEndian.AppendUint32(raw, crc.Mask(sum))
	for _, s := range elements {
		raw = append(raw, s...)
	}
	return raw, crc.Mask(crc.Castagnoli().Update(sum, raw[tail:]))
}

// encodeEntry writes a BundleEntryProto, leaving proto3's defaults out.
func encodeEntry(t *tensors.Tensor, shard int, offset, size int64, sum uint32) []byte {
	varint := func(b []byte, field protowire.Number, v int64) []byte {
		if v == 0 {
			return b
		}
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
	}
	b := varint(nil, 1, int64(t.DType))
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), wire.AppendShape(nil, t.Shape))
	b = varint(varint(varint(b, 3, int64(shard)), 4, offset), 5, size)
	if sum != 0 {
		b = protowire.AppendFixed32(protowire.AppendTag(b, 6, protowire.Fixed32Type), sum)
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
	if err := w.joinSlices(); err != nil {
		return err
	}
	old, err := filepath.Glob(escape(w.prefix) + ".data-?????-of-?????")
	if err != nil {
		return err
	}
	shards := len(w.data)
	if now, err := Open(w.prefix); err == nil {
		now.Close()
		if now.shards == shards {
			shards++
		}
	}
	if err := w.commitData(shards); err != nil {
		return err
	}
	f, err := atomicfile.Create(w.prefix + indexSuffix)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := w.writeIndex(f, shards); err != nil {
		return err
	}
	if err := f.Commit(); err != nil {
		return err
	}
	return w.removeData(old, shards)
}

// removeData removes the data files of the bundle that was there.
func (w *Writer) removeData(old []string, shards int) (err error) {
	for _, path := range old {
		if !strings.HasSuffix(path, fmt.Sprintf("-of-%05d", shards)) {
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		err = fmt.Errorf("ckpt/tensorbundle: %s is in place, but data of the checkpoint before cannot be deleted: %w", w.prefix, err)
	}
	return err
}

// joinSlices makes the entries of the variables that came in slices.
func (w *Writer) joinSlices() error {
	for name, p := range w.partial {
		if err := tensors.Tile(p.info.Shape, p.slices); err != nil {
			return fmt.Errorf("ckpt/tensorbundle: tensor %q: %w", name, err)
		}
		b := encodeEntry(&tensors.Tensor{DType: p.info.DType, Shape: p.info.Shape}, 0, 0, 0, 0)
		for _, s := range p.slices {
			b = protowire.AppendBytes(protowire.AppendTag(b, 7, protowire.BytesType), wire.AppendSlice(nil, s))
		}
		w.entries[name] = b
	}
	return nil
}

// commitData gives the data files their names, and adds empty ones up to the
// number of shards.
func (w *Writer) commitData(shards int) error {
	for i, d := range w.data {
		err := d.buf.Flush()
		if err == nil {
			err = d.file.CommitAs(shardPath(w.prefix, i, shards))
		}
		if err != nil {
			return err
		}
	}
	for i := len(w.data); i < shards; i++ {
		empty, err := atomicfile.Create(w.prefix + dataSuffix)
		if err == nil {
			err = empty.CommitAs(shardPath(w.prefix, i, shards))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// escape makes a pattern of a path that may hold a pattern's signs.
func escape(path string) string {
	if os.PathSeparator == '\\' { // which cannot be escaped there, nor stand in a name
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func (w *Writer) writeIndex(f io.Writer, shards int) error {
	table := sstable.NewWriter(f)
	header := append(protowire.AppendVarint([]byte{0x08}, uint64(shards)), 0x1a, 2, 0x08, version) // little-endian, producer 1
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

// Abort gives the bundle up and removes what was written of it. After a
// successful Close it does nothing.
func (w *Writer) Abort() {
	for _, d := range w.data {
		d.file.Abort()
	}
	if w.err == nil {
		w.err = errors.New("ckpt/tensorbundle: the writer was aborted")
	}
}
