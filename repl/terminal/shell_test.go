package terminal

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"

	"graft/repl"
)

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colours are added, and nothing else is changed, whatever the source.
func FuzzHighlight(f *testing.F) {
	for _, s := range []string{"", "func f() { return \"a\" + `b\nc` // d\n}", "%time f()\nx := 1", "!ls", "x := 'a", "/* open", "`open\nmore", "世界 := 0x1F", "a\r\nb", "\x00", "\"\\", "s := `a\r\nb`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if strings.Contains(source, "\x1b") {
			t.Skip("has colours of its own")
		}
		if got := colours.ReplaceAllString(Highlight(source), ""); got != source {
			t.Errorf("%q became %q", source, got)
		}
	})
}

func TestHighlight(t *testing.T) {
	got := Highlight(`for x := range 10 { fmt.Println("ten", x) } // count`)
	for _, want := range []string{keywordColour + "for" + off, keywordColour + "range" + off, numberColour + "10" + off, stringColour + `"ten"` + off, commentColour + "// count" + off} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// braces is an engine for which a cell is whole when its braces are.
type braces struct{ repl.Engine }

func (braces) IsComplete(s string) repl.Completeness {
	if strings.Count(s, "{") > strings.Count(s, "}") {
		return repl.Completeness{Status: "incomplete"}
	}
	return repl.Completeness{Status: "complete"}
}

func (braces) Execute(_ context.Context, c repl.Cell, _ repl.Output) repl.Result {
	if c.Source == "fail" {
		return repl.Result{Err: &repl.Error{Name: "Error", Message: "it failed"}}
	}
	return repl.Result{Value: &repl.Display{Data: map[string]string{"text/plain": c.Source}}, Notes: []string{"ran"}}
}

func TestLines(t *testing.T) {
	l := NewLines(braces{}, strings.NewReader("\n\na\nf {\n\nb\n}\n%%x\nall {\n\nc {"))
	for _, want := range []string{"a", "f {\n\nb\n}", "%%x\nall {", "c {"} {
		if got, err := l.Read(); err != nil || got != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if _, err := l.Read(); err != io.EOF {
		t.Error(err)
	}
}

func TestShell(t *testing.T) {
	var out bytes.Buffer
	p := &Printer{Out: &out}
	did := ""
	s := &Shell{Engine: braces{}, Printer: p, Commands: []Command{{Name: "%do", Do: func(a []string) error { did = strings.Join(a, "+"); return nil }}}}
	s.Reader = NewLines(braces{}, strings.NewReader("one\n%do a b\nfail\nnever\n"))
	err := s.Run()
	if err == nil || err.Error() != "Error: it failed" {
		t.Errorf("the run ended with %v", err)
	}
	if want := "one\n(ran)\nError: it failed\n"; out.String() != want || did != "a+b" {
		t.Errorf("%q and %q, want %q", out.String(), did, want)
	}
}

// A line that changes is rewritten in place, and left when another comes.
func TestLineInPlace(t *testing.T) {
	var out bytes.Buffer
	p := &Printer{Out: &out, Live: true, Columns: 20}
	p.Begin(1)
	line := func(text string, update bool) {
		p.Display(repl.Display{ID: "bar", Update: update, Data: map[string]string{"text/plain": text}})
	}
	line("0 %", false)
	line("50 %", true)
	line(strings.Repeat("x", 30), true)
	p.Stream("stdout", "done\n")
	p.End(repl.Result{})
	const home = "\r\x1b[K"
	if want := home + "0 %" + home + "50 %" + home + strings.Repeat("x", 19) + "\ndone\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestBlocks(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	img.Set(0, 0, color.RGBA{255, 0, 0, 255})
	img.Set(1, 0, color.RGBA{0, 255, 0, 255})
	img.Set(0, 1, color.RGBA{0, 0, 255, 255})
	img.Set(1, 1, color.White)
	var file, out bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	p := &Printer{Out: &out, Graphics: Blocks, TrueColour: true, Dir: t.TempDir()}
	p.Begin(1)
	p.Display(repl.Display{Data: map[string]string{"image/png": base64.StdEncoding.EncodeToString(file.Bytes())}})
	want := "\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀\x1b[38;2;0;255;0m\x1b[48;2;255;255;255m▀\x1b[0m\n"
	if !strings.HasPrefix(out.String(), want) || !strings.Contains(out.String(), "[picture: ") {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
