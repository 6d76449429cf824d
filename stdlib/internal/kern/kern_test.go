package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// call is arguments for Tiles or Planes.
type call struct {
	a, b, c   []float32
	rows      Rows
	step, ldb int
	cols      int
	segs      []Seg
	end       End[float32]
}

// randomCall has rows anywhere, segments anywhere, and guards around c that
// must stay as they are.
func randomCall(r *rand.Rand, s *Set[float32], planes bool) call {
	k := call{cols: 1 + r.IntN(s.Cols), step: 1 + r.IntN(3)}
	if planes {
		k.cols = 1 + r.IntN(150)
	}
	wide := (k.cols + s.Quantum - 1) / s.Quantum * s.Quantum
	k.ldb = wide + r.IntN(9)
	at, sum := 0, 0
	for range r.IntN(4) {
		seg := Seg{A: r.IntN(20), B: at, K: 1 + r.IntN(12)}
		k.segs = append(k.segs, seg)
		at += seg.K + r.IntN(2)
		sum += seg.K
	}
	n := 1 + r.IntN(20)
	k.a = random(r, 400+20+12*k.step+k.cols)
	k.b = random(r, (at+1)*k.ldb+wide)
	k.c = random(r, n*(k.cols+3)+5)
	for i := range n {
		k.rows.A = append(k.rows.A, r.IntN(400))
		k.rows.C = append(k.rows.C, 2+i*(k.cols+3))
	}
	r.Shuffle(n, func(i, j int) { k.rows.C[i], k.rows.C[j] = k.rows.C[j], k.rows.C[i] })
	if r.IntN(2) == 0 {
		k.end.Bias = random(r, k.cols)
	}
	k.end.Add = r.IntN(3) == 0
	k.end.Residual = !k.end.Add && r.IntN(2) == 0
	if r.IntN(2) == 0 {
		k.end.Clamp, k.end.High = true, 6
	}
	return k
}

// slow computes a call in float64, as the comment on Set says; scale is the
// sum of the absolute products, which bounds the error of any order.
func (k call) slow(planes bool) (want, scale []float64) {
	want, scale = make([]float64, len(k.c)), make([]float64, len(k.c))
	for i, v := range k.c {
		want[i] = float64(v)
	}
	for i := range k.rows.A {
		for j := range k.cols {
			sum, size := 0.0, 0.0
			for _, s := range k.segs {
				for p := range s.K {
					at := k.rows.A[i] + s.A + p*k.step
					if planes {
						at += j
					}
					v := float64(k.a[at]) * float64(k.b[(s.B+p)*k.ldb+j])
					sum, size = sum+v, size+math.Abs(v)
				}
			}
			to := k.rows.C[i] + j
			if k.end.Add || k.end.Residual {
				sum += want[to]
			}
			if k.end.Bias != nil {
				sum += float64(k.end.Bias[j])
			}
			if k.end.Clamp {
				sum = min(max(sum, 0), 6)
			}
			want[to], scale[to] = sum, size+4
		}
	}
	return want, scale
}

// TestSets runs every Set that this processor has, over odd sizes, against a
// sum in float64. An error is at most that of rounding each product and sum:
// about K·ε·Σ|a·b|, of which the usual is √K; K is below 50.
func TestSets(t *testing.T) {
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 2000 {
				planes := r.IntN(2) == 0
				k := randomCall(r, s, planes)
				want, scale := k.slow(planes)
				if planes {
					s.Planes(k.c, k.a, k.rows, k.step, k.segs, k.b, k.ldb, k.cols, k.end)
				} else {
					s.Tiles(k.c, k.a, k.rows, k.step, k.segs, k.b, k.ldb, k.cols, r.IntN(3)*k.ldb*5, k.end)
				}
				for i, v := range k.c {
					if math.Abs(float64(v)-want[i]) > 8*0x1p-24*scale[i] {
						t.Fatalf("planes %v, cols %d, rows %v, segs %v, end %+v: c[%d] is %v, wanted %v", planes, k.cols, k.rows, k.segs, k.end, i, v, want[i])
					}
				}
			}
		})
	}
}

