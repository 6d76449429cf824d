package crc

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

// The check values of the two polynomials, and CRC-32C's as TensorFlow masks it.
func TestCheckValues(t *testing.T) {
	digits := []byte("123456789")
	if got := Castagnoli().Sum(digits); got != 0xe3069283 {
		t.Errorf("CRC-32C is %08x", got)
	}
	if got := IEEE().Sum(digits); got != 0xcbf43926 {
		t.Errorf("CRC-32 is %08x", got)
	}
	if got := Masked(digits[:4], digits[4:]); got != 0xc78ab0e5 {
		t.Errorf("masked is %08x", got)
	}
}

// Go's own serial checksum is the measure of the parallel one.
func TestParallel(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, chunk - 1, 2 * chunk, 2*chunk + 1, 5*chunk - 3} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		for _, k := range []Kind{Castagnoli(), IEEE()} {
			want := crc32.Checksum(b, k.table)
			if got := k.Sum(b); got != want {
				t.Errorf("%d bytes: %08x, want %08x", n, got, want)
			}
			cut := n / 3
			if got := k.Combine(k.Sum(b[:cut]), k.Sum(b[cut:]), int64(n-cut)); got != want {
				t.Errorf("%d bytes in two: %08x, want %08x", n, got, want)
			}
			if got := k.Update(k.Sum(b[:cut]), b[cut:]); got != want {
				t.Errorf("%d bytes updated: %08x, want %08x", n, got, want)
			}
		}
	}
}
