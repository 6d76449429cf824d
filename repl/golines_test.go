package repl

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"graft/repl/internal/split"
)

const linesFile = "testdata/lines.txtar"

// lineCase is a cell that panics: where, and with what words, Go says.
type lineCase struct{ name, code, want string }

func lineCases(t *testing.T) []lineCase {
	t.Helper()
	a, err := txtar.ParseFile(linesFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []lineCase
	for _, f := range a.Files {
		if strings.HasSuffix(f.Name, ": panics") {
			out[len(out)-1].want = strings.TrimSpace(string(f.Data))
			continue
		}
		out = append(out, lineCase{name: f.Name, code: string(f.Data)})
	}
	return out
}

var placed = regexp.MustCompile(`^In\[\d+\]:(\d+):\d+: panic: (.*)`)

// A panic is where Go says: in one cell; with declarations in a cell of their
// own; and in functions that are not compiled.
func TestGoLines(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector would find the marks that goroutines share: there are none")
	}
	for _, c := range lineCases(t) {
		decls, rest := halves(t, c)
		for way, cells := range map[string][]string{
			"one cell": {quiet(c.code)}, "two cells": {decls, quiet(rest)}, "interpreted": {uncompiled(t, c), quiet(rest)},
		} {
			s := newTestSession(t)
			var e *Error
			for i, src := range cells {
				if e = s.Execute(context.Background(), Cell{Source: src, Number: i + 1}, &record{}).Err; e != nil && i < len(cells)-1 {
					break
				}
			}
			got := "nothing"
			if e != nil && len(e.Traceback) > 0 {
				got = e.Traceback[0]
				if m := placed.FindStringSubmatch(got); m != nil {
					what, _, _ := strings.Cut(m[2], " (in ")
					got = m[1] + ": " + what
				}
			}
			if got != c.want {
				t.Errorf("%s, %s: got %s\nwant %s", c.name, way, got, c.want)
			}
			s.Close()
		}
	}
}

// halves are a case's declarations and its statements, each where it stood.
func halves(t *testing.T, c lineCase) (decls, rest string) {
	p := parsed(t, c)
	first, second := blank(c.code), []byte(c.code)
	for _, d := range p.Decls {
		from, to := p.Offset(d.Pos()), min(p.Offset(d.End()), len(c.code))
		copy(first[from:], c.code[from:to])
		copy(second[from:], blank(c.code[from:to]))
	}
	return string(first), string(second)
}

func blank(s string) []byte {
	return []byte(strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, s))
}

// uncompiled are the declarations with what package closure does not compile
// in every function.
func uncompiled(t *testing.T, c lineCase) string {
	decls, _ := halves(t, c)
	p := parsed(t, c)
	var at []int
	for _, d := range p.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && f.Body != nil {
				at = append(at, p.Offset(f.Body.Lbrace)+1)
			}
			return true
		})
	}
	for _, i := range slices.Backward(slices.Sorted(slices.Values(at))) {
		decls = decls[:i] + " _ = complex(float64(len(os.Args)), 1);" + decls[i:]
	}
	return decls
}

func parsed(t *testing.T, c lineCase) *split.Parsed {
	t.Helper()
	p, errs := split.Parse(token.NewFileSet(), c.name, c.code)
	if len(errs) > 0 {
		t.Fatalf("%s: %v", c.name, errs)
	}
	return p
}

