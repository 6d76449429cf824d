package ops

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"graft/stdlib/internal/par"
)

// asked is a context that counts how often it is asked whether it has ended,
// and ends after so many times; 0: never.
type asked struct {
	context.Context
	times, end atomic.Int64
}

func (a *asked) Err() error {
	if n := a.times.Add(1); a.end.Load() > 0 && n > a.end.Load() {
		return context.Canceled
	}
	return nil
}

// A kernel asks after so many products, or elements read and written, at most,
// whether it is to end: 100 ms of the slowest loops.
const (
	askProducts = 1 << 27
	askElements = 1 << 23
)

// longKernels are kernels on inputs that take some time, with their products or elements.
func longKernels() map[string]struct {
	k      Kernel
	shapes [][]int
	work   float64
	limit  float64
} {
	type row = struct {
		k      Kernel
		shapes [][]int
		work   float64
		limit  float64
	}
	out := map[string]row{}
	conv := func(name string, s [6]int, kernels ...Kernel) {
		x, f, y, flops := convShapes(s)
		for _, k := range kernels {
			shapes := [][]int{x, f, y}
			switch k.(type) {
			case Conv2D, WinogradConv2D:
				shapes = shapes[:2]
			}
			out[fmt.Sprint(name, " ", k.Name())] = row{k, shapes, flops / 2, askProducts}
		}
	}
	both := func(s int) []Kernel {
		k := Conv2D{Strides: [2]int{s, s}}
		return []Kernel{k, Conv2DBackpropInput(k), Conv2DBackpropFilter(k)}
	}
	conv("3x3", [6]int{4, 112, 64, 64, 3, 1}, append(both(1), WinogradConv2D{})...)
	conv("1x1", [6]int{16, 56, 64, 256, 1, 1}, both(1)...)
	conv("7x7/2 of pictures", [6]int{16, 224, 3, 64, 7, 2}, both(2)...)
	conv("one large window", [6]int{2, 8, 2048, 512, 7, 1}, both(1)...)
	mul := func(name string, k MatMul, a, b []int, products float64) {
		out[name] = row{k, [][]int{a, b}, products, askProducts}
	}
	mul("product", MatMul{}, []int{1024, 1024}, []int{1024, 1024}, 1<<30)
	mul("long sums", MatMul{TransposeA: true}, []int{1 << 21, 6}, []int{1 << 21, 64}, 6*64*(1<<21))
	mul("transposed", MatMul{TransposeB: true}, []int{8, 4096}, []int{25088, 4096}, 8*4096*25088)
	x := []int{16, 112, 112, 64}
	n := float64(product(x))
	dw := DepthwiseConv2D{}
	elements := func(name string, k Kernel, work float64, shapes ...[]int) {
		out[name] = row{k, shapes, work, askElements}
	}
	elements("depthwise", dw, 9*n, x, []int{3, 3, 64, 1})
	elements("depthwise by 2", dw, 9*n, []int{8, 112, 112, 64}, []int{3, 3, 64, 2})
	elements("depthwise dX", DepthwiseConv2DBackpropInput(dw), 9*n, x, []int{3, 3, 64, 1}, x)
	elements("depthwise dW", DepthwiseConv2DBackpropFilter(dw), 9*n, x, []int{3, 3, 64, 1}, x)
	pool := MaxPool{KSize: [2]int{3, 3}}
	elements("max pool", pool, 9*n, x)
	elements("average pool", AvgPool(pool), 9*n, x)
	elements("max pool gradient", MaxPoolGrad(pool), 9*n, x, x, x)
	elements("average pool gradient", AvgPoolGrad(pool), 9*n, x, x)
	elements("moments", Moments{}, n, x)
	elements("batch norm sums", BatchNormSums{1e-3}, 2*n, x, []int{2, 64}, x)
	elements("LRN", LRN{DepthRadius: 5, Bias: 1, Alpha: 1, Beta: 0.5}, 11*n, x)
	elements("sum", Reduce{Op: Sum, Axes: 0b1111}, n, x)
	elements("sum of the middle", Reduce{Op: Sum, Axes: 0b0110}, n, x)
	elements("largest", Reduce{Op: Max, Axes: 0b1111}, n, x)
	elements("exp", Exp, n, x)
	elements("product with a channel's", Mul, n, x, []int{64})
	elements("softmax", Softmax{}, n, []int{12544, 1024})
	elements("transpose", Transpose{Perm: List(3, 1, 2, 0)}, n, x)
	elements("dropout", DropoutMask{0.5}, n, x)
	return out
}

// Whatever a kernel does, it soon notices that the run is cancelled: it asks
// often enough, and it ends when told.
func TestCancelSoon(t *testing.T) {
	for name, c := range longKernels() {
		t.Run(name, func(t *testing.T) {
			var in []*Value
			var specs []Spec
			for _, s := range c.shapes {
				v := f32(make([]float32, product(s)), s...)
				in, specs = append(in, v), append(specs, v.Spec())
			}
			spec, err := c.k.Infer(specs)
			if err != nil {
				t.Fatal(err)
			}
			out, err := NewValue(spec)
			if err != nil {
				t.Fatal(err)
			}
			run := func(end int64) (int64, error) {
				ctx := &asked{Context: t.Context()}
				ctx.end.Store(end)
				run := &Ctx{Context: ctx, Pool: par.New(2)}
				run.Pool.Start()
				defer run.Pool.Stop()
				run.Begin(1)
				err := c.k.Run(run, out, in)
				return ctx.times.Load(), err
			}
			if _, err := run(2); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v when cancelled", err)
			}
			times, err := run(0)
			if err != nil {
				t.Fatal(err)
			}
			if each := c.work / float64(times); each > c.limit {
				t.Errorf("asked %d times: after %.3g products or elements each, %.3g is the limit", times, each, c.limit)
			}
		})
	}
}
