package charts

import (
	"context"
	"errors"
	"image/color"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/vg"

	"graft/stdlib/display"
	"graft/stdlib/host"
)

func wantText(t *testing.T, p Picture, want string) {
	t.Helper()
	if got := p.MIME()["text/plain"]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCurvesInWords(t *testing.T) {
	c := Curves{Title: "Run", YLabel: "loss"}
	wantText(t, c, "Run: no points")
	c.Add("train", 0, 2)
	wantText(t, c, "Run\n  loss, train: 2 at 0")
	c.Add("train", 1, 0.5)
	c.Add("train", 2, math.NaN())
	c.Add("train", 3, 0.75)
	c.Add("held out", 3, math.Inf(1))
	wantText(t, &c, `Run
  loss, train: 4 points, first 2 at 0, last 0.75 at 3, lowest 0.5 at 1, highest 2 at 0
  loss, held out: 1 points, none of which can be drawn
  train: 1 of 4 values cannot be drawn, the first (NaN) at 2; held out: 1 of 1 values cannot be drawn, the first (+Inf) at 3`)
	c.LogY = true
	c.Add("train", 4, 0)
	if got := c.String(); !strings.Contains(got, "train: 2 of 5 values cannot be drawn, the first (NaN) at 2") {
		t.Error(got)
	}
}

func TestLines(t *testing.T) {
	c, err := Lines([]float64{1, 2}, []float64{3, 4}, []float64{5, 6})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, c, `curves
  y1: 2 points, first 3 at 1, last 4 at 2, lowest 3 at 1, highest 4 at 2
  y2: 2 points, first 5 at 1, last 6 at 2, lowest 5 at 1, highest 6 at 2`)
	for _, c := range []struct {
		xs   []float64
		ys   [][]float64
		want string
	}{
		{[]float64{1, 2}, [][]float64{{1, 2}, {1}}, "series 2 has 1 values, expected 2"},
		{nil, nil, "no y values"},
	} {
		if _, err := Lines(c.xs, c.ys...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// Every state that a chart may be in while it grows can be drawn.
func TestChartsOfLittle(t *testing.T) {
	for _, points := range [][][2]float64{
		{}, {{0, 0}}, {{5, 1e300}}, {{-1, -1}, {-1, -1}}, {{math.NaN(), 1}}, {{1, math.Inf(-1)}}, {{0, 1e-300}, {1e300, 2e-300}},
		{{1, 5}, {2, 5}, {3, 5}}, {{1e9, 1}, {1e9 + 1, 2}},
	} {
		for _, logarithmic := range []bool{false, true} {
			c := Curves{LogX: logarithmic, LogY: logarithmic, Smooth: 0.5, Title: "t"}
			for _, p := range points {
				c.Add("s", p[0], p[1])
			}
			if m := c.MIME(); m["image/png"] == "" {
				t.Errorf("%v, logarithmic %v: %s", points, logarithmic, m["text/plain"])
			}
		}
	}
	for _, size := range []int{-1, 1, 20, 100_000} {
		m := Curves{Title: "t", Width: size, Height: 100}.MIME()
		if ok := size == 1 || size == 20; ok != (m["image/png"] != "") || !strings.HasPrefix(m["text/plain"], "t: no points") {
			t.Errorf("width %d: %s", size, m["text/plain"])
		}
	}
}

func TestSmoothing(t *testing.T) {
	// The mean of k values with weights 0.5^0 … 0.5^(k-1), the newest first.
	got := smooth([]float64{8, 4, math.NaN(), 1}, 0.5)
	for i, want := range []float64{8, (4*1 + 8*0.5) / 1.5, math.NaN(), (1 + 4*0.5 + 8*0.25) / 1.75} {
		if math.Abs(got[i]-want) > 1e-12 || math.IsNaN(got[i]) != math.IsNaN(want) {
			t.Errorf("value %d is %v, want %v", i, got[i], want)
		}
	}
}

func TestThinningKeepsPeaks(t *testing.T) {
	pts := make([]vg.Point, 100_000)
	for i := range pts {
		pts[i].X = vg.Length(i) * 400 / 100_000
	}
	pts[0].Y, pts[54_321].Y, pts[54_322].Y, pts[99_999].Y = 5, 99, -99, 7
	out := thin(pts)
	if len(out) > 4*1100 {
		t.Errorf("%d points are left", len(out))
	}
	found := map[vg.Length]bool{}
	for i, p := range out {
		found[p.Y] = true
		if i > 0 && p.X < out[i-1].X {
			t.Fatal("out of order")
		}
	}
	for _, y := range []vg.Length{5, 99, -99, 7} {
		if !found[y] {
			t.Errorf("%v is lost", y)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		t         ticks
		low, high float64
		want      string
	}{
		{ticks{count: 6}, 0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{ticks{count: 8}, -0.13, 0.13, "-0.10 -0.05 0.00 0.05 0.10"},
		{ticks{count: 8, whole: true}, 0, 3, "0 1 2 3"},
		{ticks{count: 5}, 0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{ticks{count: 5}, 0, 1.2, "0.00 0.25 0.50 0.75 1.00"},
		{ticks{count: 8, percent: true}, 0.3, 0.98, "30% 40% 50% 60% 70% 80% 90%"},
		{ticks{count: 4}, 0, 25000, "0 10000 20000"},
		{ticks{count: 4}, 0, 3e6, "0 1e6 2e6 3e6"},
		{ticks{count: 4}, 0, 4e-7, "0 1e-7 2e-7 3e-7 4e-7"},
		{ticks{count: 4}, 2, 2, "2"},
	} {
		var got []string
		for _, tick := range c.t.Ticks(c.low, c.high) {
			got = append(got, tick.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v to %v: %s, want %s", c.low, c.high, s, c.want)
		}
	}
	var labels []string
	for _, tick := range (logTicks{}).Ticks(0.05, 3) {
		if tick.Label != "" {
			labels = append(labels, tick.Label)
		}
	}
	if s := strings.Join(labels, " "); s != "0.05 0.1 0.2 0.5 1 2" {
		t.Error(s)
	}
}

// The palette's numbers are those of Okabe and Ito, as in R's palette.colors().
func TestPalette(t *testing.T) {
	var got []string
	for _, c := range Palette() {
		got = append(got, css(c))
	}
	if s := strings.Join(got, " "); s != "#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #000000" {
		t.Error(s)
	}
	if seriesColor(7) != (color.RGBA{0x00, 0x72, 0xB2, 0xFF}) {
		t.Error("the eighth colour is not the first")
	}
}

// fakeHost counts what is drawn.
type fakeHost struct {
	ctx     context.Context
	shown   []string
	texts   []string
	pending func()
}

func (h *fakeHost) Context() context.Context { return h.ctx }
func (h *fakeHost) Display(id string, b host.Bundle) {
	h.shown, h.texts = append(h.shown, "display "+id), append(h.texts, b["text/plain"])
	if h.pending != nil {
		h.pending()
	}
}
func (h *fakeHost) Update(id string, b host.Bundle) {
	h.shown, h.texts = append(h.shown, "update "+id), append(h.texts, b["text/plain"])
	if h.pending != nil {
		h.pending()
	}
}
func (h *fakeHost) Clear(bool)                         {}
func (h *fakeHost) Input(string, bool) (string, error) { return "", errors.New("no input") }
func (h *fakeHost) Render(v any) host.Bundle           { return display.Render(v) }

func TestLive(t *testing.T) {
	now := time.Unix(0, 0)
	ctx, cancel := context.WithCancel(context.Background())
	h := &fakeHost{ctx: ctx}
	defer host.Install(h)()
	c := &Curves{}
	l, err := newLive(c, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	step := func(n int) {
		for range n {
			now = now.Add(10 * time.Millisecond)
			c.Add("loss", float64(len(h.shown)), 1)
			if err := l.Refresh(); err != nil {
				t.Fatal(err)
			}
		}
	}
	step(100)
	if len(h.shown) != 6 || h.shown[0] != strings.Replace(h.shown[5], "update", "display", 1) {
		t.Errorf("one second of steps was drawn as %q", h.shown)
	}
	// Drawing that takes 50 ms comes back after 450 ms at the earliest.
	h.pending = func() { now = now.Add(50 * time.Millisecond) }
	step(200)
	if n := len(h.shown) - 6; n != 5 {
		t.Errorf("two seconds of steps were drawn %d times", n)
	}
	if err := l.Close(); err != nil || !strings.HasPrefix(h.texts[len(h.texts)-1], "curves\n  loss: 300 points") {
		t.Errorf("%v %q", err, h.texts[len(h.texts)-1])
	}
	cancel()
	if err := l.Close(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, p := range []Picture{nil, (*Curves)(nil)} {
		if _, err := NewLive(p); err == nil || !strings.Contains(err.Error(), "NewLive of nil") {
			t.Error(err)
		}
	}
}

func TestTraining(t *testing.T) {
	now := time.Unix(0, 0)
	h := &fakeHost{ctx: context.Background()}
	defer host.Install(h)()
	tr := NewTraining("head")
	tr.now = func() time.Time { return now }
	if err := tr.Close(); err != nil || len(h.shown) != 0 {
		t.Error("a run without values is shown")
	}
	for step := range 30 {
		if err := tr.Loss(step, 1/float64(step+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Accuracy(29, 0.75, math.NaN()); err != nil {
		t.Fatal(err)
	}
	if err := tr.Accuracy(29, math.NaN(), 0.5); err != nil {
		t.Fatal(err)
	}
	if len(h.shown) != 1 {
		t.Errorf("drawn %d times in no time", len(h.shown))
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	want := `head
  loss: 30 points, first 1 at 0, last 0.03333 at 29, lowest 0.03333 at 29, highest 1 at 0
  accuracy, train: 75.0% at 29
  accuracy, held out: 50.0% at 29`
	if got := h.texts[len(h.texts)-1]; got != want || tr.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := tr.Accuracy(30, 0.5, 93.5); err == nil || !strings.Contains(err.Error(), "held out accuracy 93.5 at step 30: expected a fraction") {
		t.Error(err)
	}
	if err := tr.Loss(30, math.NaN()); err != nil {
		t.Error(err)
	}
	if got := tr.String(); !strings.Contains(got, "loss: 1 of 31 values cannot be drawn, the first (NaN) at 30") {
		t.Error(got)
	}
}
