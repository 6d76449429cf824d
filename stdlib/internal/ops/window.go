package ops

import "fmt"

// Padding is how a window meets the edges of an image.
type Padding string

// Same gives ⌈in/stride⌉ outputs, with the odd cell of padding after. Valid
// keeps the window inside. Explicit takes the pads that the kernel has.
const (
	Same     Padding = "SAME"
	Valid    Padding = "VALID"
	Explicit Padding = "EXPLICIT"
)

// maxWindow bounds the sizes of windows, strides, dilations and pads.
const maxWindow = 1 << 20

// window is the geometry of one axis: output o looks at the inputs
// o·stride-before + t·dilation for t in 0 … size-1, those that exist.
type window struct {
	in, out, size, stride, dilation, before int
}

// along makes the geometry of one axis. Strides and dilations of 0 are 1.
func (p Padding) along(axis string, in, size, stride, dilation int, pads [2]int) (window, error) {
	w := window{in: in, size: size, stride: max(1, stride), dilation: max(1, dilation)}
	for _, v := range []struct {
		what     string
		min, val int
	}{{"window", 1, size}, {"stride", 0, stride}, {"dilation", 0, dilation}, {"padding before", 0, pads[0]}, {"padding after", 0, pads[1]}} {
		if v.val < v.min || v.val > maxWindow {
			return w, fmt.Errorf("%s: %s %d is not in %d … %d", axis, v.what, v.val, v.min, maxWindow)
		}
	}
	reach := (size-1)*w.dilation + 1
	if in == Unknown {
		w.out = Unknown
		return w, p.check(pads)
	}
	switch p {
	case "", Same:
		w.out = (in + w.stride - 1) / w.stride
		w.before = max(0, (w.out-1)*w.stride+reach-in) / 2
		return w, p.check(pads)
	case Explicit:
		w.before, in = pads[0], in+pads[0]+pads[1]
	}
	if in < reach {
		return w, fmt.Errorf("%s: a window that reaches over %d does not fit in %d (padding %s)", axis, reach, in, p)
	}
	w.out = (in-reach)/w.stride + 1
	return w, p.check(pads)
}

func (p Padding) check(pads [2]int) error {
	switch p {
	case "", Same, Valid:
		if pads != [2]int{} {
			return fmt.Errorf("pads %v are given, but padding is %s", pads, p)
		}
	case Explicit:
	default:
		return fmt.Errorf("padding %q is none of SAME, VALID, EXPLICIT", string(p))
	}
	return nil
}

// taps returns the range of t for which output o looks at an input that exists.
func (w window) taps(o int) (from, to int) {
	start := o*w.stride - w.before
	for from = 0; from < w.size && start+from*w.dilation < 0; from++ {
	}
	for to = w.size; to > from && start+(to-1)*w.dilation >= w.in; to-- {
	}
	return from, to
}

// outs returns the range of outputs that look through tap t at an input that
// exists.
func (w window) outs(t int) (from, to int) {
	shift := t*w.dilation - w.before // input = o·stride + shift
	if shift < 0 {
		from = (-shift + w.stride - 1) / w.stride
	}
	if last := w.in - 1 - shift; last >= 0 {
		to = last/w.stride + 1
	}
	to = min(to, w.out)
	return min(from, to), to
}
