package tensors

import "fmt"

// Resolve turns a slice of a tensor of shape into explicit starts and
// lengths, and refuses one that does not lie inside.
func (s Slice) Resolve(shape []int) (starts, lengths []int, err error) {
	if len(s) != len(shape) {
		return nil, nil, fmt.Errorf("slice %v has %d axes, the tensor's shape %v has %d", s, len(s), shape, len(shape))
	}
	for i, e := range s {
		start, length := e.Start, e.Length
		if length < 0 {
			start, length = 0, int64(shape[i])
		}
		if start < 0 || length > int64(shape[i]) || start > int64(shape[i])-length {
			return nil, nil, fmt.Errorf("slice %v does not lie inside shape %v", s, shape)
		}
		starts, lengths = append(starts, int(start)), append(lengths, int(length))
	}
	return starts, lengths, nil
}

// IsFull reports whether the slice is the whole of a tensor of shape.
func (s Slice) IsFull(shape []int) bool {
	for i, e := range s {
		if e.Length >= 0 && (i >= len(shape) || e.Start != 0 || e.Length != int64(shape[i])) {
			return false
		}
	}
	return true
}

// Intersect is the box that both slices of a tensor of shape cover, as starts
// and lengths in the tensor; ok is false when there is none. Both slices must
// lie inside shape.
func (s Slice) Intersect(other Slice, shape []int) (starts, lengths []int, ok bool) {
	a, an, errA := s.Resolve(shape)
	b, bn, errB := other.Resolve(shape)
	if errA != nil || errB != nil {
		return nil, nil, false
	}
	for i := range shape {
		from, to := max(a[i], b[i]), min(a[i]+an[i], b[i]+bn[i])
		if from >= to {
			return nil, nil, false
		}
		starts, lengths = append(starts, from), append(lengths, to-from)
	}
	return starts, lengths, true
}

// Tile checks that parts make up a tensor of shape, each element once. The
// caller has made sure that the shape's elements are worth a bit each.
func Tile(shape []int, parts []Slice) error {
	n, _ := Elements(shape)
	seen, held := make([]byte, n/8+1), int64(0)
	for i, s := range parts {
		starts, lengths, err := s.Resolve(shape)
		if err != nil {
			return err
		}
		size, _ := Elements(lengths)
		if held += size; size == 0 {
			continue
		}
		twice := false
		rows(shape, starts, lengths, make([]int, len(lengths)), lengths, func(to, _, count int) {
			for at := to; at < to+count; at++ {
				twice = twice || seen[at/8]&(1<<(at%8)) != 0
				seen[at/8] |= 1 << (at % 8)
			}
		})
		if twice {
			return fmt.Errorf("slice %v covers what a slice before it covers (slice %d of %d)", s, i+1, len(parts))
		}
	}
	if held != n {
		return fmt.Errorf("its %d slices hold %d elements, shape %v has %d", len(parts), held, shape, n)
	}
	return nil
}

// Paste copies part, the values of the box at s, into t. Both have plain
// elements or both have strings.
func (t *Tensor) Paste(s Slice, part *Tensor) error {
	starts, lengths, err := s.Resolve(t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	n, _ := Elements(lengths)
	if t.DType == String && int64(len(part.Strings)) != n || t.DType != String && int64(len(part.Data)) != n*int64(t.DType.Size()) {
		return fmt.Errorf("tensor %q: slice %v has %d elements, its values do not", t.Name, s, n)
	}
	if n == 0 {
		return nil
	}
	t.copyBox(starts, &Tensor{DType: t.DType, Shape: lengths, Data: part.Data, Strings: part.Strings}, make([]int, len(lengths)), lengths)
	return nil
}

// Cut copies the box at s out of t.
func (t *Tensor) Cut(s Slice) (*Tensor, error) {
	starts, lengths, err := s.Resolve(t.Shape)
	if err != nil {
		return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	out := New(Info{Name: t.Name, DType: t.DType, Shape: lengths})
	if out.Elements() > 0 {
		out.copyBox(make([]int, len(lengths)), t, starts, lengths)
	}
	return out, nil
}

// PasteBox copies the part of part, a tensor's values at s, that lies in the
// box at want of the same tensor of shape into t, the values of that box.
func (t *Tensor) PasteBox(want, s Slice, part *Tensor, shape []int) {
	starts, lengths, ok := want.Intersect(s, shape)
	if !ok {
		return
	}
	to, from := make([]int, len(starts)), make([]int, len(starts))
	for i, start := range starts {
		to[i], from[i] = start, start
		if want[i].Length >= 0 {
			to[i] -= int(want[i].Start)
		}
		if s[i].Length >= 0 {
			from[i] -= int(s[i].Start)
		}
	}
	t.copyBox(to, part, from, lengths)
}

// copyBox copies a box that is not empty from one tensor to another.
func (t *Tensor) copyBox(to []int, src *Tensor, from, lengths []int) {
	size := t.DType.Size()
	rows(t.Shape, to, src.Shape, from, lengths, func(to, from, count int) {
		if t.DType == String {
			copy(t.Strings[to:to+count], src.Strings[from:])
			return
		}
		copy(t.Data[to*size:(to+count)*size], src.Data[from*size:])
	})
}

// rows calls f for each run of elements that lies together in both tensors:
// its places in them, and its length.
func rows(toShape, to, fromShape, from, lengths []int, f func(to, from, count int)) {
	// The last axes that the box fills in both tensors make one run with the
	// axis before them.
	last, run := len(lengths)-1, 1
	for last > 0 && lengths[last] == toShape[last] && lengths[last] == fromShape[last] {
		run *= lengths[last]
		last--
	}
	if last < 0 {
		f(0, 0, 1)
		return
	}
	at := make([]int, last+1)
	for {
		a, b := 0, 0
		for i := range at {
			a, b = a*toShape[i]+to[i]+at[i], b*fromShape[i]+from[i]+at[i]
		}
		f(a*run, b*run, lengths[last]*run)
		i := last - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < lengths[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
