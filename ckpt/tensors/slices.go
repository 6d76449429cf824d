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

// Paste copies part, the values of the box at s, into t. Both have plain
// elements or both have strings.
func (t *Tensor) Paste(s Slice, part *Tensor) error {
	starts, lengths, err := s.Resolve(t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	n, _ := Elements(lengths)
	size := t.DType.Size()
	if t.DType == String && int64(len(part.Strings)) != n || t.DType != String && int64(len(part.Data)) != n*int64(size) {
		return fmt.Errorf("tensor %q: slice %v has %d elements, its values do not", t.Name, s, n)
	}
	if n == 0 {
		return nil
	}
	rows(t.Shape, starts, lengths, func(to, from, count int) {
		if t.DType == String {
			copy(t.Strings[to:to+count], part.Strings[from:])
			return
		}
		copy(t.Data[to*size:(to+count)*size], part.Data[from*size:])
	})
	return nil
}

// rows calls f for each run of elements along the last axis of the box: its
// place in the whole, in the box, and its length.
func rows(shape, starts, lengths []int, f func(to, from, count int)) {
	rank := len(shape)
	if rank == 0 {
		f(0, 0, 1)
		return
	}
	at := make([]int, rank)
	for from := 0; ; from += lengths[rank-1] {
		to := 0
		for i := range shape {
			to = to*shape[i] + starts[i] + at[i]
		}
		f(to, from, lengths[rank-1])
		i := rank - 2
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
