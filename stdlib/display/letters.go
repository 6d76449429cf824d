package display

import (
	"math"
	"strings"
	"unicode"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// TextHandler letters pictures as gonum/plot's plain text does, and takes
// letters that the binary's fonts lack, such as Chinese, from the fonts of this
// machine. A letter that no font has is a box, and a line on standard error
// says so once. Charts and plots that show themselves use it; set it as
// plot.DefaultTextHandler for the labels inside a plot of your own.
func TextHandler() text.Handler {
	return letters{Plain: text.Plain{Fonts: font.DefaultCache}, system: systemFonts()}
}

// letters is plain text whose lines may be of several fonts.
type letters struct {
	text.Plain
	system *installed
}

// piece is a part of a line whose letters are of one font.
type piece struct {
	face  font.Face
	text  string
	smear vg.Length // how far it is drawn over itself, which makes it bold; 0 for a font that is as it should be
}

// smearing is how much wider than a regular stroke a bold one is, as part of
// the size of the letters (FreeType's FT_GlyphSlot_Embolden).
const smearing = 1.0 / 24

// pieces divides a line. A letter that no font has stays with the default one.
func (h letters) pieces(line string, fnt font.Font) []piece {
	own := h.Fonts.Lookup(fnt, fnt.Size)
	var buf sfnt.Buffer
	var out []piece
	for _, r := range line {
		p := piece{face: own, text: string(r)}
		if i, err := own.Face.GlyphIndex(&buf, r); visible(r) && (err != nil || i == 0) {
			p.face.Face, p.smear = h.other(r, own)
		}
		if n := len(out); n > 0 && out[n-1].face.Face == p.face.Face {
			out[n-1].text += p.text
		} else {
			out = append(out, p)
		}
	}
	return out
}

// other is a font of the machine's for a letter that own lacks, or own's.
func (h letters) other(r rune, own font.Face) (face *opentype.Font, smear vg.Length) {
	wanted := own.Font.Weight >= stdfont.WeightSemiBold
	f, isBold := (*opentype.Font)(nil), false
	if wanted {
		f, isBold = h.system.withBold(r)
	} else {
		f = h.system.with(r)
	}
	switch {
	case f == nil:
		return own.Face, 0
	case wanted && !isBold:
		return f, own.Font.Size * smearing
	}
	return f, 0
}

// visible leaves out what no font need have: tabs, joiners, variation selectors.
func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.Is(unicode.Variation_Selector, r) }

// Box implements text.Handler.
func (h letters) Box(line string, fnt font.Font) (width, height, depth vg.Length) {
	_, height, depth = h.Plain.Box("", fnt)
	for _, p := range h.pieces(line, fnt) {
		width += p.face.Width(p.text)
	}
	return width, height, depth
}

// Draw implements text.Handler. Where text.Plain draws a line at once, its
// pieces are drawn one behind the other.
func (h letters) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	txt = strings.TrimRight(txt, "\n")
	if txt == "" {
		return
	}
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		defer c.Pop()
		c.Rotate(sty.Rotation)
	}
	s, co := math.Sincos(sty.Rotation)
	sin, cos := vg.Length(s), vg.Length(co)
	pt.X, pt.Y = pt.Y*sin+pt.X*cos, pt.Y*cos-pt.X*sin
	pt.Y += sty.Height(txt)*vg.Length(sty.YAlign) - h.Extents(sty.Font).Ascent
	lines := h.Lines(txt)
	for i, line := range lines {
		width, _, _ := h.Box(line, sty.Font)
		at := pt.Add(vg.Point{X: vg.Length(sty.XAlign) * width, Y: vg.Length(len(lines)-i) * sty.Font.Size})
		for _, p := range h.pieces(line, sty.Font) {
			c.FillString(p.face, at, p.text)
			if p.smear > 0 {
				c.FillString(p.face, at.Add(vg.Point{X: p.smear / 2}), p.text)
				c.FillString(p.face, at.Add(vg.Point{X: p.smear}), p.text)
			}
			at.X += p.face.Width(p.text)
		}
	}
}

// lettered is a plot whose texts are drawn by TextHandler, where they would be
// by gonum's default; the plot itself stays as it is.
func lettered(p *plot.Plot) *plot.Plot {
	q := *p
	for _, h := range []*text.Handler{
		&q.TextHandler, &q.Title.TextStyle.Handler, &q.Legend.TextStyle.Handler,
		&q.X.Label.TextStyle.Handler, &q.X.Tick.Label.Handler, &q.Y.Label.TextStyle.Handler, &q.Y.Tick.Label.Handler,
	} {
		if plain, ok := (*h).(text.Plain); ok && plain.Fonts == font.DefaultCache {
			*h = TextHandler()
		}
	}
	return &q
}
