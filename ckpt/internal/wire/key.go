// Package wire reads and writes the small encodings that both checkpoint
// formats share: slice keys, and the protocol messages of shapes and slices.
package wire

import (
	"math/bits"

	"graft/ckpt/tensors"
)

// SliceKey is the table key of one slice of a variable, TensorFlow's
// EncodeTensorNameSlice: ordered so that slices sort by name, then by place.
//
//	00, escaped name, 00 01, rank, then start and length of each axis
//
// with the whole axis as (0, -1). `foo [-:-:1,3:4,5]` is
// 00 666f6f 0001 0104 807f 807f 8183 8485.
func SliceKey(name string, s tensors.Slice) []byte {
	key := []byte{0}
	for i := range len(name) {
		switch c := name[i]; c {
		case 0:
			key = append(key, 0, 0xff)
		case 0xff:
			key = append(key, 0xff, 0)
		default:
			key = append(key, c)
		}
	}
	key = append(key, 0, 1)
	key = appendUnsigned(key, uint64(len(s)))
	for _, e := range s {
		if e.Length < 0 {
			e = tensors.Extent{Start: 0, Length: -1}
		}
		key = appendSigned(appendSigned(key, e.Start), e.Length)
	}
	return key
}

// appendUnsigned is OrderedCode's WriteNumIncreasing: the number of bytes,
// then the bytes, most significant first.
func appendUnsigned(b []byte, v uint64) []byte {
	n := (bits.Len64(v) + 7) / 8
	b = append(b, byte(n))
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// appendSigned is OrderedCode's WriteSignedNumIncreasing: n bytes hold 7n-1
// bits of two's complement, marked by n-1 leading ones after the flipped sign.
func appendSigned(b []byte, v int64) []byte {
	magnitude := v
	if v < 0 {
		magnitude = ^v
	}
	n := (bits.Len64(uint64(magnitude)) + 1 + 6) / 7
	if n == 0 {
		n = 1
	}
	var full [10]byte // two's complement, sign-extended to the longest form
	for i := range full {
		shift := 8 * (len(full) - 1 - i)
		if shift >= 64 {
			shift = 63
		}
		full[i] = byte(v >> shift)
	}
	out := full[len(full)-n:]
	// The length marks are xored over the sign bits, which then read as
	// leading ones (or zeros for a negative number).
	mark := [2]byte{}
	for i := range n {
		mark[i/8] |= 0x80 >> (i % 8)
	}
	out[0] ^= mark[0]
	if n > 1 {
		out[1] ^= mark[1]
	}
	return append(b, out...)
}
