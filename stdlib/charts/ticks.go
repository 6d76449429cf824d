package charts

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// ticks puts about count round numbers on an axis; gonum's own default has
// three.
type ticks struct {
	count   int
	whole   bool // steps and classes have no halves
	percent bool // 0.25 is written 25%
	silent  bool // marks without numbers: a panel below has them
}

// Ticks implements plot.Ticker.
func (t ticks) Ticks(low, high float64) []plot.Tick {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: t.label(low, 1)}}
	}
	step := t.step(low, high)
	var out []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	for i := 0.0; i <= 100; i++ {
		v := (first + i) * step
		if v > high+step*1e-9 {
			break
		}
		out = append(out, plot.Tick{Value: v, Label: t.label(v, step)})
	}
	return out
}

// step is the distance of the numbers on an axis.
func (t ticks) step(low, high float64) float64 {
	step := roundStep((high - low) / float64(max(1, t.count)))
	if t.whole {
		step = max(1, step)
	}
	return step
}

// reach lets an axis go on to the next number where that is near: steps 0 to
// 299 end at 300.
func (t ticks) reach(a *plot.Axis) {
	const near = 0.03 // of the axis
	step, all := t.step(a.Min, a.Max), a.Max-a.Min
	if low := math.Floor(a.Min/step+1e-9) * step; a.Min-low <= near*all {
		a.Min = min(a.Min, low)
	}
	if high := math.Ceil(a.Max/step-1e-9) * step; high-a.Max <= near*all {
		a.Max = max(a.Max, high)
	}
}

// roundStep is the smallest of 1, 2, 2.5 and 5, times a power of ten, that is
// not below step.
func roundStep(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if step <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

func (t ticks) label(v, step float64) string {
	if t.silent {
		return " " // "" would make it a minor tick
	}
	unit := ""
	if t.percent {
		v, step, unit = 100*v, 100*step, "%"
	}
	if math.Abs(v) < step*1e-6 {
		v = 0
	}
	digits := 0
	for r := step; digits < 12 && math.Abs(r-math.Round(r)) > 1e-6*step*math.Pow(10, float64(digits)); digits++ {
		r = step * math.Pow(10, float64(digits+1))
	}
	if math.Abs(v) >= 1e6 || digits > 5 {
		return general(v) + unit
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + unit
}

// general writes 0.001, 1e-6 and 1e6.
func general(v float64) string {
	s := strconv.FormatFloat(v, 'g', 4, 64)
	return strings.NewReplacer("e-0", "e-", "e+0", "e", "e+", "e").Replace(s)
}

// logTicks labels the powers of ten, and 2 and 5 between them where few are
// in sight.
type logTicks struct{ silent bool }

// Ticks implements plot.Ticker.
func (t logTicks) Ticks(low, high float64) []plot.Tick {
	if !(low > 0) || !(high > low) {
		return nil
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	few := math.Log10(high/low) < 2
	every := max(1, math.Ceil((to-from)/8))
	var out []plot.Tick
	for e := from; e <= to; e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			tick := plot.Tick{Value: v}
			if m == 1 && math.Mod(e-from, every) == 0 || few && (m == 2 || m == 5) {
				tick.Label = general(v)
				if t.silent {
					tick.Label = " "
				}
			}
			out = append(out, tick)
		}
	}
	return out
}
