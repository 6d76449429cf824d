package wire

import (
	"slices"
	"testing"
)

func FuzzShape(f *testing.F) {
	f.Add(AppendShape(nil, []int{3, 0, 224}))
	f.Fuzz(func(t *testing.T, b []byte) {
		shape, err := Shape(b)
		if err != nil {
			return
		}
		again, err := Shape(AppendShape(nil, shape))
		if err != nil || !slices.Equal(again, shape) {
			t.Errorf("%v came back as %v, %v", shape, again, err)
		}
	})
}

func FuzzSlice(f *testing.F) {
	f.Add([]byte{0x0a, 0x00, 0x0a, 0x04, 0x08, 0x01, 0x10, 0x03})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Slice(b)
		if err == nil {
			_ = SliceKey("name", s)
			_, _, _ = s.Resolve([]int{4, 5})
		}
	})
}
