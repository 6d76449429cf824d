package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// window is what convolutions and pools have in common: its sizes, steps and
// dilations, one an axis.
type window struct {
	kernel, stride []int
	rate           int
	padding        ops.Padding
}

// window reads a layer's window over n axes; it is called when the layer's
// scope is open, as TF-Slim does.
func (y *layer) window(kernel []int, n, stride int, padding Padding) (w window, err error) {
	switch {
	case len(kernel) == 1:
		for range n {
			w.kernel = append(w.kernel, kernel[0])
		}
	case len(kernel) == n:
		w.kernel = append(w.kernel, kernel...)
	default:
		return w, fmt.Errorf("slim: %s: The `kernel_size` argument must be a tuple of %d integers. Received: %v", y.kind, n, kernel)
	}
	for _, k := range w.kernel {
		if k < 1 {
			return w, fmt.Errorf("slim: %s: kernel %v, sizes of at least 1 are wanted", y.kind, kernel)
		}
	}
	if y.a.Stride > 0 {
		stride = y.a.Stride
	}
	for range n {
		w.stride = append(w.stride, stride)
	}
	if n == 2 && y.a.StrideHW != [2]int{} {
		w.stride = []int{max(1, y.a.StrideHW[0]), max(1, y.a.StrideHW[1])}
	}
	if n == 3 && y.a.StrideDHW != [3]int{} {
		w.stride = []int{max(1, y.a.StrideDHW[0]), max(1, y.a.StrideDHW[1]), max(1, y.a.StrideDHW[2])}
	}
	if y.a.Padding != "" {
		padding = y.a.Padding
	}
	if padding != Same && padding != Valid {
		return w, fmt.Errorf("slim: %s: The `padding` argument must be SAME or VALID. Received: %s", y.kind, padding)
	}
	w.padding, w.rate = ops.Padding(padding), max(1, y.a.Rate)
	return w, nil
}

// dilated refuses a stride and a rate above 1 together.
func (y *layer) dilated(w window) error {
	for _, s := range w.stride {
		if s > 1 && w.rate > 1 {
			return fmt.Errorf("slim: %s: `strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: strides=%v and dilation_rate=%d", y.kind, w.stride, w.rate)
		}
	}
	return nil
}

// pair is the window's last two axes, those of a picture.
func pair(list []int) [2]int { return [2]int{list[len(list)-2], list[len(list)-1]} }

// known reports whether all sizes of a shape but the first are known.
func known(shape []int) bool {
	for _, d := range shape[1:] {
		if d == graph.Unknown {
			return false
		}
	}
	return true
}
