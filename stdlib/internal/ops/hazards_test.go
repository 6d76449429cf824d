package ops

import (
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// Gorgonia merges nodes by a hash of 32 bits that it never checks. Here two
// operations are made to collide: that is an error, not a wrong result.
func TestHashCollision(t *testing.T) {
	n := newNet(t)
	x := n.leaf(&Value{DType: tensors.Float32, Shape: []int{2}, F32: []float32{1, -1}})
	first := n.op(Relu, x)
	n.b.last.Store(n.b.last.Load() - 1) // the next operation has the same number
	second, err := n.b.Apply(Relu, x)
	if err == nil || !strings.Contains(err.Error(), "merged this node with another one") {
		t.Errorf("%v is %v: %v", second, first, err)
	}
}
