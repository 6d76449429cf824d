package charts

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// gridLayout holds lengths in pixels of the screen.
type gridLayout struct {
	columns       int
	zoom          float64
	tile          float64    // width of a column
	picture       float64    // height of a picture
	lines         [][]string // the captions, broken
	tops          []float64  // of the rows
	width, height float64
}

const (
	tileGap    = 12
	gridMargin = 12
	captionRow = 16
	frame      = 4 // thickness of the frame around what is wrong
)

func (g *Grid) layout() gridLayout {
	l := gridLayout{zoom: g.opt.Scale}
	if side := max(g.h, g.w); l.zoom == 0 {
		l.zoom = 96 / float64(side)
		if side > 64 {
			l.zoom = 160 / float64(side)
		}
		if l.zoom >= 1 {
			l.zoom = math.Floor(l.zoom*scale) / scale // whole pixels of the picture's own
		}
	}
	sty := captionStyle(true)
	longest := 0.0
	for i := range g.n {
		for _, line := range strings.Split(g.captionOf(i), "\n") {
			longest = max(longest, float64(sty.Width(line)/px))
		}
	}
	l.picture = max(1, math.Round(float64(g.h)*l.zoom))
	l.tile = max(math.Round(float64(g.w)*l.zoom), min(math.Ceil(longest)+2, 140))
	l.columns = g.opt.Columns
	if l.columns == 0 {
		most := max(1, min(10, int((900+tileGap)/(l.tile+tileGap))))
		rows := (g.n + most - 1) / most
		l.columns = (g.n + rows - 1) / rows // rows of one length
	}
	l.columns = min(l.columns, g.n)
	for i := range g.n {
		l.lines = append(l.lines, breakLines(sty, g.captionOf(i), vg.Length(l.tile)*px, 3))
	}
	l.width = 2*gridMargin + float64(l.columns)*(l.tile+tileGap) - tileGap
	l.height = gridMargin
	for first := 0; first < g.n; first += l.columns {
		most := 0
		for _, lines := range l.lines[first:min(first+l.columns, g.n)] {
			most = max(most, len(lines))
		}
		l.tops = append(l.tops, l.height)
		l.height += l.picture + tileGap
		if most > 0 {
			l.height += float64(most*captionRow + 4)
		}
	}
	if g.left > 0 {
		l.width, l.height = max(l.width, 200), l.height+24
	}
	return l
}

func (g *Grid) captionOf(i int) string {
	if i < len(g.captions) {
		return g.captions[i]
	}
	return ""
}

func (g *Grid) wrong(i int) bool { return i < len(g.opt.Wrong) && g.opt.Wrong[i] }

func captionStyle(wrong bool) text.Style {
	sty := letters(12, ink(), draw.XCenter, draw.YTop)
	if wrong {
		return bold(sty)
	}
	return sty
}

// breakLines breaks at line ends and at spaces, and shortens what is left.
func breakLines(sty text.Style, s string, width vg.Length, most int) []string {
	if s == "" {
		return nil
	}
	var out []string
	for _, line := range strings.Split(s, "\n") {
		current := ""
		for _, word := range strings.Fields(line) {
			switch {
			case current == "":
				current = word
			case sty.Width(current+" "+word) <= width:
				current += " " + word
			default:
				out, current = append(out, current), word
			}
		}
		out = append(out, current)
	}
	if len(out) > most {
		out = append(out[:most-1], strings.Join(out[most-1:], " "))
	}
	for i := range out {
		out[i] = elide(sty, out[i], width)
	}
	return out
}

// MIME draws the pictures; the text lists their captions.
func (g *Grid) MIME() map[string]string {
	l := g.layout()
	return show(l.width, l.height, g.String(), func(c draw.Canvas, img *image.RGBA) { g.paint(c, img, l) })
}

func (g *Grid) paint(c draw.Canvas, img *image.RGBA, l gridLayout) {
	for i := range g.n {
		left := gridMargin + float64(i%l.columns)*(l.tile+tileGap)
		top := l.tops[i/l.columns]
		w := max(1, math.Round(float64(g.w)*l.zoom))
		x := left + math.Floor((l.tile-w)/2)
		area := image.Rect(int(x*scale), int(top*scale), int((x+w)*scale), int((top+l.picture)*scale))
		g.paintPicture(img, area, i)
		if g.wrong(i) {
			mark(c, vg.Rectangle{
				Min: vg.Point{X: vg.Length(x) * px, Y: c.Max.Y - vg.Length(top+l.picture)*px},
				Max: vg.Point{X: vg.Length(x+w) * px, Y: c.Max.Y - vg.Length(top)*px},
			})
		}
		sty := captionStyle(g.wrong(i))
		for k, line := range l.lines[i] {
			y := top + l.picture + 5 + float64(k*captionRow)
			c.FillText(sty, vg.Point{X: vg.Length(left+l.tile/2) * px, Y: c.Max.Y - vg.Length(y)*px}, line)
		}
	}
	if g.left > 0 {
		c.FillText(letters(13, inkSoft(), draw.XLeft, draw.YBottom), vg.Point{X: gridMargin * px, Y: 8 * px}, g.more())
	}
}

