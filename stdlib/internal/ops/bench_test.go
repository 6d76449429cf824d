package ops

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"graft/stdlib/internal/kern"
	"graft/stdlib/internal/par"
)

// benchKernel runs a kernel on float32 values of some shapes, with 1 and 2
// workers, and reports the GFLOPS of the best run.
func benchKernel(b *testing.B, name string, k Kernel, flops float64, shapes ...[]int) {
	r := rand.New(rand.NewPCG(1, 1))
	var in []*Value
	var specs []Spec
	for _, s := range shapes {
		v := f32(make([]float32, product(s)), s...)
		for i := range v.F32 {
			v.F32[i] = float32(r.NormFloat64())
		}
		v.Memo = new(Memo)
		in, specs = append(in, v), append(specs, v.Spec())
	}
	s, err := k.Infer(specs)
	if err != nil {
		b.Fatal(err)
	}
	out, err := NewValue(s)
	if err != nil {
		b.Fatal(err)
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("%s/t%d", name, workers), func(b *testing.B) {
			c := &Ctx{Context: context.Background(), Pool: par.New(workers)}
			c.Pool.Start()
			defer c.Pool.Stop()
			best := time.Hour
			for b.Loop() {
				start := time.Now()
				c.Begin(1)
				if err := k.Run(c, out, in); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start))
			}
			b.ReportMetric(flops/best.Seconds()/1e9, "GFLOPS-best")
		})
	}
}

// BenchmarkMatMul has shapes of spec/engine.md §3.
func BenchmarkMatMul(b *testing.B) {
	for _, s := range [][3]int{{64, 64, 64}, {256, 256, 256}, {1024, 1024, 1024}, {2048, 2048, 2048}, {3136, 64, 576}, {784, 128, 1152}, {196, 256, 2304}, {49, 512, 4608}, {8, 4096, 25088}, {1, 4096, 25088}, {32, 1001, 1024}} {
		flops := 2 * float64(s[0]) * float64(s[1]) * float64(s[2])
		benchKernel(b, fmt.Sprint(s[0], "x", s[1], "x", s[2]), MatMul{}, flops, []int{s[0], s[2]}, []int{s[2], s[1]})
		if s[0] == 3136 || s[0] == 8 {
			benchKernel(b, fmt.Sprint("dA-", s[0], "x", s[1], "x", s[2]), MatMul{TransposeB: true}, flops, []int{s[0], s[1]}, []int{s[2], s[1]})
			benchKernel(b, fmt.Sprint("dB-", s[0], "x", s[1], "x", s[2]), MatMul{TransposeA: true}, flops, []int{s[0], s[2]}, []int{s[0], s[1]})
		}
	}
}

// benchConvs are layers: batch, height and width, in, out, window, stride.
var benchConvs = [][6]int{
	{1, 56, 64, 64, 3, 1}, {8, 56, 64, 64, 3, 1}, {1, 56, 64, 256, 1, 1}, {1, 28, 128, 128, 3, 1}, {1, 14, 256, 256, 3, 1},
	{1, 7, 512, 512, 3, 1}, {1, 224, 3, 64, 7, 2}, {1, 224, 64, 64, 3, 1}, {1, 28, 512, 512, 3, 1}, {1, 35, 192, 64, 1, 1},
	{1, 112, 32, 16, 1, 1}, {8, 7, 512, 4096, 7, 0}, {1, 56, 24, 144, 1, 1}, {8, 14, 96, 576, 1, 1}, {32, 28, 1, 32, 5, 1}, {32, 14, 32, 64, 5, 1},
}

func convShapes(s [6]int) (x, f, y []int, flops float64) {
	o := 1 // a stride of 0: the filter covers the image
	if s[5] > 0 {
		o = (s[1] + s[5] - 1) / s[5]
	}
	x, f, y = []int{s[0], s[1], s[1], s[2]}, []int{s[4], s[4], s[2], s[3]}, []int{s[0], o, o, s[3]}
	return x, f, y, 2 * float64(product(y)) * float64(s[4]*s[4]*s[2])
}

// BenchmarkConv2D has shapes of spec/engine.md §4, forward and gradients.
func BenchmarkConv2D(b *testing.B) {
	for _, s := range benchConvs {
		x, f, y, flops := convShapes(s)
		k := Conv2D{Strides: [2]int{s[5], s[5]}}
		if s[5] == 0 {
			k.Padding = Valid
		}
		name := fmt.Sprintf("%d,%d,%d,%d,%dx%d/%d", s[0], s[1], s[2], s[3], s[4], s[4], s[5])
		benchKernel(b, name, k, flops, x, f)
		benchKernel(b, "dX-"+name, Conv2DBackpropInput(k), flops, x, f, y)
		benchKernel(b, "dW-"+name, Conv2DBackpropFilter(k), flops, x, f, y)
	}
}

