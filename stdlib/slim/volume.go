package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Conv3D is a convolution over volumes (slim.convolution3d). x is [batch,
// depth, height, width, channels], of which all but the batch are known;
// kernel is {depth, height, width}, or {size}; the weights are [depth, height,
// width, in, out]. It takes no Rate.
//
// A convolution over volumes is one over pictures whose channels are those of
// as many neighbouring planes as the kernel is deep, and is computed so.
//
// Errors are those of Conv2D.
func Conv3D(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, w, channels, err := beginConv(s, x, LayerConv3D, outputs, kernel, 3, args)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], w.kernel[1], w.kernel[2], channels, outputs)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		v, err := y.volume(w, 0)
		if err != nil {
			return nil, err
		}
		deep, err := v.stack(ops.Concat{Axis: 4})
		if err != nil {
			return nil, err
		}
		filter, err := y.s.Apply("conv3d/Transpose", ops.Transpose{Perm: ops.List(1, 2, 0, 3, 4)}, weights)
		if err != nil {
			return nil, err
		}
		if filter, err = y.s.Apply("conv3d/Reshape", ops.Reshape{Shape: ops.List(w.kernel[1], w.kernel[2], w.kernel[0]*channels, outputs)}, filter); err != nil {
			return nil, err
		}
		return v.pictures("Conv3D", deep, outputs, func(p *graph.Node) (*graph.Node, error) {
			return y.s.Apply("conv3d/Conv2D", ops.Conv2D{Strides: pair(w.stride), Padding: w.padding}, p, filter)
		})
	})
}

// volume is a layer's input seen as planes.
type volume struct {
	y      *layer
	w      window
	x      *graph.Node // padded along the depth
	planes int         // of the result
}

// volume pads the input along its depth as the window wants it.
func (y *layer) volume(w window, padWith float64) (*volume, error) {
	shape := y.x.Shape()
	if len(shape) != 5 || !known(shape) {
		return nil, fmt.Errorf("slim: %s: %s has shape %s; [batch,depth,height,width,channels] with known sizes is wanted", y.kind, y.x.Name(), ops.ShapeString(shape))
	}
	v := &volume{y: y, w: w, x: y.x}
	depth, k, step := shape[1], w.kernel[0], w.stride[0]
	if w.padding == ops.Valid {
		if v.planes = (depth-k)/step + 1; depth < k {
			return nil, fmt.Errorf("slim: %s: Negative dimension size caused by subtracting %d from %d: the kernel is deeper than %s", y.kind, k, depth, y.x.Name())
		}
		return v, nil
	}
	v.planes = (depth + step - 1) / step
	pad := max(0, (v.planes-1)*step+k-depth)
	if pad == 0 {
		return v, nil
	}
	var err error
	v.x, err = y.s.Apply("Pad", ops.Pad{Paddings: ops.List(0, 0, pad/2, pad-pad/2, 0, 0, 0, 0, 0, 0), Value: padWith}, y.x)
	return v, err
}

