package train

import (
	"fmt"

	"graft/stdlib/internal/ops"
)

// RMSPropOptions are the settings of RMSPropWith; zero means the default.
type RMSPropOptions struct {
	LearningRate float64 // above 0
	Decay        float64 // of the mean square, in (0, 1), default 0.9
	Momentum     float64 // in [0, 1), default 0
	Epsilon      float64 // added under the root, default 1e-10; TF-Slim's recipes use 1
	Centered     bool    // divides by the variance, not by the mean square
}

// RMSProp divides each step by a running root mean square of the gradient
// (Tieleman and Hinton 2012, lecture 6.5; tf.train.RMSPropOptimizer). It keeps
// the slots RMSProp, which begins at 1, and RMSProp_1.
func RMSProp(rate float64) *Optimizer { return RMSPropWith(RMSPropOptions{LearningRate: rate}) }

// RMSPropWith is RMSProp with all its settings. With Centered it keeps three
// slots: RMSProp, the mean of squares; RMSProp_1, that of the gradients;
// RMSProp_2, the momentum.
func RMSPropWith(o RMSPropOptions) *Optimizer {
	if o.Decay == 0 {
		o.Decay = 0.9
	}
	if o.Epsilon == 0 {
		o.Epsilon = 1e-10
	}
	r := rule{name: "RMSProp", slots: []float64{1, 0}, kernel: ops.ApplyRMSProp{Decay: o.Decay, Momentum: o.Momentum, Epsilon: o.Epsilon}}
	if o.Centered {
		r.slots, r.order = []float64{1, 0, 0}, []int{1, 0, 2}
		r.kernel = ops.ApplyCenteredRMSProp{Decay: o.Decay, Momentum: o.Momentum, Epsilon: o.Epsilon}
	}
	if !(o.Decay > 0 && o.Decay < 1 && o.Momentum >= 0 && o.Momentum < 1 && o.Epsilon >= 0) {
		r.check = fmt.Errorf("decay %g must be in (0, 1), momentum %g in [0, 1), epsilon %g above 0", o.Decay, o.Momentum, o.Epsilon)
	}
	return &Optimizer{rate: o.LearningRate, rule: r}
}

// AdagradOptions are the settings of AdagradWith; zero means the default.
type AdagradOptions struct {
	LearningRate            float64 // above 0
	InitialAccumulatorValue float64 // above 0, default 0.1
}

// Adagrad divides each step by the root of the sum of all squared gradients
// (Duchi et al. 2011; tf.train.AdagradOptimizer). It keeps the slot Adagrad,
// which begins at 0.1.
func Adagrad(rate float64) *Optimizer { return AdagradWith(AdagradOptions{LearningRate: rate}) }

// AdagradWith is Adagrad with all its settings.
func AdagradWith(o AdagradOptions) *Optimizer {
	first, err := accumulator(o.InitialAccumulatorValue)
	return &Optimizer{rate: o.LearningRate, rule: rule{name: "Adagrad", slots: []float64{first}, kernel: ops.ApplyAdagrad{}, check: err}}
}

// accumulator is what a sum of squares begins with.
func accumulator(first float64) (float64, error) {
	if first == 0 {
		first = 0.1
	}
	if !(first > 0) {
		return first, fmt.Errorf("initial_accumulator_value must be positive, it is %g", first)
	}
	return first, nil
}

// AdadeltaOptions are the settings of AdadeltaWith; zero means the default.
type AdadeltaOptions struct {
	LearningRate float64 // default 0.001
	Rho          float64 // decay of the means, in (0, 1), default 0.95
	Epsilon      float64 // default 1e-8
}

// Adadelta scales each step by the ratio of the root mean squares of the
// updates and of the gradients (Zeiler, arXiv:1212.5701;
// tf.train.AdadeltaOptimizer). It keeps the slots Adadelta and Adadelta_1.
func Adadelta(rate float64) *Optimizer { return AdadeltaWith(AdadeltaOptions{LearningRate: rate}) }

// AdadeltaWith is Adadelta with all its settings.
func AdadeltaWith(o AdadeltaOptions) *Optimizer {
	for _, d := range []struct {
		at    *float64
		value float64
	}{{&o.LearningRate, 1e-3}, {&o.Rho, 0.95}, {&o.Epsilon, 1e-8}} {
		if *d.at == 0 {
			*d.at = d.value
		}
	}
	r := rule{name: "Adadelta", slots: []float64{0, 0}, kernel: ops.ApplyAdadelta{Rho: o.Rho, Epsilon: o.Epsilon}}
	if !(o.Rho > 0 && o.Rho < 1 && o.Epsilon > 0) {
		r.check = fmt.Errorf("rho %g must be in (0, 1), epsilon %g above 0", o.Rho, o.Epsilon)
	}
	return &Optimizer{rate: o.LearningRate, rule: r}
}

