package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Conv3DTranspose is a convolution over volumes the other way round: it makes
// them larger by its stride (slim.convolution3d_transpose). x is [batch,
// depth, height, width, channels], of which all but the batch are known; its
// weights are [depth, height, width, out, in]. With Same padding each size
// of the result is the input's times the stride, with Valid larger by what the
// window juts out.
//
// Each plane of the kernel's depth is a transposed convolution over pictures,
// whose planes are then laid apart by the stride, shifted and added.
//
// Errors are those of Conv2D.
func Conv3DTranspose(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerConv3DTranspose, args)
	if err != nil {
		return nil, err
	}
	y.core = coreNames
	channels, err := y.channels(5, "[batch,depth,height,width,channels]")
	if err != nil {
		return nil, err
	}
	if !known(x.Shape()) {
		return nil, fmt.Errorf("slim: %s: %s has shape %s; all sizes but the batch must be known", y.kind, x.Name(), ops.ShapeString(x.Shape()))
	}
	if outputs < 1 {
		return nil, fmt.Errorf("slim: %s: %d outputs, at least 1 is wanted", y.kind, outputs)
	}
	if err := y.open("Conv3d_transpose"); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 3, 1, Same)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], w.kernel[1], w.kernel[2], outputs, channels)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		c := &calc{s: y.s}
		v := &volume{y: y, w: w, x: x}
		var parts []*graph.Node
		for k := range w.kernel[0] {
			parts = append(parts, v.plane(c, weights, k, outputs))
		}
		return v.cut(c, c.do("conv3d_transpose/AddN", ops.AddN{}, parts...)), c.err
	})
}

// plane is what plane k of the kernel adds to the result, before Same padding
// is cut off.
func (v *volume) plane(c *calc, weights *graph.Node, k, outputs int) *graph.Node {
	kernel, step, depth := v.w.kernel, v.w.stride[0], v.x.Shape()[1]
	cut := ops.StridedSlice{Begin: ops.List(k, 0, 0, 0, 0), End: ops.List(k+1, 0, 0, 0, 0), Strides: ops.List(1, 1, 1, 1, 1), BeginMask: 2 | 4 | 8 | 16, EndMask: 2 | 4 | 8 | 16}
	filter := c.do("conv3d_transpose/filter", ops.Squeeze{Axes: 1}, c.do("conv3d_transpose/strided_slice", cut, weights))
	if c.err != nil {
		return nil
	}
	var out *graph.Node
	out, c.err = v.pictures("conv3d_transpose/volume", v.x, outputs, func(p *graph.Node) (*graph.Node, error) {
		t := ops.Conv2DTranspose{Conv2D: ops.Conv2D{Strides: pair(v.w.stride), Padding: v.w.padding}}
		return v.y.s.Apply("conv3d_transpose/planes", t, p, filter)
	})
	if c.err != nil {
		return nil
	}
	size := out.Shape()
	out = c.do("conv3d_transpose/ExpandDims", ops.ExpandDims{Axis: 2}, out)
	out = c.do("conv3d_transpose/apart", ops.Pad{Paddings: ops.List(0, 0, 0, 0, 0, step-1, 0, 0, 0, 0, 0, 0)}, out)
	out = c.do("conv3d_transpose/Reshape", ops.Reshape{Shape: ops.List(-1, depth*step, size[2], size[3], outputs)}, out)
	after := max(kernel[0], step) - step - k
	if after < 0 { // zeros that the stride laid behind the last plane
		keep := ops.StridedSlice{Begin: ops.List(0, 0, 0, 0, 0), End: ops.List(0, depth*step+after, 0, 0, 0), Strides: ops.List(1, 1, 1, 1, 1), BeginMask: 1 | 4 | 8 | 16, EndMask: 1 | 4 | 8 | 16}
		out, after = c.do("conv3d_transpose/keep", keep, out), 0
	}
	return c.do("conv3d_transpose/shift", ops.Pad{Paddings: ops.List(0, 0, k, after, 0, 0, 0, 0, 0, 0)}, out)
}

// cut takes from the sum of the planes what Same padding leaves.
func (v *volume) cut(c *calc, sum *graph.Node) *graph.Node {
	juts := max(0, v.w.kernel[0]-v.w.stride[0])
	if v.w.padding != ops.Same || juts == 0 {
		return c.do("conv3d_transpose", ops.Identity{}, sum)
	}
	from, n := juts/2, v.x.Shape()[1]*v.w.stride[0]
	k := ops.StridedSlice{Begin: ops.List(0, from, 0, 0, 0), End: ops.List(0, from+n, 0, 0, 0), Strides: ops.List(1, 1, 1, 1, 1), BeginMask: 1 | 4 | 8 | 16, EndMask: 1 | 4 | 8 | 16}
	return c.do("conv3d_transpose", k, sum)
}
