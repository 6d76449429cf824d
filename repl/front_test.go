package repl

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestQuestions(t *testing.T) {
	s := newTestSession(t)
	play(t, s, "import \"strings\"\n// half halves.\nfunc half(x int) int {\n\treturn x / 2\n}\ntype pair struct{ A, B int }\nfunc (p pair) Sum() int { return p.A + p.B }\nv := pair{1, 2}")
	for src, want := range map[string][]string{
		"strings.ToUpper?": {"func strings.ToUpper", "upper case"}, "?strings.ToUpper": {"func strings.ToUpper"},
		"half?": {"func half(x int) int", "half halves."}, "half??": {"return x / 2"}, "??pair": {"type pair struct{ A, B int }"},
		"v.Sum??": {"return p.A + p.B"}, "strings?": {"package strings"}, "v?": {"var v pair"},
	} {
		res := s.Execute(context.Background(), Cell{Source: src}, &record{})
		if res.Err != nil || res.Page == nil {
			t.Errorf("%s: %v, no page", src, res.Err)
			continue
		}
		for _, w := range want {
			if text := res.Page.Data["text/plain"]; !strings.Contains(text, w) {
				t.Errorf("%s says %q, want %q in it", src, text, w)
			}
		}
		if strings.Contains(res.Page.Data["text/plain"], "return x / 2") != (src == "half??") {
			t.Errorf("%s: source is shown, or is not", src)
		}
		if got := s.IsComplete(src).Status; got != "complete" {
			t.Errorf("%s is %s", src, got)
		}
	}
	if res := s.Execute(context.Background(), Cell{Source: "half?\nhalf(4)"}, &record{}); res.Page == nil || res.Value == nil || res.Value.Data["text/plain"] != "2" {
		t.Errorf("before other code: %+v", res)
	}
	if res := s.Execute(context.Background(), Cell{Source: "nosuch?"}, &record{}); res.Err == nil || !strings.Contains(res.Err.Message, "nosuch") {
		t.Errorf("got %v", res.Err)
	}
}

func TestLoad(t *testing.T) {
	t.Chdir(t.TempDir())
	s := newTestSession(t)
	for name, text := range map[string]string{"a.go": "x := 1\nx\n", "b": "\xff", "c": strings.Repeat("x", maxLoaded+1)} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res := s.Execute(context.Background(), Cell{Source: "%load a.go"}, &record{})
	if res.Err != nil || res.Next == nil || *res.Next != (Next{"// %load a.go\nx := 1\nx", true}) {
		t.Fatalf("got %v, %v", res.Next, res.Err)
	}
	if got := play(t, s, res.Next.Source); got != "=> [1];" {
		t.Errorf("what was loaded gives %q", got)
	}
	for src, want := range map[string]string{"%load": "needs the name", "%load nosuch": "nosuch", "%load b": "is not text", "%load c": "at most", "%load .": "."} {
		if res := s.Execute(context.Background(), Cell{Source: src}, &record{}); res.Err == nil || res.Next != nil || !strings.Contains(res.Err.Message, want) {
			t.Errorf("%s: %v", src, res.Err)
		}
	}
}
