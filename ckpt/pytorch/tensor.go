package pytorch

import (
	"fmt"
	"slices"
	"strconv"

	"graft/ckpt/tensors"
)

// storage is a piece of memory that tensors look into.
type storage struct {
	key      string
	dtype    tensors.DType
	elements int64
}

// tensor is a look into a storage: the element at an index lies at offset plus
// the index times strides.
type tensor struct {
	storage storage
	offset  int64
	shape   []int
	strides []int
}

func (t tensor) bytes() int64 {
	n, _ := tensors.Elements(t.shape)
	return n * int64(t.storage.dtype.Size())
}

// expansion is how much larger than its storage a tensor may be: one that was
// expanded repeats elements, and could repeat them without end.
const expansion = 64

// check makes sure that every element lies in the storage.
func (t tensor) check() error {
	n, ok := tensors.Elements(t.shape)
	if !ok || t.offset < 0 {
		return fmt.Errorf("shape %v at %d is none", t.shape, t.offset)
	}
	if n == 0 {
		return nil
	}
	last := t.offset
	for i, d := range t.shape {
		stride := int64(t.strides[i])
		if stride < 0 || d > 1 && stride > 0 && int64(d-1) > (t.storage.elements-1-last)/stride {
			return fmt.Errorf("shape %v with strides %v at %d leaves its storage of %d elements", t.shape, t.strides, t.offset, t.storage.elements)
		}
		last += int64(d-1) * stride
	}
	if last >= t.storage.elements {
		return fmt.Errorf("shape %v at %d leaves its storage of %d elements", t.shape, t.offset, t.storage.elements)
	}
	if n/expansion > t.storage.elements {
		return fmt.Errorf("shape %v repeats the %d elements of its storage more than %d times", t.shape, t.storage.elements, expansion)
	}
	return nil
}

// contiguous reports whether the elements lie one after the other.
func (t tensor) contiguous() bool {
	step := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != step {
			return false
		}
		step *= t.shape[i]
	}
	return true
}

// tensor makes one of the storage's bytes; the second result says that its
// values are data's own bytes, of the file if data is.
func (t tensor) tensor(name string, data []byte, big, inPlace bool) (*tensors.Tensor, bool) {
	out := &tensors.Tensor{Name: name, DType: t.storage.dtype, Shape: t.shape}
	size := int64(t.storage.dtype.Size())
	n, _ := tensors.Elements(t.shape)
	switch {
	case n == 0:
		out.Data, inPlace = []byte{}, false
	case t.contiguous():
		out.Data = data[t.offset*size : (t.offset+n)*size : (t.offset+n)*size]
	default:
		out.Data, inPlace = t.gather(data), false
	}
	if word := t.storage.dtype.Word(); big && word > 1 {
		out.Data, inPlace = slices.Clone(out.Data), false
		for i := 0; i < len(out.Data); i += word {
			slices.Reverse(out.Data[i : i+word])
		}
	}
	return out, inPlace
}

// gather copies the elements in the order of their indices.
func (t tensor) gather(data []byte) []byte {
	size := t.storage.dtype.Size()
	out := make([]byte, 0, t.bytes())
	at := make([]int, len(t.shape))
	for {
		from := int(t.offset)
		for i, x := range at {
			from += x * t.strides[i]
		}
		out = append(out, data[from*size:(from+1)*size]...)
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < t.shape[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return out
		}
	}
}

// walk names the tensors in what a pickle built.
type walk struct {
	tensors map[string]tensor
	others  []string
	left    int // visits; a pickle can hold one object in many places
}

const maxDepth = 100

func (w *walk) value(path string, v any, depth int) error {
	if w.left--; w.left < 0 || depth > maxDepth {
		return fmt.Errorf("the objects hold each other more than %d deep, or more often than the file has bytes", maxDepth)
	}
	switch v := v.(type) {
	case tensor:
		if path == "" {
			path = "tensor"
		}
		return w.tensor(path, v)
	case *dict:
		for i, k := range v.keys {
			name, ok := keyName(k)
			if !ok {
				w.others = append(w.others, join(path, fmt.Sprintf("[%T]", k)))
				continue
			}
			if err := w.value(join(path, name), v.values[i], depth+1); err != nil {
				return err
			}
		}
	case *list:
		return w.items(path, v.items, depth)
	case tuple:
		return w.items(path, v, depth)
	default:
		w.others = append(w.others, path)
	}
	return nil
}

func (w *walk) items(path string, items []any, depth int) error {
	for i, x := range items {
		if err := w.value(join(path, strconv.Itoa(i)), x, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) tensor(path string, t tensor) error {
	if _, twice := w.tensors[path]; twice {
		return fmt.Errorf("tensor %q is there twice", path)
	}
	w.tensors[path] = t
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func keyName(k any) (string, bool) {
	switch k := k.(type) {
	case string:
		return k, true
	case int64:
		return strconv.FormatInt(k, 10), true
	}
	return "", false
}
