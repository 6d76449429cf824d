package repl

import (
	"strings"
	"testing"
)

func TestIsComplete(t *testing.T) {
	s := newTestSession(t)
	for src, want := range map[string]string{
		"x := 1": "complete", "x := ": "incomplete", "x +": "incomplete", "func f() {": "incomplete", "f(a,": "incomplete",
		"for i := 0; i < 3; i++ {\n": "incomplete", "s := `a": "incomplete", "/* a": "incomplete", "x": "complete",
		"if x {\n} else": "incomplete", "x y": "invalid", "": "complete", "a := []int{1,\n2}": "complete", ")": "invalid",
	} {
		if got := s.IsComplete(src).Status; got != want {
			t.Errorf("%q is %s, want %s", src, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import "strings"`, "type Dog struct { Name string; age int }\n// Bark is loud.\nfunc (d Dog) Bark() string { return d.Name }", `rex := Dog{"rex", 3}`)
	for _, c := range []struct{ src, want string }{
		{"strings.ToUp|", "ToUpper"}, {"rex.|", "Name"}, {"rex.|", "age"}, {"rex.B|", "Bark"}, {"re|", "rex"}, {"D|", "Dog"},
		{"func f(long int) int {\n\treturn lo|\n}", "long"}, {"x := strings.NewReader(\"\"); x.Le|", "Len"}, {"import \"stri|", "strings"},
		{"os.Getwd|", "Getwd"}, {"fo|", "for"}, {"for i := range 3 { rex.N| }", "Name"},
	} {
		i := strings.IndexByte(c.src, '|')
		got := s.Complete(c.src[:i]+c.src[i+1:], i)
		found := false
		for _, m := range got.Matches {
			found = found || m.Text == c.want
		}
		if !found {
			t.Errorf("%q does not complete to %s: %v", c.src, c.want, got.Matches)
		}
	}
	for _, c := range []struct{ src, want string }{
		{"rex|", "Dog"}, {"strings.ToUpper|", "func strings.ToUpper(s string) string"}, {"rex.Bark()|", "Bark"}, {"strings.Repeat(|\"a\", 2)", "count int"},
	} {
		i := strings.IndexByte(c.src, '|')
		got := s.Inspect(c.src[:i]+c.src[i+1:], i)
		if !got.Found || !strings.Contains(got.Data["text/plain"], c.want) {
			t.Errorf("inspecting %q gives %q, want %q in it", c.src, got.Data["text/plain"], c.want)
		}
	}
}
