package jpeg

import "encoding/binary"

// bits reads a scan's bits, which lie at the top of acc.
type bits struct {
	b     []byte
	at    int // of the first byte that is not in acc
	acc   uint64
	n     int // bits of acc
	after int // of them, zeros that were put behind the scan's end
}

// fill makes n at least 32. Behind the scan's end, a marker or the end of the
// file, come zeros.
func (r *bits) fill() {
	if r.at+8 <= len(r.b) {
		w := binary.BigEndian.Uint64(r.b[r.at:])
		// No byte is 0xff: none of the complement is 0.
		if x := ^w; (x-0x0101010101010101)&^x&0x8080808080808080 == 0 {
			k := (63 - r.n) >> 3
			r.acc |= w >> r.n // the bits beyond whole bytes come again, the same
			r.at, r.n = r.at+k, r.n+8*k
			return
		}
	}
	for r.n <= 56 {
		c, ok := r.byte()
		if !ok {
			r.after += 8
		}
		r.acc |= uint64(c) << (56 - r.n)
		r.n += 8
	}
}

// byte takes the next byte; there is none before a marker and at the end.
func (r *bits) byte() (c byte, ok bool) {
	for r.at < len(r.b) {
		c := r.b[r.at]
		if c != 0xff {
			r.at++
			return c, true
		}
		if r.at+1 == len(r.b) || r.b[r.at+1] != 0 && r.b[r.at+1] != 0xff {
			break
		}
		if r.b[r.at+1] == 0 {
			r.at += 2
			return c, true
		}
		r.at++ // a fill byte before a marker
	}
	return 0, false
}

// short says that more was read than is there.
func (r *bits) short() bool { return r.n < r.after }

// next takes 0 … 16 bits.
func (r *bits) next(k int) int32 {
	if r.n < k {
		r.fill()
	}
	x := int32(r.acc >> 1 >> (63 - k))
	r.acc, r.n = r.acc<<k, r.n-k
	return x
}

// extended takes the bits of a number of size 0 … 16 (F.2.2.1, EXTEND).
func (r *bits) extended(size int) int32 { return extend(r.next(size), size) }

func extend(x int32, size int) int32 {
	if x < 1<<size>>1 {
		x += -1<<size + 1
	}
	return x
}
