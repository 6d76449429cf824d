package charts

import (
	"math"
	"sort"
)

// binCount is numpy.histogram_bin_edges' "auto" (NumPy 2.4): the narrower of
// the bins of Freedman and Diaconis (1981) and of Sturges (1926), which suits
// large and small samples alike, the former not below half of the square-root
// rule's.
func binCount(vs []float64) int {
	sorted := append([]float64(nil), vs...)
	sort.Float64s(sorted)
	n := float64(len(sorted))
	span := sorted[len(sorted)-1] - sorted[0]
	if span == 0 {
		return 1
	}
	width := span / (math.Log2(n) + 1)
	if iqr := quantile(sorted, 0.75) - quantile(sorted, 0.25); iqr > 0 {
		width = min(width, max(2*iqr/math.Cbrt(n), span/math.Sqrt(n)/2))
	}
	count := math.Ceil(span / width)
	if !(count >= 1) {
		return 1
	}
	return int(min(count, 500))
}

// quantile interpolates linearly, as NumPy does by default.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
