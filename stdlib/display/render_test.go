package display

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

type stringer struct{ n int }

func (s stringer) String() string { return fmt.Sprintf("S<%d>", s.n) }

type shows struct{ m map[string]string }

func (s *shows) MIME() map[string]string { return s.m }

type node struct {
	Next *node
	Any  any
}

func TestShortValuesPrintAsFmtDoes(t *testing.T) {
	for _, v := range []any{
		nil, 1, 2.5, "a\nb", true, 'x', []int{1, 2}, []string{"a b", "c"}, map[string]int{"b": 2, "a": 1}, struct {
			A int
			B string
		}{1, "x"}, &struct{ A int }{1}, errors.New("no such file"), stringer{3}, []stringer{{1}, {2}}, [2]bool{true, false},
		(*int)(nil), []int(nil), map[string]int{}, [][]string{}, image.Pt(1, 2), []error{errors.New("x"), nil}, uint8(3), complex(1, 2),
	} {
		got := Render(v)
		if len(got) != 1 || got[typeText] != fmt.Sprint(v) {
			t.Errorf("%T: %q, want %q", v, got, fmt.Sprint(v))
		}
	}
}

func TestLongValuesAreCut(t *testing.T) {
	type point struct {
		X, Y float64
		name string
	}
	points := make([]point, 70)
	points[1] = point{1, 2.5, "<b>"}
	long := make([]string, 30)
	for i := range long {
		long[i] = fmt.Sprintf("a rather long line of text, number %d", i)
	}
	m := map[int]string{}
	for i := range 100 {
		m[i] = strings.Repeat("x", 10)
	}
	ints := make([]int, 1_000_000)
	for i := range ints {
		ints[i] = i
	}
	for _, c := range []struct {
		v    any
		want []string // parts of the text, in order
	}{
		{ints, []string{"[0 1 2 3 4 5 6 7 8 9 … 999990 999991 999992 999993 999994 999995 999996\n", " 999997 999998 999999]\n(1000000 values of type int)"}},
		{long, []string{"a rather long line of text, number 0\na rather", "number 9\n…\na rather long line of text, number 20\n", "(30 values of type string)"}},
		{points, []string{"70 values of type display.point, the first 50 of them\n", "X    Y  name\n", " 1  1  2.5  <b>\n", "49  0    0"}},
		{m, []string{"map[int]string of 100, the first 50 of them\nkey  value\n  0  xxxxxxxxxx\n  1  xxx", " 49  xxxxxxxxxx"}},
		{struct{ A, B any }{strings.Repeat("y", 300), ints}, []string{"field  value\nA      yyyy", "…\nB      []int of 1000000"}},
		{strings.Repeat("line\n", 400), []string{"line\n… 501 more bytes; fmt.Print prints all"}},
		{errors.New(strings.Repeat("é", 20_000)), []string{"éé\n… 20000 more bytes"}},
	} {
		got, rest := Render(c.v)[typeText], ""
		rest = got
		for _, part := range c.want {
			i := strings.Index(rest, part)
			if i < 0 {
				t.Errorf("%T shows as\n%s\nwithout\n%s", c.v, cutTo(got, 3000), cutTo(part, 300))
				break
			}
			rest = rest[i+len(part):]
		}
		if len(got) > maxBytes+100 {
			t.Errorf("%T: %d bytes", c.v, len(got))
		}
	}
	if got := Render(strings.Repeat("z", maxString+5))[typeText]; !strings.HasSuffix(got, "z\n… 5 more bytes; fmt.Print prints all") {
		t.Errorf("a long string ends in %q", got[len(got)-50:])
	}
	if h := Render(points)[typeHTML]; !strings.Contains(h, `<td style="text-align:left">&lt;b&gt;</td>`) {
		t.Errorf("no escaped cell in %s", h)
	}
}

func TestValuesThatContainThemselves(t *testing.T) {
	ring := &node{}
	ring.Next = ring
	if got := Render(ring)[typeText]; !strings.HasPrefix(got, "&{0x") {
		t.Errorf("%q", got)
	}
	m := map[string]any{}
	m["self"] = m
	if got := Render(m)[typeText]; !strings.Contains(got, "map[string]interface {} of 1") {
		t.Errorf("%q", got)
	}
	s := make([]any, 1)
	s[0] = s
	if got := Render(s)[typeText]; !strings.Contains(got, "(1 values of type interface {})") {
		t.Errorf("%q", got)
	}
	deep := node{}
	deep.Any = &deep
	deep.Any = deep
	Render(deep)
}

