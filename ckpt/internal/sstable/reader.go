package sstable

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/golang/snappy"

	"graft/ckpt/internal/crc"
	"graft/ckpt/internal/mapped"
)

// Table is an open table. Values lie in the file's own bytes where those are
// mapped and stored raw: whoever holds one holds the file.
type Table struct {
	file  *mapped.File
	index []entry

	mu       sync.Mutex          // guards what follows
	verified map[handle]struct{} // mapped blocks whose checksum was right
	recent   handle              // the block decoded last, if it is small
	entries  []entry             // and what it holds
}

// keepDecoded is the size up to which a decoded block is kept for the next
// Get. A block has a quarter of a megabyte, or a single entry.
const keepDecoded = 2 * blockSize

// entry is a decoded key and value; both are slices of their own block.
type entry struct{ key, value []byte }

// Open reads the footer and the index of a file. Everything else is read and
// verified when it is asked for.
func Open(file *mapped.File) (*Table, error) {
	if file.Size() < footerLen {
		return nil, corrupt("%d bytes are too few for a table, whose footer alone takes %d", file.Size(), footerLen)
	}
	footer, err := file.Bytes(file.Size()-footerLen, footerLen)
	if err != nil {
		return nil, err
	}
	if got := binary.LittleEndian.Uint64(footer[40:]); got != magic {
		return nil, corrupt("not a table: the last 8 bytes are %016x, want the magic number %016x", got, uint64(magic))
	}
	_, rest, err := parseHandle(footer[:40])
	if err != nil {
		return nil, err
	}
	index, _, err := parseHandle(rest)
	if err != nil {
		return nil, err
	}
	t := &Table{file: file, verified: map[handle]struct{}{}}
	t.index, err = t.block(index)
	return t, err
}

// InPlace reports whether b, a value of the table, lies in the file's mapping.
func (t *Table) InPlace(b []byte) bool { return t.file.InPlace() && t.file.Contains(b) }

// block is the block at h, verified and decoded.
func (t *Table) block(h handle) ([]entry, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.entries != nil && t.recent == h {
		return t.entries, nil
	}
	entries, err := t.load(h)
	if err == nil && h.size <= keepDecoded {
		t.recent, t.entries = h, entries
	}
	return entries, err
}

func (t *Table) load(h handle) ([]entry, error) {
	size := uint64(t.file.Size())
	// Compared this way round, nothing overflows however large h is.
	if h.size > size || h.offset > size-h.size || size-h.size-h.offset < trailerLen {
		return nil, corrupt("block at %d with %d bytes does not lie inside the file's %d bytes", h.offset, h.size, size)
	}
	stored, err := t.file.Bytes(int64(h.offset), int64(h.size)+trailerLen)
	if err != nil {
		return nil, err
	}
	data, kind := stored[:h.size:h.size], stored[h.size]
	if err := t.verify(h, stored); err != nil {
		return nil, err
	}
	switch kind {
	case rawBlock:
	case snappyBlock:
		if data, err = unsnappy(data); err != nil {
			return nil, corrupt("block at %d: compressed data is damaged: %v", h.offset, err)
		}
	default:
		return nil, corrupt("block at %d: type is %d, want 0 (raw) or 1 (snappy)", h.offset, kind)
	}
	return decodeBlock(data)
}

// verify holds a block against its checksum, once if it cannot change.
func (t *Table) verify(h handle, stored []byte) error {
	if _, done := t.verified[h]; done && t.file.InPlace() {
		return nil
	}
	want := binary.LittleEndian.Uint32(stored[h.size+1:])
	if got := crc.Masked(stored[:h.size+1]); got != want {
		return corrupt("block at %d: checksum is %08x, the file says %08x: the file is damaged", h.offset, got, want)
	}
	t.verified[h] = struct{}{}
	return nil
}

// unsnappy refuses a claimed length that the input cannot hold: snappy's best
// is a 64-byte copy in 3 bytes.
func unsnappy(data []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(data)
	if err != nil {
		return nil, err
	}
	if n > 64*len(data) {
		return nil, corrupt("%d bytes claim to hold %d", len(data), n)
	}
	return snappy.Decode(nil, data)
}

