package graph

import (
	"unsafe"

	"graft/stdlib/internal/ops"
)

// example identifies an example: by its source and key, or by 128 bits of hash
// of its bytes.
type example [2]uint64

// rows are one node's rows of the examples that came. The first ones are in
// memory, in blocks that do not move; those that find no room there are in a
// file. What is kept stays until a variable changes: whoever goes through more
// examples than there is room for, again and again, finds the same ones each
// time, where to replace the oldest would find none.
type rows struct {
	shape    []int // of one row
	size     int   // its elements
	versions string
	at       map[example]int // its number; ^number if it is in the file
	blocks   [][]float32
	block    int // rows of a block
	here     int // rows in memory
	file     *spill
	there    int // rows in the file
}

const (
	blockBytes = 256 << 10
	// entryBytes is about what an entry of rows.at takes.
	entryBytes = 64
)

func newRows(shape []int, versions string) *rows {
	size := ops.Size(shape)
	return &rows{shape: shape, size: size, versions: versions, at: map[example]int{}, block: max(1, blockBytes/max(1, 4*size))}
}

// bytes is the memory that is taken.
func (r *rows) bytes() int64 {
	return int64(len(r.blocks))*int64(4*r.block*r.size) + entryBytes*int64(len(r.at))
}

// spilled is the length of the file.
func (r *rows) spilled() int64 { return int64(r.there) * int64(4*r.size) }

// get copies an example's row to to; it is false if there is none.
func (r *rows) get(e example, to []float32) bool {
	at, ok := r.at[e]
	switch {
	case !ok:
		return false
	case at >= 0:
		copy(to, r.blocks[at/r.block][at%r.block*r.size:])
		return true
	}
	return r.file.read(^at, to)
}

// room is the bytes that are left, of memory for rows, for what is known of
// them, and of the file.
type room struct{ here, entries, there int64 }

// put keeps a row if there is room for it.
func (r *rows) put(e example, row []float32, left room) bool {
	grow := r.here == len(r.blocks)*r.block
	need := int64(entryBytes)
	if grow {
		need += int64(4 * r.block * r.size)
	}
	switch {
	case need <= left.here:
		if grow {
			r.blocks = append(r.blocks, make([]float32, r.block*r.size))
		}
		copy(r.blocks[r.here/r.block][r.here%r.block*r.size:], row)
		r.at[e] = r.here
		r.here++
		return true
	case left.entries < entryBytes || left.there < int64(4*r.size) || r.size == 0:
		return false
	}
	if r.file == nil {
		r.file = newSpill()
	}
	if !r.file.write(r.there, row) {
		return false
	}
	r.at[e] = ^r.there
	r.there++
	return true
}

// drop forgets everything.
func (r *rows) drop() {
	if r.file != nil {
		r.file.close()
	}
}

// bytesOf is the memory of a slice.
func bytesOf[T any](x []T) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), len(x)*int(unsafe.Sizeof(x[0])))
}
