package kern

import "testing"

func BenchmarkPlanes(b *testing.B) {
	s := avx512Set()
	const C = 64
	for _, nseg := range []int{1, 9, 27} {
		a, w, c := make([]float32, 20000), make([]float32, 27*C), make([]float32, 96*C)
		rows := Rows{make([]int, 96), make([]int, 96)}
		for i := range rows.A {
			rows.A[i], rows.C[i] = i*C, i*C
		}
		segs := make([]Seg, nseg)
		for i := range segs {
			segs[i] = Seg{i % 3 * C + i/3*98*C, i, 1}
			if segs[i].A > 12000 { segs[i].A = i*C }
		}
		b.Run(string(rune('a'+nseg)), func(b *testing.B) {
			for b.Loop() {
				s.Planes(c, a, rows, 0, segs, w, C, C, End[float32]{})
			}
			b.ReportMetric(2*96*C*float64(nseg)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
		})
		b.Run(string(rune('A'+nseg)), func(b *testing.B) {
			for b.Loop() {
				s.Tiles(c, a, rows, 0, segs, w, C, C, End[float32]{})
			}
			b.ReportMetric(2*96*C*float64(nseg)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOPS")
		})
	}
}