// FtrlOptions are the settings of FtrlWith; zero means the default.
type FtrlOptions struct {
	LearningRate                  float64 // above 0
	LearningRatePower             float64 // at most 0, default -0.5
	InitialAccumulatorValue       float64 // above 0, default 0.1
	L1RegularizationStrength      float64 // at least 0
	L2RegularizationStrength      float64 // at least 0
	L2ShrinkageRegularizationRate float64 // at least 0
}

// Ftrl follows the regularised leader (McMahan et al. 2013;
// tf.train.FtrlOptimizer). It keeps the slots Ftrl and Ftrl_1. It computes
// weights from its slots alone: what was restored is lost in the first step.
func Ftrl(rate float64) *Optimizer { return FtrlWith(FtrlOptions{LearningRate: rate}) }

// FtrlWith is Ftrl with all its settings.
func FtrlWith(o FtrlOptions) *Optimizer {
	if o.LearningRatePower == 0 {
		o.LearningRatePower = -0.5
	}
	first, err := accumulator(o.InitialAccumulatorValue)
	if err == nil && !(o.LearningRatePower <= 0 && o.L1RegularizationStrength >= 0 && o.L2RegularizationStrength >= 0 && o.L2ShrinkageRegularizationRate >= 0) {
		err = fmt.Errorf("learning_rate_power %g must be at most 0, the strengths of l1 %g, l2 %g and shrinkage %g at least 0",
			o.LearningRatePower, o.L1RegularizationStrength, o.L2RegularizationStrength, o.L2ShrinkageRegularizationRate)
	}
	k := ops.ApplyFtrl{L1: o.L1RegularizationStrength, L2: o.L2RegularizationStrength, Shrinkage: o.L2ShrinkageRegularizationRate, Power: o.LearningRatePower}
	return &Optimizer{rate: o.LearningRate, rule: rule{name: "Ftrl", slots: []float64{first, 0}, kernel: k, check: err}}
}

// ProximalOptions are the settings of the proximal optimizers; zero means the
// default.
type ProximalOptions struct {
	LearningRate             float64 // above 0
	InitialAccumulatorValue  float64 // of ProximalAdagrad; above 0, default 0.1
	L1RegularizationStrength float64 // at least 0
	L2RegularizationStrength float64 // at least 0
}

func (o ProximalOptions) check() error {
	if !(o.L1RegularizationStrength >= 0 && o.L2RegularizationStrength >= 0) {
		return fmt.Errorf("the strengths of l1 %g and l2 %g must be at least 0", o.L1RegularizationStrength, o.L2RegularizationStrength)
	}
	return nil
}

// ProximalGradientDescent is gradient descent with a proximal step for L1 and
// L2 (Duchi and Singer 2009; tf.train.ProximalGradientDescentOptimizer).
func ProximalGradientDescent(o ProximalOptions) *Optimizer {
	k := ops.ApplyProximalGradientDescent{L1: o.L1RegularizationStrength, L2: o.L2RegularizationStrength}
	return &Optimizer{rate: o.LearningRate, rule: rule{name: "ProximalGradientDescent", kernel: k, check: o.check()}}
}

// ProximalAdagrad is Adagrad with a proximal step for L1 and L2 (Duchi and
// Singer 2009; tf.train.ProximalAdagradOptimizer). It keeps the slot
// ProximalAdagrad, which begins at 0.1.
func ProximalAdagrad(o ProximalOptions) *Optimizer {
	first, err := accumulator(o.InitialAccumulatorValue)
	if err == nil {
		err = o.check()
	}
	k := ops.ApplyProximalAdagrad{L1: o.L1RegularizationStrength, L2: o.L2RegularizationStrength}
	return &Optimizer{rate: o.LearningRate, rule: rule{name: "ProximalAdagrad", slots: []float64{first}, kernel: k, check: err}}
}

// AdagradDAOptions are the settings of AdagradDA; zero means the default.
type AdagradDAOptions struct {
	LearningRate                      float64 // above 0
	InitialGradientSquaredAccumulator float64 // above 0, default 0.1
	L1RegularizationStrength          float64 // at least 0
	L2RegularizationStrength          float64 // at least 0
}

// AdagradDA is Adagrad by dual averaging (Duchi et al. 2011;
// tf.train.AdagradDAOptimizer). It keeps the slots AdagradDA and AdagradDA_1,
// and divides by the global step, which it makes and counts if it is given
// none. Like Ftrl it computes weights from its slots alone.
func AdagradDA(o AdagradDAOptions) *Optimizer {
	first, err := accumulator(o.InitialGradientSquaredAccumulator)
	if err == nil && !(o.L1RegularizationStrength >= 0 && o.L2RegularizationStrength >= 0) {
		err = fmt.Errorf("the strengths of l1 %g and l2 %g must be at least 0", o.L1RegularizationStrength, o.L2RegularizationStrength)
	}
	k := ops.ApplyAdagradDA{L1: o.L1RegularizationStrength, L2: o.L2RegularizationStrength}
	return &Optimizer{rate: o.LearningRate, rule: rule{name: "AdagradDA", slots: []float64{0, first}, counts: true, kernel: k, check: err}}
}
