package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Markers (ITU T.81, table B.1).
const (
	sof0, sof1, sof2 = 0xc0, 0xc1, 0xc2 // baseline, extended, progressive
	dht, dqt, dri    = 0xc4, 0xdb, 0xdd
	rst0, rst7       = 0xd0, 0xd7
	soi, eoi, sos    = 0xd8, 0xd9, 0xda
	app0, app14      = 0xe0, 0xee
)

// segments reads segments up to the next scan, whose header is next then, or
// to the end.
func (d *decoder) segments() error {
	for !d.done {
		marker, err := d.marker()
		if err != nil {
			return err
		}
		switch {
		case marker == eoi:
			d.done = true
			if d.components == nil {
				return fmt.Errorf("it has no picture")
			}
			continue
		case marker == soi, marker >= rst0 && marker <= rst7, marker == 1:
			continue
		}
		if len(d.b)-d.at < 2 {
			return errShort
		}
		n := int(binary.BigEndian.Uint16(d.b[d.at:]))
		if n < 2 || n > len(d.b)-d.at {
			return errShort
		}
		if marker == sos {
			return nil
		}
		data := d.b[d.at+2 : d.at+n]
		d.at += n
		if err := d.segment(marker, data); err != nil {
			return err
		}
	}
	return nil
}

// marker finds the next marker. What lies before it is left out.
func (d *decoder) marker() (byte, error) {
	for ; d.at+1 < len(d.b); d.at++ {
		if m := d.b[d.at+1]; d.b[d.at] == 0xff && m != 0 && m != 0xff {
			d.at += 2
			return m, nil
		}
	}
	return 0, errShort
}

func (d *decoder) segment(marker byte, data []byte) error {
	switch {
	case marker == dqt:
		return d.quantTables(data)
	case marker == dht:
		return d.huffmanTables(data)
	case marker == dri:
		if len(data) != 2 {
			return fmt.Errorf("its restart interval has %d bytes", len(data))
		}
		d.restart = int(binary.BigEndian.Uint16(data))
	case marker == app0 && bytes.HasPrefix(data, []byte("JFIF\x00")):
		d.jfif = true
	case marker == app14 && len(data) >= 12 && bytes.HasPrefix(data, []byte("Adobe")):
		d.Adobe, d.transform = true, data[11]
	case marker == sof0 || marker == sof1 || marker == sof2:
		d.Progressive = marker == sof2
		return d.frame(data)
	case marker > sof2 && marker < 0xd0:
		return fmt.Errorf("it is of a kind that hardly any program writes (SOF%d, lossless, hierarchical or arithmetic coding); baseline and progressive files can be read", marker-sof0)
	}
	return nil
}

// frame reads a frame header (B.2.2).
func (d *decoder) frame(data []byte) error {
	if d.components != nil {
		return fmt.Errorf("it has two frames")
	}
	if len(data) < 6 || len(data) != 6+3*int(data[5]) {
		return fmt.Errorf("its frame header has %d bytes", len(data))
	}
	if data[0] != 8 {
		return fmt.Errorf("its samples have %d bits; 8 can be read", data[0])
	}
	d.Height, d.Width = int(binary.BigEndian.Uint16(data[1:])), int(binary.BigEndian.Uint16(data[3:]))
	if d.Height == 0 || d.Width == 0 {
		return fmt.Errorf("it has %d×%d pixels", d.Width, d.Height)
	}
	if n := data[5]; n != 1 && n != 3 && n != 4 {
		return fmt.Errorf("it has %d components; 1, 3 or 4 can be read", n)
	}
	for c := data[6:]; len(c) > 0; c = c[3:] {
		s := Sampling{int(c[1] >> 4), int(c[1] & 15)}
		if s.H < 1 || s.H > 4 || s.V < 1 || s.V > 4 || c[2] > 3 {
			return fmt.Errorf("component %d has the sampling %d×%d and quantisation table %d; 1 … 4 and 0 … 3 are possible", c[0], s.H, s.V, c[2])
		}
		for _, other := range d.components {
			if other.id == c[0] {
				return fmt.Errorf("two components are number %d", c[0])
			}
		}
		d.components = append(d.components, component{id: c[0], quant: c[2], Sampling: s})
		d.Planes = append(d.Planes, s)
	}
	d.Colour = d.colour()
	return d.layout()
}

// colour is what the components are, by what files are found to mean
// (jdapimin.c, default_decompress_parms).
func (d *decoder) colour() Colour {
	switch len(d.components) {
	case 1:
		return Grey
	case 4:
		if d.Adobe && d.transform != 0 {
			return YCCK
		}
		return CMYK
	}
	ids := string([]byte{d.components[0].id, d.components[1].id, d.components[2].id})
	switch {
	case d.jfif:
		return YCbCr
	case d.Adobe && d.transform == 0, !d.Adobe && ids == "RGB":
		return RGB
	}
	return YCbCr
}

// layout says how many blocks and samples the components have.
func (d *decoder) layout() error {
	if len(d.components) == 1 { // the units of one component are its blocks
		d.components[0].Sampling, d.Planes[0] = Sampling{1, 1}, Sampling{1, 1}
	}
	h, v := d.Largest()
	for i := range d.components {
		c := &d.components[i]
		if h%c.H != 0 || v%c.V != 0 {
			return fmt.Errorf("a component has %d×%d samples for %d×%d of another; whole ratios can be read", c.H, c.V, h, v)
		}
		c.Across, c.Down = h/c.H, v/c.V
		c.Width, c.Height = ceil(d.Width, c.Across), ceil(d.Height, c.Down)
		c.across, c.down = ceil(c.Width, 8), ceil(c.Height, 8)
		c.row = ceil(d.Width, 8*h) * c.H
		c.Stride = 8 * c.row
	}
	return nil
}

// rows is how many rows of blocks the units of the file have.
func (d *decoder) rows(c *component) int {
	_, v := d.Largest()
	return ceil(d.Height, 8*v) * c.V
}

func ceil(a, b int) int { return (a + b - 1) / b }
