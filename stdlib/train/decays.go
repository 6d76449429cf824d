package train

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// The schedules of TensorFlow 1, under its names, with its formulas, and two
// that came later. A LearningRate of 0 is the optimizer's, or 1 where there is
// none.

func or(x, otherwise float64) float64 {
	if x == 0 {
		return otherwise
	}
	return x
}

// orNone is or, but below 0 is 0.
func orNone(x, otherwise float64) float64 { return max(0, or(x, otherwise)) }

// need refuses a number of steps, which a field holds, below 1, and a rate
// below 0.
func need(name, field string, steps int, rate float64) error {
	if steps < 1 {
		return fmt.Errorf("%s: %s is %d, at least 1 is wanted", name, field, steps)
	}
	if rate < 0 {
		return fmt.Errorf("%s: the learning rate is %g, at least 0 is wanted", name, rate)
	}
	return nil
}

// progress is step/steps, or how many times steps have passed.
func progress(step, steps int, staircase bool) float64 {
	p := float64(step) / float64(steps)
	if staircase {
		return math.Floor(p)
	}
	return p
}

// ExponentialDecay multiplies the rate by DecayRate every DecaySteps:
// rate·DecayRate^(step/DecaySteps) (tf.train.exponential_decay).
type ExponentialDecay struct {
	LearningRate float64 // at step 0; default: the optimizer's
	DecaySteps   int     // at least 1
	DecayRate    float64 // above 0
	Staircase    bool    // whole multiples of DecaySteps only
}

// Rate implements Schedule.
func (d ExponentialDecay) Rate(step int) float64 {
	return or(d.LearningRate, 1) * math.Pow(d.DecayRate, progress(step, d.DecaySteps, d.Staircase))
}

