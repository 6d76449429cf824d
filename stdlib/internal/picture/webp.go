package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"

	"golang.org/x/image/webp"
)

func configWebP(b []byte) (image.Config, error) {
	still, c, _, err := firstFrame(b)
	if err != nil || c.Width > 0 {
		return c, err
	}
	return webp.DecodeConfig(bytes.NewReader(still))
}

// decodeWebP decodes the first picture.
func decodeWebP(b []byte) (byteRows, error) {
	still, screen, at, err := firstFrame(b)
	if err != nil {
		return nil, err
	}
	img, err := webp.Decode(bytes.NewReader(still))
	if err != nil {
		return nil, err
	}
	var p byteRows
	switch m := img.(type) {
	case *image.YCbCr:
		p = newWebP(m)
	case *image.NYCbCrA:
		p = newWebP(&m.YCbCr)
	default:
		p = rowsOf(img)
	}
	if screen.Width == 0 {
		return p, nil
	}
	return onScreen(p, screen.Height, screen.Width, at.Y, at.X), nil
}

var errWebP = errors.New("the file is broken: a part is not what it says")

// firstFrame is the first picture of an animated WebP as a file of its own,
// which golang.org/x/image/webp can read, the screen's size, and the picture's
// place there; any other file as it is, and no size (the format's
// specification, "Animation").
func firstFrame(b []byte) (still []byte, screen image.Config, at image.Point, err error) {
	const animated = 2
	kind, head, rest, ok := webpChunk(b[12:])
	if !ok || kind != "VP8X" || len(head) < 10 || head[0]&animated == 0 {
		return b, screen, at, nil
	}
	screen = image.Config{Width: 1 + int24(head[4:]), Height: 1 + int24(head[7:])}
	for kind != "ANMF" {
		if kind, head, rest, ok = webpChunk(rest); !ok {
			return nil, screen, at, errWebP
		}
	}
	if len(head) < 16 {
		return nil, screen, at, errWebP
	}
	at = image.Pt(2*int24(head), 2*int24(head[3:]))
	frame, body := head[16:], []byte("WEBP")
	if kind, _, _, ok := webpChunk(frame); ok && kind == "ALPH" { // with its own header
		const alpha = 16
		body = append(body, "VP8X\n\x00\x00\x00"...)
		body = append(append(body, alpha, 0, 0, 0), head[6:12]...)
	}
	body = append(body, frame...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...), screen, at, nil
}

// webpChunk is the first chunk of b, and what comes behind it.
func webpChunk(b []byte) (kind string, data, rest []byte, ok bool) {
	if len(b) < 8 {
		return "", nil, nil, false
	}
	n := int(binary.LittleEndian.Uint32(b[4:]))
	if n > len(b)-8 {
		return "", nil, nil, false
	}
	return string(b[:4]), b[8 : 8+n], b[min(len(b), 8+n+n&1):], true
}

func int24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// vp8 makes rows of the planes of a lossy WebP as libwebp does (src/dsp/
// yuv.h, upsampling.c): luma has the range 16 … 235 of television, where the
// image package takes it for JPEG's 0 … 255, and colours are upsampled with
// weights 9, 3, 3, 1.
type vp8 struct {
	m      *image.YCbCr
	cw, ch int // chroma samples in a row and in a column
}

func newWebP(m *image.YCbCr) *vp8 {
	return &vp8{m, (m.Rect.Dx() + 1) / 2, (m.Rect.Dy() + 1) / 2}
}

func (p *vp8) size() (height, width int) { return p.m.Rect.Dy(), p.m.Rect.Dx() }

func (p *vp8) bytes(dst []byte, y, from, to int) {
	near, far := min(y/2, p.ch-1), max(0, min(y/2-1+2*(y%2), p.ch-1))
	luma := p.m.Y[y*p.m.YStride:]
	for x := from; x < to; x++ {
		nx, fx := x/2, max(0, min(x/2-1+2*(x%2), p.cw-1))
		u, v := p.chroma(p.m.Cb, near, far, nx, fx), p.chroma(p.m.Cr, near, far, nx, fx)
		l, d := int(luma[x])*19077>>8, dst[(x-from)*3:][:3]
		d[0] = clip6(l + v*26149>>8 - 14234)
		d[1] = clip6(l - u*6419>>8 - v*13320>>8 + 8708)
		d[2] = clip6(l + u*33050>>8 - 17685)
	}
}

// chroma mixes four samples as libwebp does: (9a + 3b + 3c + d) / 16, rounded
// in two steps. At an edge two of them are the same, and one step is left.
func (p *vp8) chroma(plane []byte, near, far, nx, fx int) int {
	at := func(y, x int) int { return int(plane[y*p.m.CStride+x]) }
	a, b, c, d := at(near, nx), at(near, fx), at(far, nx), at(far, fx)
	if nx == fx {
		return (3*a + c + 2) >> 2
	}
	// The mean of the four and twice the diagonal that a is not on.
	return ((a+b+c+d+8+2*(b+c))>>3 + a) >> 1
}

// clip6 drops the 6 bits behind the point.
func clip6(x int) byte {
	if x>>14 != 0 {
		if x < 0 {
			return 0
		}
		return 255
	}
	return byte(x >> 6)
}