// BenchmarkOthers are kernels that memory limits; GFLOPS are floats read and
// written, in billions a second.
func BenchmarkOthers(b *testing.B) {
	x := []int{8, 56, 56, 64}
	n := float64(product(x))
	benchKernel(b, "relu", Relu, 2*n, x)
	benchKernel(b, "add", Add, 3*n, x, x)
	benchKernel(b, "bias", BiasAdd{}, 2*n, x, []int{64})
	benchKernel(b, "batchnorm", BatchNorm{Epsilon: 1e-3, Scale: true, Center: true}, 2*n, x, []int{64}, []int{64}, []int{64}, []int{64})
	benchKernel(b, "moments", Moments{}, n, x)
	benchKernel(b, "bnsums", BatchNormSums{1e-3}, 2*n, x, []int{2, 64}, x)
	benchKernel(b, "maxpool3/2", MaxPool{KSize: [2]int{3, 3}, Strides: [2]int{2, 2}}, 1.25*n, x)
	benchKernel(b, "maxpoolgrad", MaxPoolGrad{KSize: [2]int{2, 2}, Strides: [2]int{2, 2}}, 2.5*n, x, []int{8, 28, 28, 64}, []int{8, 28, 28, 64})
	benchKernel(b, "avgpool3/1", AvgPool{KSize: [2]int{3, 3}}, 2*n, x)
	dw := DepthwiseConv2D{}
	benchKernel(b, "depthwise", dw, 18*n, x, []int{3, 3, 64, 1})
	for _, d := range [][2]int{{112, 32}, {56, 128}, {28, 256}, {14, 512}, {7, 1024}} {
		small := []int{1, d[0], d[0], d[1]}
		benchKernel(b, fmt.Sprint("depthwise-", d[0], "x", d[1]), dw, 18*float64(product(small)), small, []int{3, 3, d[1], 1})
	}
	benchKernel(b, "depthwise-dX", DepthwiseConv2DBackpropInput(dw), 18*n, x, []int{3, 3, 64, 1}, x)
	benchKernel(b, "depthwise-dW", DepthwiseConv2DBackpropFilter(dw), 18*n, x, []int{3, 3, 64, 1}, x)
	benchKernel(b, "softmax1000", Softmax{}, 2*32000, []int{32, 1000})
	w := []int{4 << 20}
	benchKernel(b, "adam", ApplyAdam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, 7*float64(w[0]), w, w, w, nil, nil, nil, w)
}

// BenchmarkWinograd counts the operations of the plain convolution.
func BenchmarkWinograd(b *testing.B) {
	for _, s := range [][6]int{{1, 56, 64, 64, 3, 1}, {1, 224, 64, 64, 3, 1}, {1, 112, 128, 128, 3, 1}, {1, 56, 256, 256, 3, 1}, {1, 28, 512, 512, 3, 1}, {8, 28, 512, 512, 3, 1}, {1, 14, 512, 512, 3, 1}, {1, 7, 512, 512, 3, 1}} {
		x, f, _, flops := convShapes(s)
		benchKernel(b, fmt.Sprint(s), WinogradConv2D{}, flops, x, f)
		benchKernel(b, fmt.Sprint("direct", s), Conv2D{}, flops, x, f)
	}
}

// BenchmarkLimits are what kernels can reach at most: GFLOPS in registers, and
// GB/s read from memory.
func BenchmarkLimits(b *testing.B) {
	const elements = 64 << 20
	x := make([]float32, elements)
	for _, workers := range []int{1, 2} {
		pool := par.New(workers)
		best := func(b *testing.B, unit string, f func() float64) {
			pool.Start()
			defer pool.Stop()
			most := 0.0
			for b.Loop() {
				start := time.Now()
				work := f()
				most = max(most, work/time.Since(start).Seconds()/1e9)
			}
			b.ReportMetric(most, unit)
		}
		b.Run(fmt.Sprintf("peak/t%d", workers), func(b *testing.B) {
			best(b, "GFLOPS-best", func() float64 {
				done := make([]float64, workers)
				pool.For(workers, func(part int) { done[part] = kern.Peak(200_000) })
				return float64(workers) * done[0]
			})
		})
		b.Run(fmt.Sprintf("memory/t%d", workers), func(b *testing.B) {
			best(b, "GBs-best", func() float64 {
				pool.For(8*workers, func(part int) {
					n := elements / 8 / workers
					kern.Dot(x[part*n:(part+1)*n], x[part*n:(part+1)*n])
				})
				return 4 * elements
			})
		})
	}
}