// paintPicture fills area with the nearest pixels, so that those of a small
// picture stay squares, and with means where a large one is made smaller.
func (g *Grid) paintPicture(img *image.RGBA, area image.Rectangle, i int) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		top, bottom := span(y-area.Min.Y, area.Dy(), g.h)
		for x := area.Min.X; x < area.Max.X; x++ {
			left, right := span(x-area.Min.X, area.Dx(), g.w)
			r, gr, b := g.mean(i, left, right, top, bottom)
			img.SetRGBA(x, y, color.RGBA{r, gr, b, 0xFF})
		}
	}
}

// span is the part of n pixels, one at least, that pixel at of size covers.
func span(at, size, n int) (from, to int) {
	from = at * n / size
	return from, max(from+1, (at+1)*n/size)
}

func (g *Grid) mean(i, left, right, top, bottom int) (r, gr, b uint8) {
	var sum [3]float32
	for y := top; y < bottom; y++ {
		row := g.pix[((i*g.h+y)*g.w+left)*g.c : ((i*g.h+y)*g.w+right)*g.c]
		for k, v := range row {
			sum[k%g.c] += v
		}
	}
	n := float32((right - left) * (bottom - top))
	if g.c == 1 {
		v := g.level(sum[0] / n)
		return v, v, v
	}
	return g.level(sum[0] / n), g.level(sum[1] / n), g.level(sum[2] / n)
}

// level is a value between Low and High as a level of a screen; NaN is black.
func (g *Grid) level(v float32) uint8 {
	f := (float64(v) - g.opt.Low) / (g.opt.High - g.opt.Low)
	if !(f > 0) {
		return 0
	}
	return uint8(min(1, f)*255 + 0.5)
}

// mark frames a picture and puts a cross into its corner: red alone would not
// tell everyone.
func mark(c draw.Canvas, r vg.Rectangle) {
	const half = frame * px / 2
	warn := seriesColor(1)
	sty := draw.LineStyle{Color: warn, Width: frame * px}
	c.StrokeLines(sty, []vg.Point{
		{X: r.Min.X - half, Y: r.Min.Y}, {X: r.Max.X, Y: r.Min.Y}, {X: r.Max.X, Y: r.Max.Y},
		{X: r.Min.X, Y: r.Max.Y}, {X: r.Min.X, Y: r.Min.Y - half},
	})
	const badge, arm = 20 * px, 5 * px
	corner := vg.Point{X: r.Max.X - badge, Y: r.Max.Y - badge}
	c.FillPolygon(warn, []vg.Point{corner, {X: r.Max.X, Y: corner.Y}, r.Max, {X: corner.X, Y: r.Max.Y}})
	m := vg.Point{X: corner.X + badge/2, Y: corner.Y + badge/2}
	white := draw.LineStyle{Color: grey(255), Width: 3 * px}
	c.StrokeLine2(white, m.X-arm, m.Y-arm, m.X+arm, m.Y+arm)
	c.StrokeLine2(white, m.X-arm, m.Y+arm, m.X+arm, m.Y-arm)
}

func (g *Grid) more() string {
	if g.left == 1 {
		return "… 1 more picture"
	}
	return fmt.Sprintf("… %d more pictures", g.left)
}

// String lists the captions, a ✗ before what is wrong.
func (g *Grid) String() string {
	out := []string{fmt.Sprintf("%d pictures of %d × %d pixels", g.n+g.left, g.w, g.h)}
	if g.n+g.left == 1 {
		out[0] = fmt.Sprintf("1 picture of %d × %d pixels", g.w, g.h)
	}
	if wrong := g.countWrong(); wrong > 0 {
		out[0] += fmt.Sprintf(", %d marked as wrong", wrong)
	}
	for i := range g.n {
		caption := strings.ReplaceAll(g.captionOf(i), "\n", ", ")
		switch {
		case g.wrong(i):
			out = append(out, strings.TrimRight(fmt.Sprintf("  ✗ %d: %s", i, caption), " "))
		case caption != "":
			out = append(out, fmt.Sprintf("    %d: %s", i, caption))
		}
	}
	if g.left > 0 {
		out = append(out, "  "+g.more())
	}
	return strings.Join(out, "\n")
}

func (g *Grid) countWrong() int {
	n := 0
	for _, wrong := range g.opt.Wrong {
		if wrong {
			n++
		}
	}
	return n
}
