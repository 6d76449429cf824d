package preprocessing

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// common are the options of every preprocessing.
var common = []string{"Height", "Width", "IsTraining", "Seed"}

// configured checks options against what a preprocessing has and can, and
// gives them its defaults.
func (k kind) configured(o Options) (Options, error) {
	v, d := reflect.ValueOf(&o).Elem(), reflect.ValueOf(k.defaults)
	has := append(slices.Clone(common), k.takes...)
	for i := range v.NumField() {
		f := v.Field(i)
		if name := v.Type().Field(i).Name; !f.IsZero() && !slices.Contains(has, name) {
			return o, fmt.Errorf("it has no %s; its options are %s", name, strings.Join(has, ", "))
		}
		if f.IsZero() {
			f.Set(d.Field(i))
		}
	}
	return o, o.check()
}

// maxSide bounds what is asked for.
const maxSide = 1 << 14

func (o Options) check() error {
	for _, r := range []struct {
		name string
		bad  bool
		got  any
		want string
	}{
		{"Height", o.Height < 1 || o.Height > maxSide, o.Height, "in 1 … 16384"},
		{"Width", o.Width < 1 || o.Width > maxSide, o.Width, "in 1 … 16384"},
		{"ResizeSideMin", o.ResizeSideMin < 0 || o.ResizeSideMin > maxSide, o.ResizeSideMin, "in 1 … 16384"},
		{"ResizeSideMax", o.IsTraining && o.ResizeSideMax < o.ResizeSideMin, o.ResizeSideMax, "at least ResizeSideMin"},
		{"CentralFraction", o.CentralFraction < 0 || o.CentralFraction > 1, o.CentralFraction, "in (0, 1]"},
	} {
		if r.bad {
			return fmt.Errorf("%s is %v, it must be %s", r.name, r.got, r.want)
		}
	}
	return checkBoxes(o.BoundingBoxes)
}

func checkBoxes(boxes [][]float64) error {
	for i, b := range boxes {
		if len(b) != 4 || !(b[0] >= 0 && b[1] >= 0 && b[2] <= 1 && b[3] <= 1 && b[0] < b[2] && b[1] < b[3]) {
			return fmt.Errorf("bounding box %d is %v: top, left, bottom and right in [0, 1] are wanted", i, b)
		}
	}
	return nil
}
