package picture

import "graft/stdlib/internal/picture/jpeg"

// sampled is a plane whose samples may be fewer than the pixels. They are
// spread as libjpeg-turbo does with "fancy" upsampling (jdsample.c),
// TensorFlow's default: a sample lies in the middle of its pixels, and each
// pixel takes ¾ of the nearer and ¼ of the further one.
type sampled struct {
	jpeg.Plane
	sum []int // of two rows
	out []byte
}

func newSampled(planes []jpeg.Plane) []*sampled {
	out := make([]*sampled, len(planes))
	for i, p := range planes {
		out[i] = &sampled{Plane: p}
		if p.Across > 1 || p.Down > 1 {
			out[i].out = make([]byte, p.Width*p.Across)
		}
		if p.Across > 1 && p.Down > 1 {
			out[i].sum = make([]int, p.Width)
		}
	}
	return out
}

// row is columns from … to-1 of row y of the pixels. It holds until the next.
func (p *sampled) row(y, from, to int) []byte {
	row := func(i int) []byte { return p.Pix[max(0, min(i, p.Height-1))*p.Stride:][:p.Width] }
	at := y / p.Down
	near := row(at)
	if p.Across == 1 && p.Down == 1 {
		return near[from:to]
	}
	first, last := max(0, from/p.Across-1), min(p.Width, (to+p.Across-1)/p.Across+1)
	// The further row of two lies above for the upper pixel.
	further, out := row(at-1+2*(y%p.Down)), p.out
	switch {
	case p.Across == 1 && p.Down == 2: // h1v2_fancy_upsample
		bias := 1 + y%2
		for i := first; i < last; i++ {
			out[i] = byte((3*int(near[i]) + int(further[i]) + bias) >> 2)
		}
	case p.Across == 2 && p.Down == 1 && p.Width > 2: // h2v1_fancy_upsample
		triangle1(out, near, first, last)
	case p.Across == 2 && p.Down == 2 && p.Width > 2: // h2v2_fancy_upsample
		near, further, sum := near[first:last], further[first:last], p.sum[first:last]
		for i, x := range near {
			sum[i] = 3*int(x) + int(further[i])
		}
		triangle2(out, p.sum, first, last)
	default: // int_upsample
		for i := first * p.Across; i < last*p.Across; i++ {
			out[i] = near[i/p.Across]
		}
	}
	return out[from:to]
}

// triangle1 upsamples samples first … last-1 of a row to two each.
func triangle1(out, in []byte, first, last int) {
	for i := first; i < last; i++ {
		x, before, after := int(in[i]), int(in[max(i-1, 0)]), int(in[min(i+1, len(in)-1)])
		out[2*i] = byte((3*x + before + 1) >> 2)
		out[2*i+1] = byte((3*x + after + 2) >> 2)
	}
}

// triangle2 does the same to sums of two rows, which have weight 4. The pixels
// at an end that is not the row's are not right: they lie outside of what is
// asked for.
func triangle2(out []byte, in []int, first, last int) {
	if first >= last {
		return
	}
	before, x := in[max(first-1, 0)], in[first]
	pair := func(i, after int) {
		d := (*[2]byte)(out[2*i:])
		d[0], d[1] = byte((3*x+before+8)>>4), byte((3*x+after+7)>>4)
		before, x = x, after
	}
	for i, after := range in[first+1 : last] {
		pair(first+i, after)
	}
	pair(last-1, in[min(last, len(in)-1)])
}