// TestRow wants of a single row what Tiles computes, to the last bit, and what
// is behind it left alone.
func TestRow(t *testing.T) {
	for _, s := range Sets() {
		if s.Wide == 0 {
			continue
		}
		r := rand.New(rand.NewPCG(3, 4))
		for range 100 {
			k, step, ldb := 1+r.IntN(40), 1+r.IntN(3), s.Wide+r.IntN(9)
			a, b, got := random(r, k*step), random(r, k*ldb), random(r, s.Wide+1)
			want, add := slices.Clone(got), r.IntN(2) == 0
			s.Row(got, a, step, b, ldb, k, add)
			for j := 0; j < s.Wide; j += s.Quantum {
				s.Tiles(want[j:], a, Rows{A: []int{0}, C: []int{0}}, step, []Seg{{K: k}}, b[j:], ldb, s.Quantum, 0, End[float32]{Add: add})
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: a row of %d products, %d apart, is not what tiles of it are", s.Name, k, step)
			}
		}
	}
}

// TestSetsStayInside wants a panic, not a wild read, where slices are short.
func TestSetsStayInside(t *testing.T) {
	for _, s := range Sets() {
		a, b, c := make([]float32, 100), make([]float32, 4*s.Cols), make([]float32, 200)
		rows := Rows{A: []int{0, 10}, C: []int{0, 100}}
		for name, f := range map[string]func(){
			"a": func() { s.Tiles(c, a[:12:12], rows, 1, []Seg{{0, 0, 4}}, b, s.Cols, 4, 0, End[float32]{}) },
			"b": func() { s.Tiles(c, a, rows, 1, []Seg{{0, 1, 4}}, b, s.Cols, 4, 0, End[float32]{}) },
			"c": func() { s.Tiles(c[:101:101], a, rows, 1, []Seg{{0, 0, 4}}, b, s.Cols, 4, 0, End[float32]{}) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: %s is too short, and nothing panics", s.Name, name)
					}
				}()
				f()
			}()
		}
	}
}

// TestLargest compares with the portable loop, to the bit.
func TestLargest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range Sets() {
		for range 300 {
			n, cols := 1+r.IntN(15), 1+r.IntN(140)
			a := random(r, 600+cols)
			a[r.IntN(len(a))] = float32(math.NaN())
			a[r.IntN(len(a))] = float32(math.Inf(1))
			segs := []Seg{{0, 0, 1}, {7, 1, 1}, {100, 2, 1}}[:1+r.IntN(3)]
			rows := Rows{}
			for i := range n {
				rows.A, rows.C = append(rows.A, r.IntN(450)), append(rows.C, i*cols)
			}
			got, want := make([]float32, n*cols), make([]float32, n*cols)
			s.Largest(got, a, rows, segs, cols)
			largest(want, a, rows, segs, cols)
			same(t, s.Name, got, want, 0)
		}
	}
}

func same(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	for i, w := range want {
		g := got[i]
		if math.Float32bits(g) == math.Float32bits(w) || g == w || g != g && w != w {
			continue
		}
		if !(math.Abs(float64(g)-float64(w)) <= tol*math.Max(1, math.Abs(float64(w)))) {
			t.Fatalf("%s: element %d of %d is %v, wanted %v", what, i, len(want), g, w)
		}
	}
}

// TestPack reads panels back.
func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range Sets() {
		for range 100 {
			rows, cols := 1+r.IntN(40), 1+r.IntN(200)
			src := random(r, rows*cols)
			panels, size := s.Panels(rows, cols)
			for _, turned := range []bool{false, true} {
				dst := random(r, size)
				split := r.IntN(rows + 1)
				next := 0
				for _, p := range panels {
					if p.First != next || p.Cols > s.Cols || p.Ld%s.Quantum != 0 {
						t.Fatalf("%s: %d columns give panels %v", s.Name, cols, panels)
					}
					next += p.Cols
					for _, part := range [][2]int{{0, split}, {split, rows}} {
						if turned {
							Pack(dst, p, part[0], part[1], src[part[0]:], 1, rows)
						} else {
							Pack(dst, p, part[0], part[1], src[part[0]*cols:], cols, 1)
						}
					}
					for i := range rows {
						for j := range p.Ld {
							want := float32(0)
							if j < p.Cols {
								if want = src[i*cols+p.First+j]; turned {
									want = src[(p.First+j)*rows+i]
								}
							}
							if got := dst[p.At+i*p.Ld+j]; got != want {
								t.Fatalf("%s: turned %v, %d×%d: row %d, column %d of %v is %v, wanted %v", s.Name, turned, rows, cols, i, j, p, got, want)
							}
						}
					}
				}
				if next != cols {
					t.Fatalf("%s: %d columns give panels %v", s.Name, cols, panels)
				}
			}
		}
	}
}

