package jpeg

import (
	"errors"
	"fmt"
)

// fast is how many bits of a code are looked up at once.
const fast = 9

// huffman is a table of codes.
type huffman struct {
	// lookup has, for the next bits, the length of a code and its symbol:
	// length<<8 | symbol, 0 for a longer code.
	lookup [1 << fast]uint16
	// whole has, where the next bits hold a code of a coefficient and its
	// value, both: value<<16 | bits<<8 | zeros before it; else 0.
	whole [1 << fast]int32
	// Longer codes: those of length l are below end[l], as the upper l of 16
	// bits; their symbols begin at symbols[code + base[l]].
	end     [17]int32
	base    [17]int32
	symbols []byte
}

var errCode = errors.New("its data are broken: bits that are no code")

func (d *decoder) huffmanTables(data []byte) error {
	for len(data) > 0 {
		if len(data) < 17 {
			return fmt.Errorf("a table of codes is broken")
		}
		kind, to := data[0]>>4, data[0]&15
		n := 0
		for _, c := range data[1:17] {
			n += int(c)
		}
		if kind > 1 || to > 3 || n > 256 || len(data) < 17+n {
			return fmt.Errorf("a table of codes is broken")
		}
		h, err := newHuffman((*[16]byte)(data[1:]), data[17:17+n])
		if err != nil {
			return err
		}
		if kind == 0 {
			for _, s := range h.symbols {
				if s > 15 {
					return fmt.Errorf("a table of codes is broken: a first coefficient of %d bits", s)
				}
			}
			d.dc[to] = h
		} else {
			h.combine()
			d.ac[to] = h
		}
		data = data[17+n:]
	}
	return nil
}

// newHuffman makes a table from how many codes there are of each length
// (C.2).
func newHuffman(counts *[16]byte, symbols []byte) (*huffman, error) {
	h := &huffman{symbols: symbols}
	code, k := int32(0), int32(0)
	for l := 1; l <= 16; l++ {
		h.base[l] = k - code
		for range counts[l-1] {
			if code >= 1<<l {
				return nil, fmt.Errorf("a table of codes is broken: too many of %d bits", l)
			}
			if l <= fast {
				entry := uint16(l)<<8 | uint16(symbols[k])
				for i := code << (fast - l); i < (code+1)<<(fast-l); i++ {
					h.lookup[i] = entry
				}
			}
			code++
			k++
		}
		h.end[l] = code
		code <<= 1
	}
	return h, nil
}

// combine finds the codes that are looked up with their values.
func (h *huffman) combine() {
	for i, e := range h.lookup {
		length, size := int(e>>8), int(e&15)
		if e == 0 || size == 0 || length+size > fast {
			continue
		}
		x := int32(i) >> (fast - length - size) & (1<<size - 1)
		h.whole[i] = extend(x, size)<<16 | int32(length+size)<<8 | int32(e>>4&15)
	}
}

// symbol takes a code.
func (h *huffman) symbol(r *bits) (byte, error) {
	if r.n < 16 {
		r.fill()
	}
	if e := h.lookup[r.acc>>(64-fast)]; e != 0 {
		r.acc, r.n = r.acc<<(e>>8), r.n-int(e>>8)
		return byte(e), nil
	}
	return h.long(r)
}

// long takes a code that is not looked up.
func (h *huffman) long(r *bits) (byte, error) {
	top := int32(r.acc >> 48)
	for l := fast + 1; l <= 16; l++ {
		if code := top >> (16 - l); code < h.end[l] {
			r.acc, r.n = r.acc<<l, r.n-l
			if i := code + h.base[l]; i >= 0 && int(i) < len(h.symbols) {
				return h.symbols[i], nil
			}
			break
		}
	}
	return 0, errCode
}
