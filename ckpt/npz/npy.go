package npz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"graft/ckpt/tensors"
)

const (
	magic = "\x93NUMPY"
	// maxHeader is more than any header of a plain array has: NumPy itself
	// refuses those of more than ten thousand bytes.
	maxHeader = 1 << 16
)

// header is a decoded .npy header.
type header struct {
	dtype   tensors.DType
	size    int  // bytes of an element in the file
	text    bool // kind U: each character in four bytes
	big     bool
	fortran bool
	shape   []int
	start   int64 // of the elements
	bytes   int64 // of the elements
}

// kinds are descr's, without the byte order.
var kinds = map[string]tensors.DType{
	"f2": tensors.Float16, "f4": tensors.Float32, "f8": tensors.Float64, "c8": tensors.Complex64, "c16": tensors.Complex128,
	"i1": tensors.Int8, "i2": tensors.Int16, "i4": tensors.Int32, "i8": tensors.Int64, "b1": tensors.Bool,
	"u1": tensors.Uint8, "u2": tensors.Uint16, "u4": tensors.Uint32, "u8": tensors.Uint64,
}

// parseHeader decodes the head of an array of size bytes, which must be filled
// by the elements that the header announces.
func parseHeader(head []byte, size int64) (h header, err error) {
	if len(head) < 10 || !IsArray(head) {
		return h, fmt.Errorf("it does not begin as an array does: %x, want %x", head[:min(len(head), 6)], magic)
	}
	n, at := int(binary.LittleEndian.Uint16(head[8:])), 10
	switch major := head[6]; {
	case major == 2 || major == 3:
		if len(head) < 12 {
			return h, errors.New("its header is cut off")
		}
		length := binary.LittleEndian.Uint32(head[8:])
		n, at = int(min(length, maxHeader)), 12
	case major != 1:
		return h, fmt.Errorf("format version %d.%d, known are 1 to 3", major, head[7])
	}
	if n > len(head)-at {
		return h, fmt.Errorf("its header of %d bytes is cut off, or longer than %d", n, maxHeader)
	}
	descr, err := h.parseDictionary(head[at : at+n])
	if err != nil {
		return h, fmt.Errorf("header: %w", err)
	}
	if err := h.setType(descr); err != nil {
		return h, err
	}
	elements, ok := tensors.Elements(h.shape)
	h.start = int64(at + n)
	if h.bytes = size - h.start; !ok || h.size > 0 && elements > h.bytes/int64(h.size) || elements*int64(h.size) != h.bytes {
		return h, fmt.Errorf("%s of shape %v does not take the %d bytes that follow its header", descr, h.shape, h.bytes)
	}
	return h, nil
}

// setType decodes descr.
func (h *header) setType(descr string) error {
	if len(descr) < 2 {
		return fmt.Errorf("element type %q", descr)
	}
	kind := descr[1:]
	switch h.big = descr[0] == '>'; {
	case descr[0] != '<' && descr[0] != '>' && descr[0] != '|' && descr[0] != '=':
		return fmt.Errorf("element type %q has no byte order", descr)
	case kinds[kind] != 0:
		h.dtype = kinds[kind]
		h.size = h.dtype.Size()
		return nil
	case kind[0] == 'S' || kind[0] == 'U' || kind[0] == 'a':
		n := 0
		for _, c := range kind[1:] {
			if c < '0' || c > '9' || n > 1<<28 {
				return fmt.Errorf("element type %q", descr)
			}
			n = 10*n + int(c-'0')
		}
		h.dtype, h.size, h.text = tensors.String, n, kind[0] == 'U'
		if h.text {
			h.size *= 4
		}
		if h.size == 0 {
			return fmt.Errorf("element type %q: strings of no bytes", descr)
		}
		return nil
	case kind[0] == 'O':
		return fmt.Errorf("it holds Python objects (%q), which are pickles and can run any code: save plain numbers", descr)
	case kind[0] == 'V':
		return fmt.Errorf("it holds %q, raw bytes, as NumPy calls bfloat16 and other types that it does not know: convert them to float32 before saving", descr)
	}
	return fmt.Errorf("element type %q is none that tensors have", descr)
}

// tensor makes one of an array with its header; the second result says that its
// values are content's own bytes, of the file if content is.
func (h header) tensor(name string, content []byte, inPlace bool) (*tensors.Tensor, bool, error) {
	if int64(len(content)) != h.start+h.bytes {
		return nil, false, fmt.Errorf("it has %d bytes, its header announced %d", len(content), h.start+h.bytes)
	}
	data := content[h.start:]
	t := &tensors.Tensor{Name: name, DType: h.dtype, Shape: h.shape}
	if h.fortran && len(h.shape) > 1 {
		data, inPlace = transpose(data, h.shape, h.size), false
	}
	if h.dtype == tensors.String {
		var err error
		t.Strings, err = h.strings(data)
		return t, false, err
	}
	if word := h.dtype.Word(); h.big && word > 1 {
		data, inPlace = slices.Clone(data), false
		for i := 0; i < len(data); i += word {
			slices.Reverse(data[i : i+word])
		}
	}
	t.Data = data
	return t, inPlace, nil
}

// transpose brings elements from Fortran's order, first axis fastest, to C's.
func transpose(data []byte, shape []int, size int) []byte {
	out := make([]byte, len(data))
	strides, step := make([]int, len(shape)), size
	for i, d := range shape {
		strides[i], step = step, step*d
	}
	at := make([]int, len(shape))
	for to := 0; to < len(out); to += size {
		from := 0
		for i, x := range at {
			from += x * strides[i]
		}
		copy(out[to:to+size], data[from:])
		for i := len(at) - 1; i >= 0; i-- {
			if at[i]++; at[i] < shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return out
}

// strings takes the padding off; text becomes UTF-8.
func (h header) strings(data []byte) ([][]byte, error) {
	out := make([][]byte, 0, len(data)/h.size)
	order := binary.ByteOrder(binary.LittleEndian)
	if h.big {
		order = binary.BigEndian
	}
	for ; len(data) > 0; data = data[h.size:] {
		s := data[:h.size]
		if !h.text {
			out = append(out, bytes.Clone(bytes.TrimRight(s, "\x00")))
			continue
		}
		var text []byte
		for ; len(s) > 0; s = s[4:] {
			r := order.Uint32(s)
			if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
				return nil, fmt.Errorf("string %d holds %#x, which is no character", len(out), r)
			}
			text = utf8.AppendRune(text, rune(r))
		}
		out = append(out, bytes.TrimRight(text, "\x00"))
	}
	return out, nil
}
