package jpeg

// The four kinds of a progressive file's scans (ITU T.81, G.1.2 and G.2).

func (d *decoder) dcFirst(s scanHeader, c *component, b *[64]int16) error {
	size, err := c.dc.symbol(&d.bits)
	if err != nil {
		return err
	}
	c.predicted += d.bits.extended(int(size))
	b[0] = int16(c.predicted << s.bit)
	return nil
}

func (d *decoder) dcRefined(s scanHeader, _ *component, b *[64]int16) error {
	b[0] |= int16(d.bits.next(1) << s.bit)
	return nil
}

func (d *decoder) acFirst(s scanHeader, c *component, b *[64]int16) error {
	if d.eob > 0 {
		d.eob--
		return nil
	}
	r := &d.bits
	for k := s.from; k <= s.to; k++ {
		symbol, err := c.ac.symbol(r)
		if err != nil {
			return err
		}
		zeros, size := int(symbol>>4), int(symbol&15)
		if size == 0 && zeros < 15 {
			d.eob = 1<<zeros | int(r.next(zeros))
			d.eob--
			return nil
		}
		k += zeros
		if size > 0 {
			b[natural[k]] = int16(r.extended(size) << s.bit)
		}
	}
	return nil
}

// acRefined reads one more bit of each coefficient that is not 0, and those
// that are 1 there.
func (d *decoder) acRefined(s scanHeader, c *component, b *[64]int16) error {
	r, k := &d.bits, s.from
	if d.eob == 0 {
		for ; k <= s.to; k++ {
			symbol, err := c.ac.symbol(r)
			if err != nil {
				return err
			}
			zeros, one := int(symbol>>4), int16(0)
			if symbol&15 != 0 {
				one = int16(-1) << s.bit
				if r.next(1) == 1 {
					one = 1 << s.bit
				}
			} else if zeros < 15 {
				d.eob = 1<<zeros | int(r.next(zeros))
				break
			}
			k = refine(r, b, k, s, zeros)
			if one != 0 {
				b[natural[k]] = one
			}
		}
	}
	if d.eob > 0 {
		refine(r, b, k, s, -1)
		d.eob--
	}
	return nil
}

// refine reads the bits of the coefficients from k on that are not 0, up to
// the one behind so many that are, all if negative; it returns where it ends.
func refine(r *bits, b *[64]int16, k int, s scanHeader, zeros int) int {
	for ; k <= s.to; k++ {
		x := &b[natural[k]]
		if *x == 0 {
			if zeros == 0 {
				break
			}
			zeros--
			continue
		}
		if r.next(1) == 0 || *x>>s.bit&1 != 0 && *x > 0 || -*x>>s.bit&1 != 0 && *x < 0 {
			continue
		}
		if *x > 0 {
			*x += 1 << s.bit
		} else {
			*x -= 1 << s.bit
		}
	}
	return k
}

// reconstruct makes the pixels of a component of a progressive file.
func (d *decoder) reconstruct(c *component) {
	b := &d.block
	for by := range c.down {
		for bx := range c.across {
			x := (*[64]int16)(c.coefficients[(by*c.row+bx)*64:])
			b.x[0] = x[0] * c.q[0]
			for at := 1; at < 64; at++ {
				if x[at] != 0 {
					b.set(uint8(at), int32(x[at])*int32(c.q[at]))
				}
			}
			b.put(d.loops, c.Pix[by*8*c.Stride+bx*8:], c.Stride)
		}
	}
	c.coefficients = nil
}
