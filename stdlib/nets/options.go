package nets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"graft/stdlib/slim"
)

// common are the options of every net.
var common = []string{"NumClasses", "IsTraining", "BatchNorm", "Scope", "Reuse", "In", "WeightDecay"}

// configured checks a Config against what the net has and can, and gives it
// the net's defaults.
func (n *spec) configured(c Config) (Config, error) {
	v := reflect.ValueOf(&c).Elem()
	has := n.options()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(has, name) {
			return c, fmt.Errorf("it has no %s; its options are %s", name, strings.Join(has, ", "))
		}
	}
	fill(v, reflect.ValueOf(n.defaults))
	if n.defaults.Cells != nil {
		cells := *c.Cells
		fill(reflect.ValueOf(&cells).Elem(), reflect.ValueOf(*n.defaults.Cells))
		c.Cells = &cells
	}
	return c, c.check(n)
}

// fill sets the fields that are zero.
func fill(v, defaults reflect.Value) {
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			v.Field(i).Set(defaults.Field(i))
		}
	}
}

func (n *spec) options() []string { return append(slices.Clone(common), n.takes...) }

// check refuses what is out of range.
func (c Config) check(n *spec) error {
	for _, r := range []struct {
		name string
		bad  bool
		got  any
		want string
	}{
		{"NumClasses", c.NumClasses < 0, c.NumClasses, "at least 0"},
		{"KeepProb", c.KeepProb < 0 || c.KeepProb > 1, c.KeepProb, "in (0, 1]"},
		{"DepthMultiplier", c.DepthMultiplier < 0, c.DepthMultiplier, "above 0"},
		{"MinDepth", c.MinDepth < 0, c.MinDepth, "at least 1"},
		{"DivisibleBy", c.DivisibleBy < 0, c.DivisibleBy, "at least 1"},
		{"OutputStride", c.OutputStride < 0, c.OutputStride, "at least 1"},
		{"Stddev", c.Stddev < 0 && !n.headAnywhere, c.Stddev, "above 0"},
		{"Groups", c.Groups < 0, c.Groups, "at least 1"},
		{"BatchNormDecay", c.BatchNormDecay < 0 || c.BatchNormDecay >= 1, c.BatchNormDecay, "in (0, 1)"},
		{"BatchNormEpsilon", c.BatchNormEpsilon < 0, c.BatchNormEpsilon, "above 0"},
		{"FirstTemporalKernelSize", !slices.Contains([]int{0, 1, 3, 5, 7}, c.FirstTemporalKernelSize), c.FirstTemporalKernelSize, "1, 3, 5 or 7"},
		{"FCConvPadding", c.FCConvPadding != "" && c.FCConvPadding != slim.Same && c.FCConvPadding != slim.Valid, c.FCConvPadding, "SAME or VALID"},
	} {
		if r.bad {
			return fmt.Errorf("%s is %v, it must be %s", r.name, r.got, r.want)
		}
	}
	if c.Groups != 0 && !c.UseGroupNorm && c.Normalizer != slim.GroupNormalizer {
		return fmt.Errorf("its Groups is %d, but nothing is normalised by groups", c.Groups)
	}
	if c.Normalizer != "" && c.UseBatchNorm == slim.False {
		return fmt.Errorf("the Normalizer is %s and UseBatchNorm is off: one of them says it", c.Normalizer)
	}
	if c.UseGroupNorm && c.ConvDefs != nil && c.ConvDefs.Defaults != nil {
		return fmt.Errorf("UseGroupNorm takes the place of ConvDefs' Defaults: one of them says it")
	}
	if c.ConvDefs != nil {
		if err := c.ConvDefs.check(n); err != nil {
			return err
		}
	}
	if c.FinalEndpoint != "" && c.NumClasses > 0 && !n.headAnywhere {
		return fmt.Errorf("FinalEndpoint %s leaves the head out; NumClasses is %d, it must be 0", c.FinalEndpoint, c.NumClasses)
	}
	if c.BaseOnly && c.NumClasses > 0 {
		return fmt.Errorf("BaseOnly leaves the head out; NumClasses is %d, it must be 0", c.NumClasses)
	}
	if k := c.Cells; k != nil {
		return k.check()
	}
	return nil
}

// check refuses sizes that are out of range.
func (k *CellConfig) check() error {
	for _, r := range []struct {
		name string
		bad  bool
		got  any
		want string
	}{
		{"NumCells", k.NumCells < 1 || k.NumCells > 1000, k.NumCells, "in 1 … 1000"},
		{"NumConvFilters", k.NumConvFilters < 1, k.NumConvFilters, "at least 1"},
		{"StemMultiplier", k.StemMultiplier <= 0, k.StemMultiplier, "above 0"},
		{"FilterScalingRate", k.FilterScalingRate <= 0, k.FilterScalingRate, "above 0"},
		{"NumReductionLayers", k.NumReductionLayers < 1 || k.NumReductionLayers > k.NumCells, k.NumReductionLayers, "in 1 … NumCells"},
		{"DropPathKeepProb", k.DropPathKeepProb <= 0 || k.DropPathKeepProb > 1, k.DropPathKeepProb, "in (0, 1]"},
		{"TotalTrainingSteps", k.TotalTrainingSteps < 1, k.TotalTrainingSteps, "at least 1"},
	} {
		if r.bad {
			return fmt.Errorf("%s of Cells is %v, it must be %s", r.name, r.got, r.want)
		}
	}
	return nil
}

// on says whether an option is on that is on unless it is switched off.
func on(b slim.Bool) bool { return b != slim.False }
