package nb

import (
	"cmp"
	"log"
	"reflect"
	"slices"
	"sort"
)

// LogPrint is log.Print to the cell's stderr.
func (rt *Runtime) LogPrint(a ...any) { rt.log(rt.Sprint(a...)) }

// LogPrintln is log.Println.
func (rt *Runtime) LogPrintln(a ...any) { rt.log(rt.Sprintln(a...)) }

// LogPrintf is log.Printf.
func (rt *Runtime) LogPrintf(format string, a ...any) { rt.log(rt.Sprintf(format, a...)) }

func (rt *Runtime) log(s string) {
	_ = log.New(Writer{rt, "stderr"}, log.Prefix(), log.Flags()).Output(3, s)
}

// DeepEqual is reflect.DeepEqual, which wants equal types first.
func (rt *Runtime) DeepEqual(x, y any) bool {
	a, aok := unwrap(x)
	b, bok := unwrap(y)
	if aok != bok || aok && a.T != b.T {
		return false
	}
	return reflect.DeepEqual(rt.Raw(x), rt.Raw(y))
}

// SortOrdered is slices.Sort for every ordered element type.
func (rt *Runtime) SortOrdered(x any) {
	x = rt.Raw(x)
	switch x := x.(type) {
	case []int:
		slices.Sort(x)
	case []float64:
		slices.Sort(x)
	case []string:
		slices.Sort(x)
	case []float32:
		slices.Sort(x)
	case []int64:
		slices.Sort(x)
	case []int32:
		slices.Sort(x)
	case []uint8:
		slices.Sort(x)
	default:
		v := reflect.ValueOf(x)
		sort.SliceStable(x, func(i, j int) bool { return compareValue(v.Index(i), v.Index(j)) < 0 })
	}
}

func compareValue(a, b reflect.Value) int {
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(a.String(), b.String())
}

// SortFunc is slices.SortStableFunc; less says whether element i sorts before
// element j.
func (rt *Runtime) SortFunc(x any, less func(i, j int) bool) {
	sort.SliceStable(rt.Raw(x), less)
}
