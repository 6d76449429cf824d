package ops

import (
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// dropPath draws a mask for a batch.
func dropPath(t *testing.T, batch int, keep float32) []float32 {
	t.Helper()
	x := Spec{DType: tensors.Float32, Shape: []int{batch, 3, 3, 2}}
	out, err := DropPathMask{}.Infer([]Spec{x, {DType: tensors.Float32}})
	if err != nil {
		t.Fatal(err)
	}
	if got := ShapeString(out.Shape); !strings.HasSuffix(got, ",1,1,1]") {
		t.Fatalf("the mask has shape %s", got)
	}
	y, err := NewValue(out)
	if err != nil {
		t.Fatal(err)
	}
	c := &Ctx{Seed: 7}
	c.Begin(1)
	if err := (DropPathMask{}).Run(c, y, []*Value{{DType: x.DType, Shape: x.Shape}, {DType: x.DType, F32: []float32{keep}}}); err != nil {
		t.Fatal(err)
	}
	return y.F32
}

// The mask is floor(keep + u) / keep for u uniform in [0, 1): TF-Slim's
// drop_path. Its mean is 1.
func TestDropPathMask(t *testing.T) {
	const batch = 10000
	kept := 0
	for _, v := range dropPath(t, batch, 0.75) {
		switch v {
		case 0:
		case float32(1 / 0.75):
			kept++
		default:
			t.Fatalf("a value of %g", v)
		}
	}
	// Six standard deviations of a binomial of 10000 and 0.75.
	if kept < 7240 || kept > 7760 {
		t.Errorf("%d of %d are kept", kept, batch)
	}
	for _, v := range dropPath(t, 100, 1) {
		if v != 1 {
			t.Fatalf("keep 1 gives %g", v)
		}
	}
	for _, v := range dropPath(t, 100, 0) {
		if v != 0 {
			t.Fatalf("keep 0 gives %g", v)
		}
	}
}

func TestDropPathMaskErrors(t *testing.T) {
	f := tensors.Float32
	for _, c := range []struct {
		in   []Spec
		want string
	}{
		{[]Spec{{DType: f, Shape: []int{2}}}, "takes 2 inputs"},
		{[]Spec{{DType: f}, {DType: f}}, "a batch and a scalar are wanted"},
		{[]Spec{{DType: f, Shape: []int{2}}, {DType: f, Shape: []int{2}}}, "a batch and a scalar are wanted"},
		{[]Spec{{DType: tensors.Float64, Shape: []int{2}}, {DType: f}}, "computes in float32"},
	} {
		if _, err := (DropPathMask{}).Infer(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