// widen and narrow change the type: loops over float64 are always in Go, and
// what the vectors do is compared with them.
func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// TestLoops compares loops over float32, which run on vectors where there are
// some, with those over float64.
func TestLoops(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	nan := float32(math.NaN())
	type three[T Float] func(y, a, b []T)
	threes := map[string]struct {
		f32 three[float32]
		f64 three[float64]
	}{
		"Add": {Add[float32], Add[float64]}, "Sub": {Sub[float32], Sub[float64]}, "Mul": {Mul[float32], Mul[float64]}, "Div": {Div[float32], Div[float64]},
		"Max": {Max[float32], Max[float64]}, "Min": {Min[float32], Min[float64]}, "ReluGrad": {ReluGrad[float32], ReluGrad[float64]}, "Relu6Grad": {Relu6Grad[float32], Relu6Grad[float64]},
		"Relu":   {func(y, a, _ []float32) { Relu(y, a) }, func(y, a, _ []float64) { Relu(y, a) }},
		"Relu6":  {func(y, a, _ []float32) { Relu6(y, a) }, func(y, a, _ []float64) { Relu6(y, a) }},
		"Affine": {func(y, a, _ []float32) { Affine(y, a, 3, 0.5) }, func(y, a, _ []float64) { Affine(y, a, 3, 0.5) }},
		"Axpy":   {func(y, a, b []float32) { copy(y, b); Axpy(y, a, 3) }, func(y, a, b []float64) { copy(y, b); Axpy(y, a, 3) }},
	}
	for name, f := range threes {
		for _, n := range []int{0, 1, 7, 8, 9, 31, 32, 33, 64, 100, 1003} {
			a, b := random(r, n), random(r, n)
			for i := range a {
				a[i] *= 5
				switch r.IntN(20) {
				case 0:
					a[i] = nan
				case 1:
					b[i] = nan
				case 2:
					a[i] = b[i]
				case 3:
					a[i] = 0
				}
			}
			got, want := make([]float32, n), make([]float64, n)
			f.f32(got, a, b)
			f.f64(want, widen(a), widen(b))
			same(t, fmt.Sprint(name, n), got, narrow(want), 1e-6)
		}
	}
}

func TestSums(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{0, 3, 8, 100, 1001} {
		x, y := random(r, n), random(r, n)
		if got, want := Dot(x, y), Dot(widen(x), widen(y)); math.Abs(got-want) > 1e-12*float64(n+1) {
			t.Errorf("dot of %d is %v, wanted %v", n, got, want)
		}
	}
	for _, cols := range []int{1, 7, 8, 16, 19, 24, 64, 100} {
		rows := 1 + r.IntN(200)
		x, dy, c := random(r, rows*cols), random(r, rows*cols), random(r, cols)
		var got, want [6][]float64
		for i := range got {
			got[i], want[i] = make([]float64, cols), make([]float64, cols)
		}
		ColumnSums(got[0], x)
		ColumnMoments(got[1], got[2], x, c)
		ColumnCentered(got[3], got[4], x, c, dy)
		ColumnSums(want[0], widen(x))
		ColumnMoments(want[1], want[2], widen(x), widen(c))
		ColumnCentered(want[3], want[4], widen(x), widen(c), widen(dy))
		for i := range got {
			// 64 rows are added in float32: 64·ε is 4e-6, relative to a sum of
			// absolute values, of which there are rows.
			same(t, fmt.Sprint("sum ", i, " of ", cols), narrow(got[i]), narrow(want[i]), 4e-6*float64(rows))
		}
		got32, want64 := make([]float32, len(x)), make([]float64, len(x))
		Normalize(got32, x, c, dy[:cols])
		Normalize(want64, widen(x), widen(c), widen(dy[:cols]))
		same(t, "normalize", got32, narrow(want64), 1e-6)
		Combine(got32, x, dy, c, x[:cols], dy[:cols])
		Combine(want64, widen(x), widen(dy), widen(c), widen(x[:cols]), widen(dy[:cols]))
		same(t, "combine", got32, narrow(want64), 2e-6)
	}
}