// TestGoLinesAgree asks the installed Go; with -update it writes what Go says.
func TestGoLinesAgree(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain here: ", err)
	}
	cases := lineCases(t)
	got := goLines(t, cases)
	a, err := txtar.ParseFile(linesFile)
	if err != nil {
		t.Fatal(err)
	}
	a.Files = nil
	for i, c := range cases {
		if got[i] != c.want && !*update {
			t.Errorf("%s: Go says %s, stored is %s", c.name, got[i], c.want)
		}
		a.Files = append(a.Files, txtar.File{Name: c.name, Data: []byte(c.code)}, txtar.File{Name: c.name + ": panics", Data: []byte(got[i] + "\n")})
	}
	if *update {
		if err := os.WriteFile(linesFile, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const linesDriver = `package main
import ("fmt"; "path"; "runtime"; "runtime/debug"
%s)
func try(f func()) {
	defer func() {
		text := fmt.Sprint(recover())
		pc := make([]uintptr, 100)
		frames := runtime.CallersFrames(pc[:runtime.Callers(0, pc)])
		for more, past := true, false; more; {
			var f runtime.Frame
			f, more = frames.Next()
			past = past || f.Function == "runtime.gopanic"
			if past && path.Base(f.File) == "cell.go" { fmt.Printf("%%d: %%s\n", f.Line, text); return }
		}
		fmt.Println("?", text, string(debug.Stack()))
	}()
	f()
}
func main() { %s }
`

// goLines runs each case as a package of one program. The functions are not
// inlined, which would move a line or two.
func goLines(t *testing.T, cases []lineCase) []string {
	t.Helper()
	dir := caseModule(t, linesDriver, "try(c%03d.Main)\n", cases, lineProgram)
	run := exec.Command("go", "run", "-gcflags=all=-l", ".")
	run.Dir, run.Stderr = dir, &bytes.Buffer{}
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	b, err := run.Output()
	if err != nil {
		t.Fatalf("Go rejects the cases: %v\n%s", err, run.Stderr)
	}
	out := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(out) != len(cases) {
		t.Fatalf("%d answers for %d cases:\n%s", len(out), len(cases), b)
	}
	return out
}

func lineProgram(t *testing.T, c lineCase, known map[string]string) string {
	decls, rest := halves(t, c)
	p := parsed(t, c)
	var head, used strings.Builder
	imported := map[string]bool{}
	uses := func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && known[id.Name] != "" && !imported[id.Name] {
				imported[id.Name] = true
				fmt.Fprintf(&head, "import %q\n", known[id.Name])
			}
		}
		return true
	}
	for _, d := range p.Decls {
		ast.Inspect(d, uses)
	}
	for _, s := range p.Stmts {
		ast.Inspect(s, uses)
		for _, n := range statementVars(s) {
			fmt.Fprintf(&used, "_ = %s\n", n)
		}
	}
	return fmt.Sprintf("package %s\n%s//line cell.go:1\n%s\nfunc Main() {\n//line cell.go:1\n%s\n%s}\n", standIn, head.String(), decls, rest, used.String())
}

// Goroutines that are not compiled have marks of their own.
func TestLinesOfGoroutines(t *testing.T) {
	if raceEnabled {
		t.Skip("no marks: see TestGoLines")
	}
	s := newTestSession(t)
	play(t, s, `func work(xs []int, stop chan bool) {
	_ = complex(float64(len(os.Args)), 1)
	for i := 0; ; i++ {
		xs[i%3]++
		select {
		case <-stop:
			return
		default:
		}
		_ = fmt.Sprint(i)
	}
}
func fail(xs []int, n int) {
	_ = complex(float64(len(os.Args)), 1)
	done := make(chan bool)
	go func(from int) {
		defer close(done)
		for i := from; ; i++ {
			if i%2 == 0 {
				_ = strings.Repeat("x", i)
			}
			xs[i] += func() int {
				return len(xs)
			}()
			_ = strings.ToUpper("a")
		}
	}(n)
	<-done
}`)
	for i := range 60 {
		res := s.Execute(context.Background(), Cell{Number: 7, Source: "stop := make(chan bool); go work(make([]int, 3), stop); go work(make([]int, 3), stop)\nfail(make([]int, 300), 100)"}, &record{})
		if res.Err == nil || !strings.HasPrefix(res.Err.Traceback[0], "In[1]:22:") || !strings.Contains(res.Err.Message, "index out of range [300] with length 300") {
			t.Fatalf("%d: %v %q", i, res.Err, res.Err.Traceback)
		}
		play(t, s, "close(stop)")
	}
}