func TestValuesThatShowThemselves(t *testing.T) {
	got := Render(&shows{map[string]string{typeHTML: "<i>x</i>"}})
	if got[typeHTML] != "<i>x</i>" || got[typeText] == "" {
		t.Errorf("%q", got)
	}
	if got := Render((*shows)(nil)); got[typeText] != "<nil>" {
		t.Errorf("%q", got)
	}
	if got := Render(&shows{}); got[typeText] == "" {
		t.Errorf("%q", got)
	}
}

func TestTablesOfText(t *testing.T) {
	got := Render([][]string{{"name", "n"}, {"a", "10"}, {"bcd", "9"}})
	if want := "name  n\na     10\nbcd   9"; got[typeText] != want {
		t.Errorf("%q, want %q", got[typeText], want)
	}
}

func decoded(t *testing.T, m map[string]string) ([]byte, image.Image) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(m[typePNG])
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return b, img
}

func TestPlots(t *testing.T) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "Loss", "step", "cross entropy"
	l, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 2}, {X: 10, Y: 0.5}})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(l)
	m := Render(p)
	if want := "plot: Loss; x step from 0 to 10; y cross entropy from 0.5 to 2; 1 plotter"; m[typeText] != want {
		t.Errorf("%q, want %q", m[typeText], want)
	}
	_, img := decoded(t, m)
	if img.Bounds().Size() != image.Pt(2*plotWidth, 2*plotHeight) {
		t.Errorf("%v", img.Bounds())
	}
	meta, _ := Metadata(m)[typePNG].(map[string]any)
	if meta["width"] != plotWidth || meta["height"] != plotHeight || meta["alt"] != m[typeText] {
		t.Errorf("%v", meta)
	}
	p.Legend.Add("train", l)
	if got := Render(p)[typeText]; !strings.HasSuffix(got, "; train") {
		t.Errorf("%q", got)
	}
	p.Y.Scale, p.Y.Min = plot.LogScale{}, -1
	if got := Render(p); got[typePNG] != "" || !strings.Contains(got[typeText], "drawing it failed: Values must be greater than 0") {
		t.Errorf("a logarithm of -1: %q", got[typeText])
	}
	p.X.Max = math.NaN()
	if got := Render(p); !strings.Contains(got[typeText], "ends at NaN") {
		t.Errorf("an axis to NaN: %q", got[typeText])
	}
	if got := Render((*plot.Plot)(nil))[typeText]; got != "<nil>" {
		t.Error(got)
	}
}

func TestImages(t *testing.T) {
	small := image.NewNRGBA(image.Rect(5, 5, 33, 25))
	small.Set(5, 5, color.NRGBA{200, 10, 20, 128})
	m := Render(small)
	_, img := decoded(t, m)
	if img.Bounds().Size() != image.Pt(28*5, 20*5) || m[typeText] != "picture, 28 × 20 pixels, shown 5 times as large" {
		t.Errorf("%v %q", img.Bounds(), m[typeText])
	}
	if got := color.NRGBAModel.Convert(img.At(4, 4)); got != (color.NRGBA{200, 10, 20, 128}) {
		t.Errorf("%v", got)
	}
	large := image.NewRGBA(image.Rect(0, 0, 300, 1))
	if m := Render(large); m[typeText] != "picture, 300 × 1 pixels" {
		t.Errorf("%q", m[typeText])
	}
	if m := Render(image.NewRGBA(image.Rect(0, 0, 0, 3))); !strings.Contains(m[typeText], "0 × 3 pixels has nothing to show") {
		t.Errorf("%q", m)
	}
	if m := Render((*image.RGBA)(nil)); !strings.Contains(m[typeText], "nil") {
		t.Errorf("%q", m)
	}
}

