package sstable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"graft/ckpt/internal/crc"
)

// Writer writes a table byte for byte as TensorFlow's TableBuilder does,
// uncompressed: readers before TensorFlow 1.1 know no compression.
type Writer struct {
	w       io.Writer
	offset  uint64
	data    blockBuilder
	index   blockBuilder
	last    []byte
	pending *handle // a finished data block whose index entry waits for the next key
	err     error
}

// NewWriter starts a table on w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, data: blockBuilder{interval: restartInterval}, index: blockBuilder{interval: 1}}
}

// Add appends an entry. Keys must come in ascending order.
func (w *Writer) Add(key, value []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.last != nil && bytes.Compare(key, w.last) <= 0 {
		return fmt.Errorf("sstable: key %q does not come after %q", key, w.last)
	}
	if len(key)+len(value) >= Alone {
		w.flush() // what comes before in the file too
		return w.AddPlaced(key, w.Place(key, value))
	}
	w.follow(key)
	w.data.add(key, value)
	if w.data.size() >= blockSize {
		w.flush()
	}
	return w.err
}

// follow makes key the last one, and writes the index entry of a finished
// block, which lies between its last key and this.
func (w *Writer) follow(key []byte) {
	if w.pending != nil {
		w.index.add(separator(w.last, key), w.pending.append(nil))
		w.pending = nil
	}
	w.last = append([]byte{}, key...)
}

// Alone is the size of key and value from which TensorFlow gives an entry a
// block of its own.
const Alone = 2 * blockSize

// Placed is a block of one entry that was written ahead of its turn.
type Placed struct{ at handle }

// Place writes a block of one entry, whose value is parts one after the other,
// from where they lie. Blocks may stand in a file in any order: AddPlaced puts
// the entry in its place among the keys.
func (w *Writer) Place(key []byte, parts ...[]byte) Placed {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	head := append(binary.AppendUvarint(binary.AppendUvarint([]byte{0}, uint64(len(key))), uint64(size)), key...)
	tail := []byte{0, 0, 0, 0, 1, 0, 0, 0, rawBlock} // one restart point, at 0
	all := append(append([][]byte{head}, parts...), tail)
	h := handle{w.offset, uint64(len(head) + size + len(tail) - 1)}
	for _, part := range append(all, binary.LittleEndian.AppendUint32(nil, crc.Masked(all...))) {
		w.raw(part)
	}
	return Placed{h}
}

// AddPlaced is Add for an entry that Place wrote.
func (w *Writer) AddPlaced(key []byte, p Placed) error {
	if w.err != nil {
		return w.err
	}
	if w.last != nil && bytes.Compare(key, w.last) <= 0 {
		return fmt.Errorf("sstable: key %q does not come after %q", key, w.last)
	}
	w.flush()
	w.follow(key)
	w.pending = &p.at
	return w.err
}

func (w *Writer) flush() {
	if w.data.entries == 0 {
		return
	}
	h := w.write(&w.data)
	w.pending = &h
}

// write stores a block with its trailer and empties the builder.
func (w *Writer) write(b *blockBuilder) handle {
	block := b.finish()
	h := handle{w.offset, uint64(len(block))}
	stored := append(block, rawBlock)
	stored = binary.LittleEndian.AppendUint32(stored, crc.Masked(stored))
	w.raw(stored)
	return h
}

func (w *Writer) raw(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(b)
	w.offset += uint64(n)
	w.err = err
}

// Close writes what is left, the index and the footer. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	w.flush()
	meta := w.write(&blockBuilder{interval: restartInterval})
	if w.pending != nil {
		w.index.add(successor(w.last), w.pending.append(nil))
	}
	index := w.write(&w.index)
	footer := index.append(meta.append(nil))
	footer = append(footer, make([]byte, 40-len(footer))...)
	w.raw(binary.LittleEndian.AppendUint64(footer, magic))
	return w.err
}

// blockBuilder collects a block's entries.
type blockBuilder struct {
	interval int
	buf      []byte
	restarts []uint32
	last     []byte
	entries  int
}

func (b *blockBuilder) size() int { return len(b.buf) + 4*max(1, len(b.restarts)) + 4 }

func (b *blockBuilder) add(key, value []byte) {
	shared := 0
	if b.entries%b.interval == 0 {
		b.restarts = append(b.restarts, uint32(len(b.buf)))
	} else {
		for shared < len(key) && shared < len(b.last) && key[shared] == b.last[shared] {
			shared++
		}
	}
	for _, n := range []int{shared, len(key) - shared, len(value)} {
		b.buf = binary.AppendUvarint(b.buf, uint64(n))
	}
	b.buf = append(append(b.buf, key[shared:]...), value...)
	b.last = append(b.last[:0], key...)
	b.entries++
}

func (b *blockBuilder) finish() []byte {
	if len(b.restarts) == 0 {
		b.restarts = []uint32{0}
	}
	out := b.buf
	for _, r := range b.restarts {
		out = binary.LittleEndian.AppendUint32(out, r)
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b.restarts)))
	*b = blockBuilder{interval: b.interval}
	return out
}

// separator is a short key k with a <= k < b (LevelDB's FindShortestSeparator).
func separator(a, b []byte) []byte {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i < len(a) && i < len(b) && a[i] < 0xff && a[i]+1 < b[i] {
		return append(bytes.Clone(a[:i]), a[i]+1)
	}
	return a
}

// successor is a short key not below a (LevelDB's FindShortSuccessor).
func successor(a []byte) []byte {
	for i, c := range a {
		if c != 0xff {
			return append(bytes.Clone(a[:i]), c+1)
		}
	}
	return a
}
