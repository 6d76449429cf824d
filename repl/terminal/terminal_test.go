package terminal

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/repl"
)

func TestDetect(t *testing.T) {
	for env, want := range map[string]Graphics{
		"TERM=xterm-256color": None, "TERM=xterm-kitty": Kitty, "TERM_PROGRAM=iTerm.app": ITerm, "TERM=foot": Sixel, "": None,
	} {
		name, value, _ := strings.Cut(env, "=")
		got := Detect(func(k string) string {
			if k == name {
				return value
			}
			return ""
		})
		if got != want {
			t.Errorf("%s: got %q, want %q", env, got, want)
		}
	}
}

func picture(t *testing.T) string {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	p := &Printer{Out: &out, Dir: dir}
	p.Begin(3)
	p.Stream("stdout", "training")
	p.Display(repl.Display{ID: "bar", Data: map[string]string{"text/plain": "0 %"}})
	p.Display(repl.Display{Data: map[string]string{"image/png": picture(t), "text/plain": "a plot"}})
	p.Display(repl.Display{ID: "bar", Update: true, Data: map[string]string{"text/plain": "100 %"}})
	p.End(repl.Result{Value: &repl.Display{Data: map[string]string{"text/plain": "42"}}})
	path := filepath.Join(dir, "cell-03-1.png")
	want := "training\n[picture: " + path + "]\n100 %\n42\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestGraphics(t *testing.T) {
	for g, want := range map[Graphics]string{Kitty: "\x1b_Ga=T,f=100,m=0;", ITerm: "\x1b]1337;File=inline=1;", Sixel: "\x1bP"} {
		var out bytes.Buffer
		p := &Printer{Out: &out, Graphics: g}
		p.Display(repl.Display{Data: map[string]string{"image/png": picture(t)}})
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %.40q", g, out.String())
		}
	}
}
