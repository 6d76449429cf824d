package tensors

import (
	"slices"
	"testing"
)

// counting is a uint8 tensor of 0, 1, 2 …
func counting(shape ...int) *Tensor {
	t := New(Info{Name: "t", DType: Uint8, Shape: shape})
	for i := range t.Data {
		t.Data[i] = byte(i)
	}
	return t
}

// The wanted values are NumPy's: np.arange(24).reshape(2, 3, 4)[:, 1:3, 2:4]
// and so on.
func TestCut(t *testing.T) {
	all := Extent{Length: -1}
	for _, c := range []struct {
		shape []int
		slice Slice
		want  []byte
	}{
		{[]int{2, 3, 4}, Slice{all, {1, 2}, {2, 2}}, []byte{6, 7, 10, 11, 18, 19, 22, 23}},
		{[]int{2, 3, 4}, Slice{{1, 1}, {0, 2}, all}, []byte{12, 13, 14, 15, 16, 17, 18, 19}},
		{[]int{2, 3, 4}, Slice{{0, 2}, {0, 3}, {3, 1}}, []byte{3, 7, 11, 15, 19, 23}},
		{[]int{5}, Slice{{1, 3}}, []byte{1, 2, 3}},
		{[]int{5}, Slice{{1, 0}}, nil},
		{nil, Slice{}, []byte{0}},
	} {
		got, err := counting(c.shape...).Cut(c.slice)
		if err != nil || !slices.Equal(got.Data, c.want) {
			t.Errorf("%v of %v: got %v, %v, want %v", c.slice, c.shape, got, err, c.want)
		}
	}
	if _, err := counting(5).Cut(Slice{{3, 3}}); err == nil {
		t.Error("a slice beyond the end was cut")
	}
}

// A box put together from the parts that overlap it is the box cut out of the
// whole.
func TestPasteBox(t *testing.T) {
	whole := counting(6, 5)
	parts := []Slice{{{0, 2}, {Length: -1}}, {{2, 4}, {0, 3}}, {{2, 4}, {3, 2}}}
	for _, want := range []Slice{{{1, 4}, {2, 2}}, {{Length: -1}, {Length: -1}}, {{5, 1}, {4, 1}}, {{0, 1}, {Length: -1}}} {
		cut, err := whole.Cut(want)
		if err != nil {
			t.Fatal(err)
		}
		got := New(Info{DType: Uint8, Shape: cut.Shape})
		for _, s := range parts {
			part, err := whole.Cut(s)
			if err != nil {
				t.Fatal(err)
			}
			got.PasteBox(want, s, part, whole.Shape)
		}
		if !slices.Equal(got.Data, cut.Data) {
			t.Errorf("%v: got %v, want %v", want, got.Data, cut.Data)
		}
	}
}