func TestFirstEqual(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 200 {
		n := 1 + r.IntN(50)
		x := make([]float32, 4*n)
		for i := range x {
			x[i] = float32(r.IntN(3))
		}
		places := []int{0, n, 2 * n, 3 * n}[:1+r.IntN(4)]
		y := make([]float32, n)
		for j := range y {
			for i, p := range places {
				if v := x[p+j]; i == 0 || v > y[j] {
					y[j] = v
				}
			}
		}
		dx, dy := random(r, len(x)), random(r, n)
		want := widen(dx)
		FirstEqual(want, widen(x), widen(y), widen(dy), places)
		FirstEqual(dx, x, y, dy, places)
		same(t, "dx", dx, narrow(want), 1e-6)
	}
}

// TestSteps compares the vector loops of optimizers with plain ones.
func TestSteps(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{1, 8, 37, 200} {
		s := [4][]float32{random(r, n), random(r, n), random(r, n), random(r, n)}
		for i := range s[2] {
			s[2][i] = s[2][i]*s[2][i] + 0.1
		}
		for name, f := range map[string][2]func([4][]float32) [4][]float64{
			"adam": {func(s [4][]float32) [4][]float64 {
				Adam(s[0], s[1], s[2], s[3], 0.1, 0.2, 0.01, 1e-3)
				return wide4(s)
			}, func(s [4][]float32) [4][]float64 {
				w := wide4(s)
				Adam(w[0], w[1], w[2], w[3], 0.1, 0.2, 0.01, 1e-3)
				return w
			}},
			"momentum": {func(s [4][]float32) [4][]float64 {
				Momentum(s[0], s[1], s[3], 0.1, 0.9, false)
				return wide4(s)
			}, func(s [4][]float32) [4][]float64 {
				w := wide4(s)
				Momentum(w[0], w[1], w[3], 0.1, 0.9, false)
				return w
			}},
			"rmsprop": {func(s [4][]float32) [4][]float64 {
				RMSProp(s[0], nil, s[2], s[1], s[3], 0.1, 0.2, 0.9, 1e-3)
				return wide4(s)
			}, func(s [4][]float32) [4][]float64 {
				w := wide4(s)
				RMSProp(w[0], nil, w[2], w[1], w[3], 0.1, 0.2, 0.9, 1e-3)
				return w
			}},
		} {
			var copied [4][]float32
			for i := range s {
				copied[i] = append([]float32{}, s[i]...)
			}
			want, got := f[1](s), f[0](copied)
			for i := range got {
				same(t, name, narrow(got[i]), narrow(want[i]), 3e-6)
			}
		}
	}
}

func wide4(s [4][]float32) (w [4][]float64) {
	for i := range s {
		w[i] = widen(s[i])
	}
	return w
}

func TestChoice(t *testing.T) {
	sets := Sets()
	if last := sets[len(sets)-1].Name; last != "portable" {
		t.Errorf("the last set is %s", last)
	}
	for _, s := range sets {
		t.Setenv("GRAFT_KERNELS", s.Name)
		if name, err := Choice(); name != s.Name || err != nil {
			t.Errorf("asked for %s: %s, %v", s.Name, name, err)
		}
	}
	t.Setenv("GRAFT_KERNELS", "avx1024")
	if name, err := Choice(); name != sets[0].Name || err == nil || !strings.Contains(err.Error(), `"avx1024"`) {
		t.Errorf("asked for avx1024: %s, %v", name, err)
	}
}