// shifted are the planes that each place of the window's depth sees.
func (v *volume) shifted() ([]*graph.Node, error) {
	var out []*graph.Node
	for i := range v.w.kernel[0] {
		k := ops.StridedSlice{Begin: ops.List(0, i, 0, 0, 0), End: ops.List(0, i+(v.planes-1)*v.w.stride[0]+1, 0, 0, 0),
			Strides: ops.List(1, v.w.stride[0], 1, 1, 1), BeginMask: 1 | 4 | 8 | 16, EndMask: 1 | 4 | 8 | 16}
		n, err := v.y.s.Apply("strided_slice", k, v.x)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// stack joins what the places of the window's depth see.
func (v *volume) stack(k ops.Kernel) (*graph.Node, error) {
	parts, err := v.shifted()
	if err != nil {
		return nil, err
	}
	return v.y.s.Apply("stack", k, parts...)
}

// pictures applies f to all planes as if they were a batch of pictures, and
// makes volumes of them again.
func (v *volume) pictures(name string, x *graph.Node, channels int, f func(*graph.Node) (*graph.Node, error)) (*graph.Node, error) {
	shape := x.Shape()
	flat, err := v.y.s.Apply("planes", ops.Reshape{Shape: ops.List(-1, shape[2], shape[3], shape[4])}, x)
	if err != nil {
		return nil, err
	}
	if flat, err = f(flat); err != nil {
		return nil, err
	}
	out := flat.Shape()
	return v.y.s.Apply(name, ops.Reshape{Shape: ops.List(-1, shape[1], out[1], out[2], channels)}, flat)
}

// MaxPool3D takes the largest value of each window and channel
// (slim.max_pool3d). x is [batch, depth, height, width, channels], of which
// all but the batch are known; kernel is {depth, height, width}, or {size}.
// Stride is 2 and Padding Valid unless given. Errors: another rank, a kernel
// that does not fit with Valid padding.
func MaxPool3D(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	return pool3(s, x, kernel, LayerMaxPool3D, "MaxPool3D", args, func(v *volume) (*graph.Node, error) {
		parts, err := v.shifted()
		if err != nil {
			return nil, err
		}
		largest := parts[0]
		for _, p := range parts[1:] {
			if largest, err = v.y.s.Apply("Maximum", ops.Maximum, largest, p); err != nil {
				return nil, err
			}
		}
		return v.pictures("MaxPool3D", largest, largest.Shape()[4], func(p *graph.Node) (*graph.Node, error) {
			return v.y.s.Apply("MaxPool", ops.MaxPool{KSize: pair(v.w.kernel), Strides: pair(v.w.stride), Padding: v.w.padding}, p)
		})
	})
}

// AvgPool3D takes the mean of each window and channel, of the cells inside
// the volume only (slim.avg_pool3d); the rest is as in MaxPool3D.
func AvgPool3D(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	return pool3(s, x, kernel, LayerAvgPool3D, "AvgPool3D", args, func(v *volume) (*graph.Node, error) {
		sum, err := v.stack(ops.AddN{})
		if err != nil {
			return nil, err
		}
		share, err := v.shares()
		if err != nil {
			return nil, err
		}
		mean, err := v.y.s.Apply("Mul", ops.Mul, sum, share)
		if err != nil {
			return nil, err
		}
		return v.pictures("AvgPool3D", mean, mean.Shape()[4], func(p *graph.Node) (*graph.Node, error) {
			return v.y.s.Apply("AvgPool", ops.AvgPool{KSize: pair(v.w.kernel), Strides: pair(v.w.stride), Padding: v.w.padding}, p)
		})
	})
}

// shares is 1 over the number of real planes that each window sees.
func (v *volume) shares() (*graph.Node, error) {
	depth, k, step := v.y.x.Shape()[1], v.w.kernel[0], v.w.stride[0]
	before := 0
	if v.w.padding == ops.Same {
		before = max(0, (v.planes-1)*step+k-depth) / 2
	}
	share := make([]float64, v.planes)
	for i := range share {
		from := i*step - before
		share[i] = 1 / float64(min(depth, from+k)-max(0, from))
	}
	t, err := graph.FromFloat64s(share, 1, v.planes, 1, 1, 1)
	if err != nil {
		return nil, err
	}
	c, err := v.y.s.Graph().Constant(v.y.s.Operations()+"/shares", t)
	if err != nil {
		return nil, err
	}
	return v.y.s.Apply("Cast", ops.Cast{To: v.y.x.DType()}, c)
}

func pool3(s graph.Scope, x *graph.Node, kernel []int, l Layer, scope string, args []Args, apply func(*volume) (*graph.Node, error)) (*graph.Node, error) {
	y, err := begin(s, x, l, args)
	if err != nil {
		return nil, err
	}
	if err := y.open(scope); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 3, 2, Valid)
	if err != nil {
		return nil, err
	}
	padWith := 0.0
	if l == LayerMaxPool3D {
		padWith = lowest
	}
	v, err := y.volume(w, padWith)
	if err != nil {
		return nil, err
	}
	out, err := apply(v)
	if err != nil {
		return nil, err
	}
	return out, y.collect(out)
}

// lowest is below all float32s that count.
const lowest = -3.4e38
