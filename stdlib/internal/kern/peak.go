package kern

// Peak multiplies and adds in registers, as fast as the processor does with
// the loops in use, for so many rounds, and returns how many operations of
// float32 that were. What kernels reach is told as a share of it.
func Peak(rounds int) (operations float64) {
	if lanes := fastPeak(rounds); lanes > 0 {
		return 2 * peakChains * float64(lanes) * float64(rounds)
	}
	sink := plainPeak(rounds, 1)
	if sink == 0 {
		return 0 // not so: the loop must not be found useless
	}
	return 2 * 8 * float64(rounds)
}

// plainPeak is as many sums as plain Go keeps in registers.
func plainPeak(rounds int, x float32) float32 {
	var a, b, c, d, e, f, g, h float32
	for range rounds {
		a += x * x
		b += x * x
		c += x * x
		d += x * x
		e += x * x
		f += x * x
		g += x * x
		h += x * x
	}
	return a + b + c + d + e + f + g + h
}

// peakChains is the vectors of a round in assembly.
const peakChains = 12
