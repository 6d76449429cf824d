package jpeg

import "fmt"

// scanHeader is what a scan is of (B.2.3).
type scanHeader struct {
	components []*component
	// Of a progressive file: the coefficients from … to, the bit that was sent
	// before, 0 for none, and the bit that is sent.
	from, to, before, bit int
}

// scan reads a scan.
func (d *decoder) scan() error {
	if d.scans++; d.scans > maxScans {
		return fmt.Errorf("it has more than %d scans", maxScans)
	}
	s, err := d.scanHeader()
	if err != nil {
		return err
	}
	d.bits = bits{b: d.b, at: d.at}
	if err := d.units(s); err != nil {
		return err
	}
	d.at = d.bits.at
	if !d.Progressive {
		d.done = true
		for _, c := range d.components {
			d.done = d.done && c.q != nil
		}
	}
	return nil
}

func (d *decoder) scanHeader() (s scanHeader, err error) {
	n := int(d.b[d.at])<<8 | int(d.b[d.at+1])
	data := d.b[d.at+2 : d.at+n]
	d.at += n
	if d.components == nil {
		return s, errNoFrame
	}
	if len(data) < 1 || data[0] < 1 || data[0] > 4 || len(data) != 4+2*int(data[0]) {
		return s, fmt.Errorf("a scan's header has %d bytes", len(data))
	}
	last := data[len(data)-3:]
	if d.Progressive {
		s.from, s.to, s.before, s.bit = int(last[0]), int(last[1]), int(last[2]>>4), int(last[2]&15)
		one := data[0] == 1
		if s.to > 63 || s.from > s.to || s.from == 0 && s.to != 0 || s.from > 0 && !one || s.bit > 13 || s.before != 0 && s.before != s.bit+1 {
			return s, fmt.Errorf("a scan of %d components is of coefficients %d … %d, bit %d after %d, which cannot be", data[0], s.from, s.to, s.bit, s.before)
		}
	}
	for i := 1; i < len(data)-3; i += 2 {
		c, err := d.component(data[i], data[i+1], s)
		if err != nil {
			return s, err
		}
		for _, other := range s.components {
			if other == c {
				return s, fmt.Errorf("a scan has component %d twice", c.id)
			}
		}
		s.components = append(s.components, c)
	}
	return s, nil
}

// component makes one ready for a scan: its tables must be there.
func (d *decoder) component(id, tables byte, s scanHeader) (*component, error) {
	for i := range d.components {
		c := &d.components[i]
		if c.id != id {
			continue
		}
		if tables>>4 > 3 || tables&15 > 3 {
			return nil, fmt.Errorf("component %d has the tables of codes %d and %d; 0 … 3 are possible", id, tables>>4, tables&15)
		}
		c.dc, c.ac = d.dc[tables>>4], d.ac[tables&15]
		first, rest := s.from == 0 && s.before == 0, !d.Progressive || s.from > 0
		if first && c.dc == nil || rest && c.ac == nil {
			return nil, fmt.Errorf("component %d has no table of codes", id)
		}
		if c.q == nil {
			if c.q = d.quants[c.quant]; c.q == nil {
				return nil, fmt.Errorf("component %d has no quantisation table", id)
			}
			rows := d.rows(c)
			c.Pix = make([]byte, rows*8*c.Stride)
			if d.Progressive {
				c.coefficients = make([]int16, rows*c.row*64)
			}
		}
		return c, nil
	}
	return nil, fmt.Errorf("a scan is of component %d, which is not in the frame", id)
}

// units reads a scan's units: blocks of one component, or some of each of
// several (A.2).
func (d *decoder) units(s scanHeader) error {
	across, down := s.components[0].across, s.components[0].down
	if len(s.components) > 1 {
		h, v := d.Largest()
		across, down = ceil(d.Width, 8*h), ceil(d.Height, 8*v)
	}
	d.fresh(s)
	read := d.reader(s)
	for i := range across * down {
		if d.restart > 0 && i > 0 && i%d.restart == 0 {
			if err := d.resume(s, i/d.restart-1); err != nil {
				return err
			}
		}
		if err := d.unit(s, i%across, i/across, read); err != nil {
			return err
		}
		if d.bits.short() {
			return errShort
		}
	}
	return nil
}

func (d *decoder) unit(s scanHeader, x, y int, read func(c *component, bx, by int) error) error {
	if len(s.components) == 1 {
		return read(s.components[0], x, y)
	}
	for _, c := range s.components {
		for v := range c.V {
			for h := range c.H {
				if err := read(c, x*c.H+h, y*c.V+v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reader is what reads a block of a scan.
func (d *decoder) reader(s scanHeader) func(c *component, bx, by int) error {
	if !d.Progressive {
		return d.baseline
	}
	read := d.acFirst
	switch {
	case s.from == 0 && s.before == 0:
		read = d.dcFirst
	case s.from == 0:
		read = d.dcRefined
	case s.before != 0:
		read = d.acRefined
	}
	return func(c *component, bx, by int) error {
		at := (by*c.row + bx) * 64
		return read(s, c, (*[64]int16)(c.coefficients[at:]))
	}
}

// fresh begins a part of a scan that depends on nothing before it.
func (d *decoder) fresh(s scanHeader) {
	for _, c := range s.components {
		c.predicted = 0
	}
	d.eob = 0
}

// resume reads the n-th restart marker of a scan.
func (d *decoder) resume(s scanHeader, n int) error {
	d.at = d.bits.at
	marker, err := d.marker()
	if err != nil {
		return err
	}
	if marker != byte(rst0+n%8) {
		return fmt.Errorf("its data are broken: marker %#x where restart %d is wanted", marker, n%8)
	}
	d.bits = bits{b: d.b, at: d.at}
	d.fresh(s)
	return nil
}

// baseline reads a block and writes its pixels.
func (d *decoder) baseline(c *component, bx, by int) error {
	r, b := &d.bits, &d.block
	size, err := c.dc.symbol(r)
	if err != nil {
		return err
	}
	c.predicted += r.extended(int(size))
	b.x[0] = int16(c.predicted) * c.q[0]
	if err := r.rest(b, c.ac, c.q); err != nil {
		return err
	}
	b.put(d.loops, c.Pix[by*8*c.Stride+bx*8:], c.Stride)
	return nil
}

// rest reads a block's coefficients behind the first. Its own acc and n are
// the reader's, in registers.
func (r *bits) rest(b *block, codes *huffman, q *quant) error {
	acc, n := r.acc, r.n
	for k := 1; k < 64; k++ {
		if n < 32 {
			r.acc, r.n = acc, n
			r.fill()
			acc, n = r.acc, r.n
		}
		if e := codes.whole[acc>>(64-fast)]; e != 0 {
			k += int(e & 15)
			used := e >> 8 & 31
			acc, n = acc<<used, n-int(used)
			at := natural[k] & 63
			b.set(at, e>>16*int32(q[at]))
			continue
		}
		r.acc, r.n = acc, n
		symbol, err := codes.symbol(r)
		if err != nil {
			return err
		}
		x := r.extended(int(symbol & 15))
		acc, n = r.acc, r.n
		if symbol&15 == 0 {
			if symbol != 0xf0 {
				break
			}
			k += 15
			continue
		}
		k += int(symbol >> 4)
		at := natural[k] & 63
		b.set(at, x*int32(q[at]))
	}
	r.acc, r.n = acc, n
	return nil
}
