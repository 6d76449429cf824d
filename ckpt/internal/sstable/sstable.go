// Package sstable reads and writes the sorted table that both TensorFlow
// checkpoint formats are made of: LevelDB's, with its own block size and no
// filter.
//
//	table, err := sstable.Open(file)   // footer and index, both verified
//	value, ok, err := table.Get("weights")
//	for it := table.Scan(""); it.Next(); { … }
//
// A file is data blocks, an empty metaindex block, an index block and a
// 48-byte footer:
//
//	block   = entries, u32 restart offsets, u32 number of restarts
//	entry   = varint shared, varint unshared, varint value length,
//	          key[shared:], value           (shared: bytes taken from the key before)
//	stored  = block, 1 byte type (0 raw, 1 snappy), u32 masked crc32c(block, type)
//	footer  = metaindex handle, index handle, zeros up to byte 40, magic
//	handle  = varint offset, varint size    (size without the 5-byte trailer)
//
// The index block has an entry a data block: a key not below the block's last
// and below the next block's first, and the block's handle. All integers are
// little-endian. The empty block is 00000000 01000000.
//
// A Table may be used by several goroutines at once; an Iterator by one.
package sstable

import (
	"encoding/binary"
	"fmt"

	"graft/ckpt/internal/mapped"
)

// These constants are part of the file format.
const (
	footerLen       = 48
	trailerLen      = 5
	magic           = 0xdb4775248b80fb57
	blockSize       = 262144
	restartInterval = 16
	rawBlock        = 0
	snappyBlock     = 1
)

// CorruptError says what is wrong with a table's bytes.
type CorruptError struct {
	What string // what was expected and what was found
}

func (e *CorruptError) Error() string { return "sstable: " + e.What }

func corrupt(format string, args ...any) error {
	return &CorruptError{fmt.Sprintf(format, args...)}
}

// handle says where a block lies.
type handle struct{ offset, size uint64 }

func parseHandle(b []byte) (handle, []byte, error) {
	offset, n := binary.Uvarint(b)
	if n <= 0 {
		return handle{}, nil, corrupt("block handle %x: offset is not a varint", b)
	}
	size, m := binary.Uvarint(b[n:])
	if m <= 0 {
		return handle{}, nil, corrupt("block handle %x: size is not a varint", b)
	}
	return handle{offset, size}, b[n+m:], nil
}

func (h handle) append(b []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, h.offset), h.size)
}

// HasMagic reports whether the file ends as a table does; it tells a table
// from anything else cheaply.
func HasMagic(f *mapped.File) bool {
	tail, err := f.Bytes(f.Size()-8, 8)
	return err == nil && f.Size() >= footerLen && binary.LittleEndian.Uint64(tail) == magic
}
