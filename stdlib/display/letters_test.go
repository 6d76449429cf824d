package display

import (
	"bytes"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flopp/go-findfont"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// drawn is a text as TextHandler letters it.
func drawn(t *testing.T, h text.Handler, txt string) *image.RGBA {
	t.Helper()
	c := vgimg.New(200, 50)
	h.Draw(c, txt, text.Style{Font: sans(20), Handler: h}, vg.Point{X: 10, Y: 10})
	return c.Image().(*image.RGBA)
}

func needsChinese(t *testing.T) {
	t.Helper()
	if systemFonts().with('睡') == nil {
		t.Skip("left out: no font of this machine has Chinese (Debian: apt-get install fonts-wqy-microhei)")
	}
}

// Chinese letters are an em wide in every font, and no two look alike, as
// boxes do.
func TestChineseLetters(t *testing.T) {
	needsChinese(t)
	h := TextHandler()
	for _, c := range []struct {
		txt string
		em  float64
	}{{"睡莲", 2}, {"蒲公英", 3}} {
		w, _, _ := h.Box(c.txt, sans(20))
		if math.Abs(float64(w)-20*c.em) > 0.5 {
			t.Errorf("%s is %.2f points wide, want %g", c.txt, float64(w), 20*c.em)
		}
	}
	latin, _, _ := h.Box("a b", sans(20))
	mixed, _, _ := h.Box("a睡 b", sans(20))
	if math.Abs(float64(mixed-latin)-20) > 0.5 {
		t.Errorf("one letter more is %.2f points wider, want 20", float64(mixed-latin))
	}
	if bytes.Equal(drawn(t, h, "睡").Pix, drawn(t, h, "莲").Pix) {
		t.Error("睡 and 莲 look alike")
	}
	// A line of both is the one behind the other.
	both, first := drawn(t, h, "睡莲"), drawn(t, h, "睡")
	for y := range 50 {
		if left := both.PixOffset(10, y); !bytes.Equal(both.Pix[left:left+4*19], first.Pix[left:left+4*19]) {
			t.Fatalf("row %d of 睡莲 does not begin as 睡", y)
		}
	}
}

// ink is how much of a text is drawn, in pixels.
func ink(img *image.RGBA) float64 {
	sum := 0.0
	for i := 3; i < len(img.Pix); i += 4 {
		sum += float64(255-img.Pix[i-3]) * float64(img.Pix[i]) / (255 * 255)
	}
	return sum
}

// Bold Chinese is bold: by a bold font of the machine's, or by regular letters
// drawn over themselves, which stay as wide.
func TestBoldChinese(t *testing.T) {
	needsChinese(t)
	heavy := sans(20)
	heavy.Weight = 3
	draw := func(h text.Handler, f font.Font, txt string) float64 {
		c := vgimg.New(200, 50)
		h.Draw(c, txt, text.Style{Font: f, Handler: h}, vg.Point{X: 10, Y: 10})
		return ink(c.Image().(*image.RGBA))
	}
	smeared := letters{Plain: text.Plain{Fonts: font.DefaultCache}, system: &installed{paths: systemPaths(t), warn: os.Stderr}}
	for name, h := range map[string]text.Handler{"this machine's": TextHandler(), "without a bold font": smeared} {
		a, b := draw(h, sans(20), "睡莲准确率"), draw(h, heavy, "睡莲准确率")
		if b < 1.12*a || b > 2*a {
			t.Errorf("%s: bold Chinese has %.2f times the ink of regular", name, b/a)
		}
		wide, _, _ := h.Box("睡莲", sans(20))
		if w, _, _ := h.Box("睡莲", heavy); math.Abs(float64(w-wide)) > 0.5 {
			t.Errorf("%s: bold Chinese is %v wide, regular %v", name, w, wide)
		}
	}
	if a, b := draw(smeared, heavy, "bold"), draw(text.Plain{Fonts: font.DefaultCache}, heavy, "bold"); a != b {
		t.Errorf("bold Latin has %v pixels of ink, gonum's %v", a, b)
	}
	asBold := letters{Plain: smeared.Plain, system: &installed{paths: systemPaths(t), bold: &installed{paths: systemPaths(t)}}}
	if a, b := draw(asBold, heavy, "睡莲"), draw(asBold, sans(20), "睡莲"); a != b {
		t.Errorf("the letters of a bold font are made bolder: %v pixels of ink, %v", a, b)
	}
}

// systemPaths are the fonts of this machine, the preferred ones first.
func systemPaths(t *testing.T) []string {
	t.Helper()
	return inOrder(findfont.List(), preferred())
}

// What the binary's own fonts have is drawn as gonum/plot draws it.
func TestLatinAsBefore(t *testing.T) {
	h := TextHandler()
	for _, txt := range []string{"accuracy", "loss\nαβγ Потеря", "a\tb"} {
		if !bytes.Equal(drawn(t, h, txt).Pix, drawn(t, text.Plain{Fonts: font.DefaultCache}, txt).Pix) {
			t.Errorf("%q is drawn otherwise", txt)
		}
	}
}

// Without a font there is a box, and one line of warning.
func TestNoFont(t *testing.T) {
	var warned bytes.Buffer
	h := letters{Plain: text.Plain{Fonts: font.DefaultCache}, system: &installed{warn: &warned}}
	for range 2 {
		drawn(t, h, "睡莲")
	}
	if got := warned.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "'睡' (U+7761)") {
		t.Errorf("the warning is %q", got)
	}
	w, _, _ := h.Box("睡莲", sans(20))
	if w <= 0 {
		t.Errorf("the boxes are %v wide", w)
	}
}

// A plot that shows itself has its title in Chinese, and keeps its own handler.
func TestPlotInChinese(t *testing.T) {
	needsChinese(t)
	picture := func(title string) []byte {
		p := plot.New()
		p.Title.Text = title
		img, err := drawPlot(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, plain := p.Title.TextStyle.Handler.(text.Plain); !plain {
			t.Errorf("showing the plot changed it: %T", p.Title.TextStyle.Handler)
		}
		return img.Pix
	}
	if bytes.Equal(picture("睡"), picture("莲")) {
		t.Error("睡 and 莲 look alike")
	}
}

func TestPreferredFontsFirst(t *testing.T) {
	dir := filepath.FromSlash("/fonts/")
	got := inOrder([]string{dir + "Aaa.ttf", dir + "wqy-microhei.ttc", dir + "NotoSansCJK-Regular.ttc", dir + "B.otf"}, preferred())
	want := []string{dir + "NotoSansCJK-Regular.ttc", dir + "wqy-microhei.ttc", dir + "Aaa.ttf", dir + "B.otf"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
