package command

import (
	"strings"
	"testing"
)

func known(name string) bool { return name == "done" }

func TestCut(t *testing.T) {
	for _, c := range []struct {
		source string
		names  string
		args   string
		rest   string
	}{
		{"x := 1", "", "", "x := 1"},
		{"%who\nx", "%who", "", "\nx"},
		{"// why\n%cd  a b\n\n%env A=1\nx", "%cd %env", "a b|A=1", "// why\n\n\n\nx"},
		{"%%writefile f.go\npackage f\n%who\n", "%%writefile", "f.go", ""},
		{"%time\tf(1)\nrest", "%time", "f(1)", ""},
		{"!ls -l", "!", "ls -l", ""}, {"!done", "", "", "!done"}, {"!f(x)", "", "", "!f(x)"}, {"!true", "", "", "!true"}, {"!ls", "!", "ls", ""},
		{"strings.ToUpper?\nx", "?", "strings.ToUpper?", "\nx"}, {"??x", "?", "??x", ""},
		{"x\n%who", "", "", "x\n%who"}, {"", "", "", ""}, {"%", "%", "", ""},
	} {
		list, rest := Cut(c.source, known)
		var names, args []string
		for _, l := range list {
			names, args = append(names, l.Name), append(args, l.Args)
		}
		if strings.Join(names, " ") != c.names || strings.Trim(strings.Join(args, "|"), "|") != c.args || rest != c.rest {
			t.Errorf("%q: commands %q with %q, rest %q", c.source, names, args, rest)
		}
	}
}

// The Go of a command stands where it stood in the cell.
func TestGo(t *testing.T) {
	for source, want := range map[string]string{
		"%time f(1)": "      f(1)", "\n%%time\nx\ny": "\n\nx\ny", "%timeit  g()": "        g()",
	} {
		list, _ := Cut(source, known)
		if got := list[0].Go(); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"%who\nx", "!ls", "a?\n", "%%time\nx", "\r\n%cd é\n", "!\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		list, rest := Cut(source, known)
		if len(list) == 0 && rest != source {
			t.Errorf("without commands %q becomes %q", source, rest)
		}
		for _, c := range list {
			if c.Name == "" || c.Line < 1 || c.Col < 1 || c.Line > strings.Count(source, "\n")+1 {
				t.Errorf("%q: %+v", source, c)
			}
			if lines := strings.Count(c.Go(), "\n"); lines < c.Line-1 {
				t.Errorf("%q: its Go begins at line %d", source, lines+1)
			}
		}
	})
}
