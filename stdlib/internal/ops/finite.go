package ops

import (
	"sync/atomic"

	"graft/ckpt/tensors"
)

// AllFinite reports whether no element of v is NaN or infinite.
func (c *Ctx) AllFinite(v *Value) bool {
	switch v.DType {
	case tensors.Float32:
		return allFinite(c, v.F32)
	case tensors.Float64:
		return allFinite(c, v.F64)
	}
	return true
}

func allFinite[T Float](c *Ctx, x []T) bool {
	var bad atomic.Bool
	_ = c.Ranges(len(x), elementGrain, func(from, to int) { // the run itself notices that it is cancelled
		if !finite(x[from:to]) {
			bad.Store(true)
		}
	})
	return !bad.Load()
}

// finite sums x-x, which is 0 of finite numbers and NaN of others, in four
// sums that do not wait for each other.
func finite[T Float](x []T) bool {
	var a, b, c, d T
	for len(x) >= 4 {
		a += x[0] - x[0]
		b += x[1] - x[1]
		c += x[2] - x[2]
		d += x[3] - x[3]
		x = x[4:]
	}
	for _, v := range x {
		a += v - v
	}
	return a+b+c+d == 0
}
