// Package crc computes the checksums of checkpoint files on all processors.
//
//	crc.Castagnoli().Sum(b)   // TensorFlow's, before masking
//	crc.IEEE().Sum(b)         // of zip archives
//
// A CRC is linear over GF(2): the checksum of two blocks one after the other
// follows from theirs and the second's length, so blocks can be summed side by
// side. The arithmetic is that of zlib's crc32_combine.
package crc

import (
	"hash/crc32"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// chunk is what one goroutine sums at a time: large beside the cost of a
// hand-over, small beside a layer's weights.
const chunk = 1 << 20

// Kind is one of the two polynomials.
type Kind struct {
	poly  uint32 // reversed
	table *crc32.Table
}

// Castagnoli is CRC-32C; its check value, of "123456789", is e3069283.
func Castagnoli() Kind {
	return Kind{crc32.Castagnoli, crc32.MakeTable(crc32.Castagnoli)}
}

// IEEE is the CRC-32 of zip and gzip; its check value is cbf43926.
func IEEE() Kind { return Kind{crc32.IEEE, crc32.IEEETable} }

// Masked is the checksum that TensorFlow stores beside data, over the parts in
// order: rotated right by 15 bits plus a constant, because a checksum of bytes
// that contain their own checksum is a poor one.
func Masked(parts ...[]byte) uint32 {
	k := Castagnoli()
	var c uint32
	for i, p := range parts {
		if i == 0 {
			c = k.Sum(p)
			continue
		}
		c = k.Update(c, p)
	}
	return Mask(c)
}

// Mask is the last step of Masked.
func Mask(c uint32) uint32 { return (c>>15 | c<<17) + 0xa282ead8 }

// Update adds b to the checksum c of what came before.
func (k Kind) Update(c uint32, b []byte) uint32 {
	if len(b) < 2*chunk {
		return crc32.Update(c, k.table, b)
	}
	return k.Combine(c, k.Sum(b), int64(len(b)))
}

// Sum is the checksum of b. Large slices are divided among as many goroutines
// as there are processors. A fault while reading b panics in the caller's
// goroutine, where it can be recovered.
func (k Kind) Sum(b []byte) uint32 {
	workers := min(runtime.GOMAXPROCS(0), len(b)/chunk)
	if workers < 2 {
		return crc32.Update(0, k.table, b)
	}
	n := (len(b) + chunk - 1) / chunk
	sums := make([]uint32, n)
	var next atomic.Int64
	var fault atomic.Pointer[any]
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
			defer func() {
				if r := recover(); r != nil {
					fault.Store(&r)
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				sums[i] = crc32.Update(0, k.table, b[i*chunk:min(len(b), (i+1)*chunk)])
			}
		})
	}
	wg.Wait()
	if r := fault.Load(); r != nil {
		panic(*r)
	}
	return k.join(sums, len(b)-(n-1)*chunk)
}

// join combines the sums of full chunks and a last one of that many bytes.
func (k Kind) join(sums []uint32, last int) uint32 {
	full := k.shift(chunk)
	c := uint32(0)
	for _, s := range sums[:len(sums)-1] {
		c = k.multiply(full, c) ^ s
	}
	return k.Combine(c, sums[len(sums)-1], int64(last))
}

// Combine is the checksum of two blocks one after the other, from their own
// checksums and the second's length in bytes.
func (k Kind) Combine(first, second uint32, length int64) uint32 {
	return k.multiply(k.shift(length), first) ^ second
}

// shift is x^(8·length) modulo the polynomial.
func (k Kind) shift(length int64) uint32 {
	power := uint32(1) << 30 // x; bits are reversed, so x^0 is the top one
	for range 3 {
		power = k.multiply(power, power)
	}
	out := uint32(1) << 31
	for ; length > 0; length >>= 1 {
		if length&1 != 0 {
			out = k.multiply(power, out)
		}
		power = k.multiply(power, power)
	}
	return out
}

// multiply is a·b modulo the polynomial.
func (k Kind) multiply(a, b uint32) (product uint32) {
	for m := uint32(1) << 31; m != 0; m >>= 1 {
		if a&m != 0 {
			product ^= b
		}
		if b&1 != 0 {
			b = b>>1 ^ k.poly
		} else {
			b >>= 1
		}
	}
	return product
}
