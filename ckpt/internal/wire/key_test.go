package wire

import (
	"encoding/hex"
	"math"
	"testing"

	"graft/ckpt/tensors"
)

// The wanted bytes were read from files that TensorFlow wrote.
func TestSigned(t *testing.T) {
	for v, want := range map[int64]string{
		0: "80", 1: "81", -1: "7f", 63: "bf", 64: "c040", -64: "40", -65: "3fbf", 100: "c064", 512: "c200", 4096: "d000",
		8191: "dfff", 8192: "e02000", 1 << 20: "f0100000", 1 << 31: "f880000000", math.MaxInt64: "ffc07fffffffffffffff",
	} {
		if got := hex.EncodeToString(appendSigned(nil, v)); got != want {
			t.Errorf("%d: got %s, want %s", v, got, want)
		}
	}
}

func TestSliceKey(t *testing.T) {
	whole := tensors.Extent{Length: -1}
	for _, c := range []struct {
		name string
		s    tensors.Slice
		want string
	}{
		{"foo", tensors.Slice{whole, whole, {Start: 1, Length: 3}, {Start: 4, Length: 5}}, "00666f6f00010104807f807f81838485"},
		{"emb/weights", tensors.Slice{{Start: 512, Length: 512}, whole}, "00656d622f7765696768747300010102c200c200807f"},
		{"b", nil, "0062000100"},
	} {
		if got := hex.EncodeToString(SliceKey(c.name, c.s)); got != c.want {
			t.Errorf("%s %v: got %s, want %s", c.name, c.s, got, c.want)
		}
	}
}