func (d ExponentialDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d ExponentialDecay) check() error {
	if !(d.DecayRate > 0) {
		return fmt.Errorf("ExponentialDecay: DecayRate is %g, it must be above 0", d.DecayRate)
	}
	return need("ExponentialDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// NaturalExpDecay is rate·exp(-DecayRate·step/DecaySteps)
// (tf.train.natural_exp_decay).
type NaturalExpDecay struct {
	LearningRate float64 // at step 0; default: the optimizer's
	DecaySteps   int     // at least 1
	DecayRate    float64 // at least 0
	Staircase    bool    // whole multiples of DecaySteps only
}

// Rate implements Schedule.
func (d NaturalExpDecay) Rate(step int) float64 {
	return or(d.LearningRate, 1) * math.Exp(-d.DecayRate*progress(step, d.DecaySteps, d.Staircase))
}

func (d NaturalExpDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d NaturalExpDecay) check() error {
	if !(d.DecayRate >= 0) {
		return fmt.Errorf("NaturalExpDecay: DecayRate is %g, it must be at least 0", d.DecayRate)
	}
	return need("NaturalExpDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// InverseTimeDecay is rate/(1+DecayRate·step/DecaySteps)
// (tf.train.inverse_time_decay).
type InverseTimeDecay struct {
	LearningRate float64 // at step 0; default: the optimizer's
	DecaySteps   int     // at least 1
	DecayRate    float64 // at least 0
	Staircase    bool    // whole multiples of DecaySteps only
}

// Rate implements Schedule.
func (d InverseTimeDecay) Rate(step int) float64 {
	return or(d.LearningRate, 1) / (1 + d.DecayRate*progress(step, d.DecaySteps, d.Staircase))
}

func (d InverseTimeDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d InverseTimeDecay) check() error {
	if !(d.DecayRate >= 0) {
		return fmt.Errorf("InverseTimeDecay: DecayRate is %g, it must be at least 0", d.DecayRate)
	}
	return need("InverseTimeDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// PiecewiseConstant is Values[i] for steps above Boundaries[i-1] and up to
// Boundaries[i] (tf.train.piecewise_constant).
type PiecewiseConstant struct {
	Boundaries []int     // rising
	Values     []float64 // one more than Boundaries, each at least 0
}

// Rate implements Schedule.
func (p PiecewiseConstant) Rate(step int) float64 {
	i := 0
	for i < len(p.Boundaries) && step > p.Boundaries[i] {
		i++
	}
	if i >= len(p.Values) {
		return math.NaN() // LearningRate refuses such a schedule
	}
	return p.Values[i]
}

func (p PiecewiseConstant) from(float64) Schedule { return p }

func (p PiecewiseConstant) check() error {
	if len(p.Values) != len(p.Boundaries)+1 {
		return fmt.Errorf("PiecewiseConstant: The length of boundaries should be 1 less than the length of values: %d and %d", len(p.Boundaries), len(p.Values))
	}
	for i, b := range p.Boundaries {
		if i > 0 && b <= p.Boundaries[i-1] {
			return fmt.Errorf("PiecewiseConstant: Boundaries %v do not rise", p.Boundaries)
		}
	}
	for i, v := range p.Values {
		if !(v >= 0) {
			return fmt.Errorf("PiecewiseConstant: Values[%d] is %g, it must be at least 0", i, v)
		}
	}
	return nil
}

// PolynomialDecay goes from the rate to EndLearningRate in DecaySteps:
// (rate-end)·(1-step/DecaySteps)^Power + end (tf.train.polynomial_decay).
type PolynomialDecay struct {
	LearningRate    float64 // at step 0; default: the optimizer's
	DecaySteps      int     // at least 1
	EndLearningRate float64 // default 0.0001; below 0 means 0
	Power           float64 // above 0, default 1: a straight line
	Cycle           bool    // at the end, go on with a multiple of DecaySteps
}

// Rate implements Schedule.
func (d PolynomialDecay) Rate(step int) float64 {
	end, steps, at := orNone(d.EndLearningRate, 1e-4), float64(d.DecaySteps), float64(step)
	if d.Cycle {
		steps *= max(1, math.Ceil(at/steps))
	}
	return (or(d.LearningRate, 1)-end)*math.Pow(1-min(at, steps)/steps, or(d.Power, 1)) + end
}

func (d PolynomialDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d PolynomialDecay) check() error {
	if !(d.Power >= 0) {
		return fmt.Errorf("PolynomialDecay: Power is %g, it must be above 0", d.Power)
	}
	return need("PolynomialDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// CosineDecay falls along half a cosine in DecaySteps, to Alpha times the rate
// (Loshchilov and Hutter, arXiv:1608.03983; tf.train.cosine_decay).
type CosineDecay struct {
	LearningRate float64 // at step 0; default: the optimizer's
	DecaySteps   int     // at least 1
	Alpha        float64 // what remains, as a fraction, default 0
}

// Rate implements Schedule.
func (d CosineDecay) Rate(step int) float64 {
	at := float64(min(step, d.DecaySteps)) / float64(d.DecaySteps)
	return or(d.LearningRate, 1) * ((1-d.Alpha)*halfCosine(at) + d.Alpha)
}

// halfCosine falls from 1 at 0 to 0 at 1.
func halfCosine(at float64) float64 { return 0.5 * (1 + math.Cos(math.Pi*at)) }

func (d CosineDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d CosineDecay) check() error {
	return need("CosineDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// CosineDecayRestarts is CosineDecay that begins again when it has ended
// (arXiv:1608.03983; tf.train.cosine_decay_restarts).
type CosineDecayRestarts struct {
	LearningRate    float64 // at step 0; default: the optimizer's
	FirstDecaySteps int     // of the first period, at least 1
	TMul            float64 // how much longer each period is than the one before, at least 1, default 2
	MMul            float64 // how much higher each period begins, above 0, default 1
	Alpha           float64 // what remains, as a fraction, default 0
}

// Rate implements Schedule.
func (d CosineDecayRestarts) Rate(step int) float64 {
	at, longer := float64(step)/float64(d.FirstDecaySteps), or(d.TMul, 2)
	period := math.Floor(at)
	if longer == 1 {
		at -= period
	} else {
		// In float32, as TensorFlow: the first step of a period must not be
		// taken for the last one of that before.
		period = math.Floor(float64(float32(math.Log(1-at*(1-longer))) / float32(math.Log(longer))))
		at = (at - (1-math.Pow(longer, period))/(1-longer)) / math.Pow(longer, period)
	}
	return or(d.LearningRate, 1) * ((1-d.Alpha)*math.Pow(or(d.MMul, 1), period)*halfCosine(at) + d.Alpha)
}

func (d CosineDecayRestarts) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d CosineDecayRestarts) check() error {
	if or(d.TMul, 2) < 1 || d.MMul < 0 {
		return fmt.Errorf("CosineDecayRestarts: TMul %g must be at least 1, MMul %g above 0", d.TMul, d.MMul)
	}
	return need("CosineDecayRestarts", "FirstDecaySteps", d.FirstDecaySteps, d.LearningRate)
}

// LinearCosineDecay is rate·((Alpha+linear)·cosine+Beta), with linear falling
// from 1 to 0 in DecaySteps while cosine swings NumPeriods times (Bello et al.,
// arXiv:1709.07417; tf.train.linear_cosine_decay).
type LinearCosineDecay struct {
	LearningRate float64 // at step 0; default: the optimizer's
	DecaySteps   int     // at least 1
	NumPeriods   float64 // default 0.5
	Alpha        float64 // default 0
	Beta         float64 // default 0.001; below 0 means 0
}

// Rate implements Schedule.
func (d LinearCosineDecay) Rate(step int) float64 { return d.noisy(step, 0) }

func (d LinearCosineDecay) noisy(step int, noise float64) float64 {
	at := float64(min(step, d.DecaySteps)) / float64(d.DecaySteps)
	swing := halfCosine(2 * or(d.NumPeriods, 0.5) * at)
	return or(d.LearningRate, 1) * ((d.Alpha+1-at+noise)*swing + orNone(d.Beta, 1e-3))
}

func (d LinearCosineDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d LinearCosineDecay) check() error {
	return need("LinearCosineDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// NoisyLinearCosineDecay is LinearCosineDecay with noise on its linear part,
// normal, of variance InitialVariance/(1+step)^VarianceDecay
// (arXiv:1709.07417; tf.train.noisy_linear_cosine_decay). A rate that noise
// makes negative is 0. The noise of a step depends on Seed and the step alone,
// so that a run that goes on later has the same.
type NoisyLinearCosineDecay struct {
	LearningRate    float64 // at step 0; default: the optimizer's
	DecaySteps      int     // at least 1
	InitialVariance float64 // default 1; below 0 means 0
	VarianceDecay   float64 // default 0.55
	NumPeriods      float64 // default 0.5
	Alpha           float64 // default 0
	Beta            float64 // default 0.001; below 0 means 0
	Seed            uint64
}

// Rate implements Schedule.
func (d NoisyLinearCosineDecay) Rate(step int) float64 {
	at := min(step, d.DecaySteps)
	variance := orNone(d.InitialVariance, 1) / math.Pow(1+float64(at), or(d.VarianceDecay, 0.55))
	noise := rand.New(rand.NewPCG(d.Seed, uint64(step))).NormFloat64() * math.Sqrt(variance)
	return max(0, LinearCosineDecay{d.LearningRate, d.DecaySteps, d.NumPeriods, d.Alpha, d.Beta}.noisy(step, noise))
}

func (d NoisyLinearCosineDecay) from(rate float64) Schedule {
	d.LearningRate = or(d.LearningRate, rate)
	return d
}

func (d NoisyLinearCosineDecay) check() error {
	return need("NoisyLinearCosineDecay", "DecaySteps", d.DecaySteps, d.LearningRate)
}

// WarmUp rises in a straight line from Start to the first rate of Then, in
// Steps, and goes on with Then (Goyal et al., arXiv:1706.02677, section 2.2).
type WarmUp struct {
	Steps int      // at least 1
	Start float64  // at step 0, at least 0, default 0
	Then  Schedule // what follows, counted from its step 0; default: the optimizer's rate, constant
}

// Rate implements Schedule.
func (w WarmUp) Rate(step int) float64 {
	rate := func(step int) float64 {
		if w.Then == nil {
			return 1
		}
		return w.Then.Rate(step)
	}
	if step >= w.Steps {
		return rate(step - w.Steps)
	}
	return w.Start + (rate(0)-w.Start)*float64(step)/float64(w.Steps)
}

func (w WarmUp) from(rate float64) Schedule {
	switch p, ok := w.Then.(planned); {
	case ok:
		w.Then = p.from(rate)
	case w.Then == nil:
		w.Then = PiecewiseConstant{Values: []float64{rate}}
	}
	return w
}

func (w WarmUp) check() error {
	if p, ok := w.Then.(planned); ok {
		if err := p.check(); err != nil {
			return err
		}
	}
	return need("WarmUp", "Steps", w.Steps, w.Start)
}

// OneCycle rises to the rate and falls to nearly nothing, both along half a
// cosine (Smith and Topin, arXiv:1708.07120; PyTorch's OneCycleLR, whose
// max_lr is LearningRate here). Momentum is left as it is.
type OneCycle struct {
	LearningRate   float64 // the highest; default: the optimizer's
	TotalSteps     int     // at least 2
	PctStart       float64 // the part of the steps that rise, in (0, 1), default 0.3
	DivFactor      float64 // the first rate is the highest by this, default 25
	FinalDivFactor float64 // the last rate is the first by this, default 10000
}

// Rate implements Schedule.
func (c OneCycle) Rate(step int) float64 {
	highest := or(c.LearningRate, 1)
	first := highest / or(c.DivFactor, 25)
	last := first / or(c.FinalDivFactor, 1e4)
	top, end, at := or(c.PctStart, 0.3)*float64(c.TotalSteps)-1, float64(c.TotalSteps-1), float64(step)
	if at < top {
		return highest + (first-highest)*halfCosine(at/top)
	}
	return last + (highest-last)*halfCosine(min(1, (at-top)/(end-top)))
}

func (c OneCycle) from(rate float64) Schedule {
	c.LearningRate = or(c.LearningRate, rate)
	return c
}

func (c OneCycle) check() error {
	if c.PctStart < 0 || c.PctStart >= 1 || c.DivFactor < 0 || c.FinalDivFactor < 0 {
		return fmt.Errorf("OneCycle: PctStart %g must be in (0, 1), DivFactor %g and FinalDivFactor %g above 0", c.PctStart, c.DivFactor, c.FinalDivFactor)
	}
	return need("OneCycle", "TotalSteps-1", c.TotalSteps-1, c.LearningRate)
}
