package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// GradCAM shows where in a picture a net saw a class (Selvaraju et al.,
// arXiv:1610.02391).
//
//	cam, err := nets.NewGradCAM(logits, endPoints["Conv2d_13_pointwise"])
//	heat, err := cam.Map(sess, graph.Feeds{images: photo}, 281)
//	charts.Overlay(photo, heat, charts.OverlayOptions{})
type GradCAM struct {
	class, heat *graph.Node
	classes     int
}

// NewGradCAM adds to the graph what computes the maps: each channel of layer
// counts as much as the score of the class grows with it on average. logits
// are [batch, classes], layer is [batch, height, width, channels], usually
// the last one with an extent. Errors: other shapes, a layer that logits do
// not depend on.
func NewGradCAM(logits, layer *graph.Node) (*GradCAM, error) {
	if logits == nil || layer == nil {
		return nil, fmt.Errorf("nets: Grad-CAM: the logits or the layer is nil")
	}
	if s := logits.Shape(); len(s) != 2 || s[1] == graph.Unknown {
		return nil, fmt.Errorf("nets: Grad-CAM: the logits are %v, [batch,classes] is wanted", logits)
	}
	if len(layer.Shape()) != 4 {
		return nil, fmt.Errorf("nets: Grad-CAM: the layer is %v, [batch,height,width,channels] is wanted", layer)
	}
	g := logits.Graph()
	c := &GradCAM{classes: logits.Shape()[1]}
	s, err := g.Scope().Open("grad_cam")
	if err != nil {
		return nil, err
	}
	if c.class, err = g.Placeholder(g.UniqueName("grad_cam/class"), logits.DType(), c.classes); err != nil {
		return nil, err
	}
	chosen, err := s.Apply("chosen", ops.Mul, logits, c.class)
	if err != nil {
		return nil, err
	}
	score, err := graph.ReduceSum(chosen)
	if err != nil {
		return nil, err
	}
	grads, err := graph.GradientsOf(score, layer)
	if err != nil {
		return nil, err
	}
	if grads[0] == nil {
		return nil, fmt.Errorf("nets: Grad-CAM: %s does not depend on %s", logits.Name(), layer.Name())
	}
	c.heat, err = heat(s, grads[0], layer)
	return c, err
}

// heat is relu(Σ over channels of the layer times its mean gradient).
func heat(s graph.Scope, grad, layer *graph.Node) (*graph.Node, error) {
	space, err := ops.AxesOf(4, 1, 2)
	if err != nil {
		return nil, err
	}
	channels, err := ops.AxesOf(4, 3)
	if err != nil {
		return nil, err
	}
	weights, err := s.Apply("weights", ops.Reduce{Op: ops.Mean, Axes: space, KeepDims: true}, grad)
	if err != nil {
		return nil, err
	}
	weighed, err := s.Apply("weighed", ops.Mul, layer, weights)
	if err != nil {
		return nil, err
	}
	sum, err := s.Apply("sum", ops.Reduce{Op: ops.Sum, Axes: channels}, weighed)
	if err != nil {
		return nil, err
	}
	return s.Apply("heat", ops.Relu, sum)
}

// Map is where the pictures that are fed speak for a class: [batch, height,
// width] of the layer, float32 from 0 to 1, where 1 is the place that speaks
// most; all 0 when none does. Errors: a class out of range, those of
// Session.Run.
func (c *GradCAM) Map(sess *graph.Session, feeds graph.Feeds, class int) (*graph.Tensor, error) {
	if class < 0 || class >= c.classes {
		return nil, fmt.Errorf("nets: Grad-CAM: class %d, the net has 0 to %d", class, c.classes-1)
	}
	all := graph.Feeds{}
	for n, v := range feeds {
		all[n] = v
	}
	one := make([]float32, c.classes)
	one[class] = 1
	all[c.class] = one
	out, err := sess.Run(all, c.heat)
	if err != nil {
		return nil, err
	}
	values, ok := out[0].Data().([]float32)
	if !ok {
		return nil, fmt.Errorf("nets: Grad-CAM: the map is %v, float32 is wanted", out[0].Dtype())
	}
	size := len(values) / max(1, out[0].Shape()[0])
	for from := 0; from+size <= len(values) && size > 0; from += size {
		normalise(values[from : from+size])
	}
	return out[0], nil
}

func normalise(values []float32) {
	most := float32(0)
	for _, v := range values {
		most = max(most, v)
	}
	if most > 0 {
		for i := range values {
			values[i] /= most
		}
	}
}
