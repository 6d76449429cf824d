package display

import (
	"image"
	"image/color"
	"slices"
)

// A chart has a few colours, and those of its softened edges. It is stored
// with a palette of the 256 most frequent, the rest taking the nearest, if
// these are no more than one pixel in rarePixels. Anything else is no chart,
// and stays as it is.
const (
	maxColours = 4096
	rarePixels = 20
)

// fewColours is img with a palette, or img itself.
func fewColours(img *image.RGBA) image.Image {
	count := countColours(img)
	if count == nil {
		return img
	}
	colours := make([]uint32, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b uint32) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return int(int64(a) - int64(b))
	})
	kept := colours[:min(256, len(colours))]
	rare := 0
	for _, c := range colours[len(kept):] {
		rare += count[c]
	}
	if rare > img.Rect.Dx()*img.Rect.Dy()/rarePixels {
		return img
	}
	palette := make(color.Palette, len(kept))
	index := make(map[uint32]uint8, len(colours))
	for i, c := range kept {
		palette[i] = color.RGBA{uint8(c), uint8(c >> 8), uint8(c >> 16), uint8(c >> 24)}
		index[c] = uint8(i)
	}
	for _, c := range colours[len(kept):] {
		index[c] = nearest(kept, c)
	}
	out := image.NewPaletted(image.Rect(0, 0, img.Rect.Dx(), img.Rect.Dy()), palette)
	var last uint32
	at := index[last]
	for y := range img.Rect.Dy() {
		src, dst := img.Pix[y*img.Stride:], out.Pix[y*out.Stride:]
		for x := range img.Rect.Dx() {
			if c := pixel(src, x); c != last {
				last, at = c, index[c]
			}
			dst[x] = at
		}
	}
	return out
}

// countColours is nil when there are more than maxColours.
func countColours(img *image.RGBA) map[uint32]int {
	count := map[uint32]int{}
	last, run := pixel(img.Pix, 0), 0
	for y := range img.Rect.Dy() {
		src := img.Pix[y*img.Stride:]
		for x := range img.Rect.Dx() {
			if c := pixel(src, x); c != last {
				count[last] += run
				last, run = c, 0
				if len(count) > maxColours {
					return nil
				}
			}
			run++
		}
	}
	count[last] += run
	return count
}

func pixel(pix []uint8, x int) uint32 {
	p := pix[4*x : 4*x+4 : 4*x+4]
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
}

func nearest(kept []uint32, c uint32) uint8 {
	best, at := 1<<30, 0
	for i, k := range kept {
		d := 0
		for shift := 0; shift < 32; shift += 8 {
			e := int(k>>shift&255) - int(c>>shift&255)
			d += e * e
		}
		if d < best {
			best, at = d, i
		}
	}
	return uint8(at)
}
