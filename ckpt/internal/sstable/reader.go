package sstable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/golang/snappy"
)

// Table is an open table. It keeps no block but the index in memory.
type Table struct {
	r     io.ReaderAt
	size  uint64
	index []entry
}

// entry is a decoded key and value; both are slices of their own block.
type entry struct{ key, value []byte }

// Open reads the footer and the index of the size bytes that r holds.
// Everything else is read and verified when it is asked for.
func Open(r io.ReaderAt, size int64) (*Table, error) {
	if size < footerLen {
		return nil, corrupt("%d bytes are too few for a table, whose footer alone takes %d", size, footerLen)
	}
	var footer [footerLen]byte
	if _, err := r.ReadAt(footer[:], size-footerLen); err != nil {
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
	t := &Table{r: r, size: uint64(size)}
	t.index, err = t.block(index)
	return t, err
}

// block reads, verifies and decodes the block at h.
func (t *Table) block(h handle) ([]entry, error) {
	// Compared this way round, nothing overflows however large h is.
	if h.size > t.size || h.offset > t.size-h.size || t.size-h.size-h.offset < trailerLen {
		return nil, corrupt("block at %d with %d bytes does not lie inside the file's %d bytes", h.offset, h.size, t.size)
	}
	stored := make([]byte, h.size+trailerLen)
	if _, err := t.r.ReadAt(stored, int64(h.offset)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	data, kind, want := stored[:h.size], stored[h.size], binary.LittleEndian.Uint32(stored[h.size+1:])
	if got := Checksum(stored[:h.size+1]); got != want {
		return nil, corrupt("block at %d: checksum is %08x, the file says %08x: the file is damaged", h.offset, got, want)
	}
	switch kind {
	case rawBlock:
	case snappyBlock:
		var err error
		if data, err = unsnappy(data); err != nil {
			return nil, corrupt("block at %d: compressed data is damaged: %v", h.offset, err)
		}
	default:
		return nil, corrupt("block at %d: type is %d, want 0 (raw) or 1 (snappy)", h.offset, kind)
	}
	return decodeBlock(data)
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