func TestDrawingsKeepTheirColours(t *testing.T) {
	few := image.NewRGBA(image.Rect(0, 0, 200, 100))
	many := image.NewRGBA(few.Rect)
	for y := range 100 {
		for x := range 200 {
			few.SetRGBA(x, y, color.RGBA{uint8(x), uint8(x / 100), 7, 255})
			many.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	for _, c := range []struct {
		img     *image.RGBA
		palette bool
	}{{few, true}, {many, false}} {
		r, err := Drawing(c.img, 2, "a drawing")
		if err != nil {
			t.Fatal(err)
		}
		b, img := decoded(t, r.MIME())
		if _, ok := img.(*image.Paletted); ok != c.palette {
			t.Errorf("%T", img)
		}
		for y := range 100 {
			for x := range 200 {
				if got := color.RGBAModel.Convert(img.At(x, y)); got != c.img.RGBAAt(x, y) {
					t.Fatalf("%d, %d: %v, want %v", x, y, got, c.img.RGBAAt(x, y))
				}
			}
		}
		if density(b) != 2 || density(withDensity(b, 1)) != 2 {
			t.Error("the density is lost")
		}
	}
	if _, err := Drawing(nil, 2, ""); err == nil {
		t.Error("nil is drawn")
	}
	if _, err := Drawing(few, 0, ""); err == nil || !strings.Contains(err.Error(), "scale 0") {
		t.Error(err)
	}
}

func TestBadInput(t *testing.T) {
	for _, c := range []struct {
		make func() (Rich, error)
		want string
	}{
		{func() (Rich, error) { return PNGBytes([]byte("GIF89a")) }, "6 bytes that are not a PNG"},
		{func() (Rich, error) { return PNGBytes(nil) }, "0 bytes that are not a PNG"},
		{func() (Rich, error) { return PNG(nil) }, "nil"},
		{func() (Rich, error) { return JSON(math.NaN()) }, "JSON of float64"},
		{func() (Rich, error) { return JSON(make(chan int)) }, "JSON of chan int"},
		{func() (Rich, error) { return SVG("<svg><g></svg>") }, "not an SVG picture"},
		{func() (Rich, error) { return SVG("<html></html>") }, "its root is <html>, expected <svg>"},
		{func() (Rich, error) { return SVG("") }, "no <svg> element"},
		{func() (Rich, error) { return PNG(image.NewUniform(color.White)) }, "too large"},
	} {
		if _, err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestRich(t *testing.T) {
	svg, err := SVG(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><title>A <b/>box</title><rect/></svg>`)
	if err != nil {
		t.Fatal(err)
	}
	js, err := JSON(map[string]any{"a": []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		r          Rich
		mime, want string
		text       string
	}{
		{HTML("<style>p{}</style><p>1 &lt; 2</p><table><tr><td>a</td><td>b</td></tr></table><script>x()</script>"), "", "", "1 < 2\na  b"},
		{HTML("<img src=x>"), typeHTML, "<img src=x>", "(HTML without text)"},
		{Markdown("*a*"), typeMarkdown, "*a*", "*a*"},
		{LaTeX(`e^{i\pi}`), typeLaTeX, `$\displaystyle e^{i\pi}$`, `e^{i\pi}`},
		{LaTeX(`\begin{align}x\end{align}`), typeLaTeX, `\begin{align}x\end{align}`, `\begin{align}x\end{align}`},
		{LaTeX("$$x$$"), typeLaTeX, "$$x$$", "$$x$$"},
		{Text("a"), typeText, "a", "a"},
		{js, typeJSON, "{\n  \"a\": [\n    1\n  ]\n}", "{\n  \"a\": [\n    1\n  ]\n}"},
		{svg, "", "", "A box (SVG picture, 20 × 10)"},
		{Rich{}, typeText, "", ""},
	} {
		m := c.r.MIME()
		if c.mime != "" && m[c.mime] != c.want || m[typeText] != c.text || c.r.String() != c.text {
			t.Errorf("%q, want %s %q and text %q", m, c.mime, c.want, c.text)
		}
	}
}

func TestMetadata(t *testing.T) {
	if m := Metadata(map[string]string{typeText: "x"}); m != nil {
		t.Error(m)
	}
	if m := Metadata(map[string]string{typePNG: "?"}); m != nil {
		t.Error(m)
	}
}

func FuzzSVG(f *testing.F) {
	f.Add(`<svg width="1" height="2"><title>t</title></svg>`)
	f.Add(`</svg><svg/>`)
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := SVG(s); err == nil && r.String() == "" {
			t.Error("no text")
		}
	})
}

func FuzzHTML(f *testing.F) {
	f.Add("<p>a<br>b</p><!-- c -->")
	f.Fuzz(func(t *testing.T, s string) {
		if HTML(s).String() == "" {
			t.Error("no text")
		}
	})
}

func FuzzPNG(f *testing.F) {
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		f.Fatal(err)
	}
	f.Add(withDensity(buf.Bytes(), 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := PNGBytes(b); err == nil {
			Metadata(r.MIME())
		}
		Metadata(map[string]string{typePNG: base64.StdEncoding.EncodeToString(b)})
	})
}