func decodeBlock(data []byte) ([]entry, error) {
	if len(data) < 4 {
		return nil, corrupt("block has %d bytes, want at least 4", len(data))
	}
	restarts := uint64(binary.LittleEndian.Uint32(data[len(data)-4:]))
	if restarts > uint64(len(data)-4)/4 {
		return nil, corrupt("block of %d bytes claims %d restart points", len(data), restarts)
	}
	rest := data[:uint64(len(data))-4-4*restarts]
	if err := checkRestarts(data[len(rest):len(data)-4], len(rest)); err != nil {
		return nil, err
	}
	var entries []entry
	var key []byte
	for len(rest) > 0 {
		e, tail, err := decodeEntry(rest, key)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 && bytes.Compare(e.key, key) <= 0 {
			return nil, corrupt("block key %q does not come after %q", e.key, key)
		}
		entries, key, rest = append(entries, e), e.key, tail
	}
	return entries, nil
}

func checkRestarts(offsets []byte, size int) error {
	for i := 0; i < len(offsets); i += 4 {
		if o := binary.LittleEndian.Uint32(offsets[i:]); uint64(o) > uint64(size) {
			return corrupt("restart point %d lies behind the block's %d bytes of entries", o, size)
		}
	}
	return nil
}

func decodeEntry(b, before []byte) (e entry, rest []byte, err error) {
	var n [3]uint64 // shared, unshared, value length
	for i := range n {
		v, w := binary.Uvarint(b)
		if w <= 0 {
			return entry{}, nil, corrupt("block entry is cut off")
		}
		n[i], b = v, b[w:]
	}
	if n[0] > uint64(len(before)) || n[1] > uint64(len(b)) || n[2] > uint64(len(b))-n[1] {
		return entry{}, nil, corrupt("block entry shares %d of %d key bytes and takes %d+%d of %d", n[0], len(before), n[1], n[2], len(b))
	}
	e.key = append(bytes.Clone(before[:n[0]]), b[:n[1]]...)
	e.value = b[n[1] : n[1]+n[2]]
	return e, b[n[1]+n[2]:], nil
}

// Get returns the value of key, and whether the table has it.
func (t *Table) Get(key string) ([]byte, bool, error) {
	it := t.Scan(key)
	if !it.Next() || string(it.Key()) != key {
		return nil, false, it.Err()
	}
	return it.Value(), true, nil
}

// Scan iterates over the entries from key on, in key order.
func (t *Table) Scan(key string) *Iterator {
	from := []byte(key)
	first, _ := slices.BinarySearchFunc(t.index, from, func(e entry, k []byte) int { return bytes.Compare(e.key, k) })
	return &Iterator{t: t, from: from, next: first}
}

// Iterator walks a table. Next must be called before the first entry.
type Iterator struct {
	t     *Table
	from  []byte
	next  int // index entry of the next block
	block []entry
	cur   entry
	err   error
}

// Next moves to the next entry; it is false at the end and on an error.
func (it *Iterator) Next() bool {
	for it.err == nil {
		for len(it.block) > 0 {
			it.cur, it.block = it.block[0], it.block[1:]
			if bytes.Compare(it.cur.key, it.from) >= 0 {
				return true
			}
		}
		if it.next >= len(it.t.index) {
			return false
		}
		it.load()
	}
	return false
}

func (it *Iterator) load() {
	h, _, err := parseHandle(it.t.index[it.next].value)
	if err == nil {
		it.block, err = it.t.block(h)
	}
	it.next++
	it.err = err
}

// Key is the current entry's key, not to be changed.
func (it *Iterator) Key() []byte { return it.cur.key }

// Value is the current entry's value, not to be changed.
func (it *Iterator) Value() []byte { return it.cur.value }

// Err is why Next ended, nil at the table's end.
func (it *Iterator) Err() error { return it.err }
