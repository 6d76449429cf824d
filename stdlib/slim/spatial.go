package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// SpatialSoftmax gives the place of each channel's features: the mean row and
// column under a softmax over the picture, each in [-1, 1]
// (slim.spatial_softmax; Finn et al., arXiv:1509.06113). x is [batch, height,
// width, channels], of which all but the batch are known; the result is
// [batch, channels·2]: row and column of the first channel, and so on. Its
// variable is temperature, a scalar. Errors: another rank, unknown sizes.
func SpatialSoftmax(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerSpatialSoftmax, args)
	if err != nil {
		return nil, err
	}
	shape := x.Shape()
	if len(shape) != 4 || !known(shape) || shape[1] < 1 || shape[2] < 1 {
		return nil, fmt.Errorf("slim: spatial_softmax: its input is %v, [batch,height,width,channels] with known sizes is wanted; The num_channels dimension of the inputs should be defined", x)
	}
	if err := y.open("spatial_softmax"); err != nil {
		return nil, err
	}
	first := graph.Ones()
	if y.a.Temperature != 0 {
		first = graph.Constants{Value: y.a.Temperature}
	}
	temperature, err := y.variable("temperature", nil, y.a.Trainable.or(true), first, nil)
	if err != nil {
		return nil, err
	}
	if y.s, err = y.s.NameScope("spatial_softmax_op"); err != nil {
		return nil, err
	}
	places, err := y.places(shape[1], shape[2])
	if err != nil {
		return nil, err
	}
	c := &calc{s: y.s}
	rows := c.do("Reshape_2", ops.Reshape{Shape: ops.List(-1, shape[1]*shape[2])}, c.do("transpose", ops.Transpose{Perm: ops.List(0, 3, 1, 2)}, x))
	attention := c.do("Softmax", ops.Softmax{}, c.do("truediv", ops.Div, rows, temperature.Node()))
	return c.do("Reshape_3", ops.Reshape{Shape: ops.List(-1, shape[3]*2)}, c.do("MatMul", ops.MatMul{}, attention, places)), c.err
}

// places are row and column of each cell of a picture, [height·width, 2],
// from -1 to 1.
func (y *layer) places(height, width int) (*graph.Node, error) {
	at := func(i, n int) float64 {
		if n == 1 {
			return -1 // tf.lin_space of one number is its start
		}
		return -1 + 2*float64(i)/float64(n-1)
	}
	values := make([]float64, 0, 2*height*width)
	for i := range height {
		for j := range width {
			values = append(values, at(i, height), at(j, width))
		}
	}
	t, err := graph.FromFloat64s(values, height*width, 2)
	if err != nil {
		return nil, err
	}
	c, err := y.s.Graph().Constant(y.s.Operations()+"/LinSpace", t)
	if err != nil {
		return nil, err
	}
	return y.s.Apply("Cast", ops.Cast{To: y.x.DType()}, c)
}
