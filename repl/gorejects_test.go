package repl

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const rejectedFile = "testdata/rejected.txtar"

// What Go rejects a cell rejects, at the same places and in the same words,
// the other places too that an error is about.
func TestGoRejects(t *testing.T) {
	for _, c := range rejected(t) {
		s := newTestSession(t)
		e := s.Execute(context.Background(), Cell{Source: c.code, Number: 1}, &record{}).Err
		s.Close()
		got := "nothing"
		if e != nil {
			got = places(e.Traceback)
		}
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

var (
	atPlace = regexp.MustCompile(`^( *)In\[1\]:(\d+):\d+: `)
	// hints are what a cell's errors say more.
	hints   = regexp.MustCompile(`; (did you mean|:= makes|no cell run before) .*`)
	columns = regexp.MustCompile(`(?m)(\d+):\d+(: |$|\))`)
)

// places are the errors of a traceback, without the lines of source and the
// columns: the compiler's differ from go/types' in a few cases.
func places(traceback []string) string {
	var out []string
	for _, l := range traceback {
		if m := atPlace.FindStringSubmatch(l); m != nil {
			l = strings.ReplaceAll(strings.TrimLeft(l, " "), "In[1]:", "")
			if m[1] != "" {
				l = "\t" + l
			}
			out = append(out, hints.ReplaceAllString(l, ""))
		}
	}
	return columns.ReplaceAllString(strings.Join(out, "\n"), "$1$2")
}

func rejected(t *testing.T) (out []goCase) {
	t.Helper()
	a, err := txtar.ParseFile(rejectedFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if strings.HasSuffix(f.Name, ": errors") {
			out[len(out)-1].want = strings.TrimRight(string(f.Data), "\n")
			continue
		}
		out = append(out, goCase{name: f.Name, code: string(f.Data)})
	}
	return out
}

// TestGoRejectsAgree asks the installed Go; with -update it writes what Go
// says.
func TestGoRejectsAgree(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain here: ", err)
	}
	cases := rejected(t)
	var files []txtar.File
	for i, got := range goErrors(t, cases) {
		c := cases[i]
		if got != c.want && !*update {
			t.Errorf("%s: Go says\n%s\nstored is\n%s", c.name, got, c.want)
		}
		files = append(files, txtar.File{Name: c.name, Data: []byte(c.code)}, txtar.File{Name: c.name + ": errors", Data: []byte(got + "\n")})
	}
	if *update {
		a := &txtar.Archive{Comment: []byte("What Go rejects: declarations, and all that its compiler says.\n\n"), Files: files}
		if err := os.WriteFile(rejectedFile, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goErrors are what the compiler says of each case, but for what a cell
// forgives.
func goErrors(t *testing.T, cases []goCase) []string {
	t.Helper()
	dir := t.TempDir()
	for i, c := range cases {
		name := filepath.Join(dir, fmt.Sprintf("c%03d", i), "cell.go")
		if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("package main\n//line cell.go:1:1\n"+c.code), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module cases\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`(?:\./)?(?:c\d+/)?cell\.go:`)
	origins := regexp.MustCompile(`\[/[^]]*\]`) // the place without the line directive
	out := make([]string, len(cases))
	for i := range cases {
		build := exec.Command("go", "build", "-gcflags=-e", "-o", os.DevNull, fmt.Sprintf("./c%03d", i))
		build.Dir = dir
		build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		b, err := build.CombinedOutput()
		if err == nil {
			t.Fatal("Go does not reject ", cases[i].name)
		}
		for _, l := range strings.Split(string(b), "\n") {
			if l == "" || l[0] == '#' || strings.HasSuffix(l, "and not used") || strings.Contains(l, "declared and not used") || strings.HasSuffix(l, "function main is undeclared in the main package") {
				continue
			}
			out[i] += place.ReplaceAllString(origins.ReplaceAllString(l, ""), "") + "\n"
		}
	}
	for i := range out {
		out[i] = columns.ReplaceAllString(strings.TrimRight(out[i], "\n"), "$1$2")
	}
	return out
}
