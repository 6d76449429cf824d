package pixels

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every way gives the bits of plain Go, which package picture compares with
// TensorFlow's.
func TestLoopsAgree(t *testing.T) {
	all := All()
	plain := all[len(all)-1]
	r := rand.New(rand.NewPCG(1, 2))
	for _, l := range all[:len(all)-1] {
		for n := range 70 {
			mixes(t, r, l, plain, n)
			colours(t, r, l, plain, n)
		}
		for i := range 20000 {
			blocks(t, r, l, plain, i)
		}
	}
	t.Logf("%d ways besides plain Go", len(all)-1)
}

func mixes(t *testing.T, r *rand.Rand, l, plain *Loops, n int) {
	t.Helper()
	a, b := make([]float32, n), make([]float32, n)
	for i := range n {
		a[i], b[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	if n > 3 {
		a[0], b[0], a[1], b[2] = float32(math.Inf(1)), float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	}
	got, want := make([]float32, n), make([]float32, n)
	part := r.Float32()
	for _, affine := range [][2]float32{{0, 1}, {0.5, 2}} {
		l.Mix(got, a, b, part, affine[0], affine[1])
		plain.Mix(want, a, b, part, affine[0], affine[1])
		same := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y }
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("%s: mixing %d values: %v, want %v", l.Name, n, got, want)
		}
	}
}

func colours(t *testing.T, r *rand.Rand, l, plain *Loops, n int) {
	t.Helper()
	planes := make([]byte, 3*n)
	for i := range planes {
		planes[i] = byte(r.IntN(256))
		if r.IntN(4) == 0 {
			planes[i] = byte(255 * r.IntN(2))
		}
	}
	got, want := make([]float32, 3*n), make([]float32, 3*n)
	for _, by := range []float32{1, 1.0 / 255} {
		l.Colours(got, planes[:n], planes[n:2*n], planes[2*n:], by)
		plain.Colours(want, planes[:n], planes[n:2*n], planes[2*n:], by)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: colours of %d pixels: %v, want %v", l.Name, n, got, want)
		}
	}
}

func blocks(t *testing.T, r *rand.Rand, l, plain *Loops, i int) {
	t.Helper()
	var x [64]int16
	for range r.IntN(65) {
		x[r.IntN(64)] = int16(r.IntN(1<<(i%16+1)) - 1<<(i%16)) // up to all 16 bits
	}
	stride := 8 + r.IntN(9)
	got, want := make([]byte, 8*stride), make([]byte, 8*stride)
	l.Inverse(got, stride, &x)
	plain.Inverse(want, stride, &x)
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: block %v: %v, want %v", l.Name, x, got, want)
	}
}

func BenchmarkInverse(b *testing.B) {
	var x [64]int16
	for i := range 12 {
		x[i*5] = int16(100 - 9*i)
	}
	dst := make([]byte, 64)
	for _, l := range All() {
		b.Run(l.Name, func(b *testing.B) {
			for b.Loop() {
				l.Inverse(dst, 8, &x)
			}
		})
	}
}

func BenchmarkMix(b *testing.B) {
	row := make([]float32, 480)
	for _, l := range All() {
		b.Run(l.Name, func(b *testing.B) {
			for b.Loop() {
				l.Mix(row, row, row, 0.3, 0.5, 2)
			}
		})
	}
}

func BenchmarkColours(b *testing.B) {
	row, planes := make([]float32, 480), make([]byte, 160)
	for _, l := range All() {
		b.Run(l.Name, func(b *testing.B) {
			for b.Loop() {
				l.Colours(row, planes, planes, planes, 1)
			}
		})
	}
}
