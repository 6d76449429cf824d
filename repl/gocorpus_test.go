package repl

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"graft/repl/internal/check"
	"graft/repl/internal/split"
	"graft/repl/internal/typedata"
)

var update = flag.Bool("update", false, "rewrite the expected outputs: the corpus from what Go prints, sessions from what a session prints")

// goCase is a piece of Go with what Go prints for it. In testdata/corpus a
// file holds the cases of one kind: the section "name" is the code,
// "name: prints" the output.
type goCase struct{ file, name, code, want, differs string }

const (
	prints  = ": prints"
	differs = ": differs" // why a cell does not, or not yet, do as Go does
)

func corpusFiles(t *testing.T) map[string]*txtar.Archive {
	t.Helper()
	names, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no corpus: ", err)
	}
	out := map[string]*txtar.Archive{}
	for _, n := range names {
		a, err := txtar.ParseFile(n)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = a
	}
	return out
}

func goCases(t *testing.T) []goCase {
	t.Helper()
	var out []goCase
	for file, a := range corpusFiles(t) {
		at := map[string]int{}
		for _, f := range a.Files {
			if name, ok := strings.CutSuffix(f.Name, prints); ok {
				out[at[name]].want = string(f.Data)
				continue
			}
			if name, ok := strings.CutSuffix(f.Name, differs); ok {
				out[at[name]].differs = string(f.Data)
				continue
			}
			at[f.Name] = len(out)
			out = append(out, goCase{file: file, name: f.Name, code: string(f.Data)})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].file < out[j].file })
	return out
}

// A case is played twice: as one cell, and with its declarations in a first
// cell and its statements, one by one, in others.
func TestGoCorpus(t *testing.T) {
	var cases []corpusCase
	for _, c := range goCases(t) {
		if c.differs != "" {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(c.file), ".txtar") + ": " + c.name
		cases = append(cases, corpusCase{name, []string{quiet(c.code)}, c.want})
		if parts := apart(c.code); len(parts) > 1 {
			cases = append(cases, corpusCase{name + " (cells)", parts, c.want})
		}
	}
	sum := score(t, cases)
	expect(t, sum, len(cases))
}

// What differs from Go is refused, or says why it may print something else.
func TestGoCorpusDiffers(t *testing.T) {
	for _, c := range goCases(t) {
		if c.differs == "" {
			continue
		}
		got, e := attempt(t, corpusCase{c.name, []string{quiet(c.code)}, c.want}, false)
		if e == nil && got == c.want {
			t.Errorf("%s: %s does as Go does: take its mark away", c.file, c.name)
		}
		if refused := e != nil && e.Name == CompileError; !refused && !strings.HasPrefix(c.differs, "known: ") {
			t.Errorf("%s: %s is not refused: %q, %v", c.file, c.name, got, e)
		}
	}
}

// quiet keeps a trailing value from being shown.
func quiet(code string) string { return strings.TrimRight(code, "\n") + ";" }

// apart cuts a case into cells.
func apart(code string) []string {
	fset := token.NewFileSet()
	p, errs := split.Parse(fset, "case", code)
	if len(errs) > 0 || len(p.Stmts) == 0 || raceEnabled && strings.Contains(code, "go ") {
		return nil
	}
	decls, stmts := []byte(code), []string{}
	for _, s := range p.Stmts {
		if defers(s) {
			return nil // belongs to the cell it stands in
		}
		from, to := p.Offset(s.Pos()), min(p.Offset(s.End()), len(code))
		stmts = append(stmts, quiet(code[from:to]))
		for i := from; i < to; i++ {
			decls[i] = ' '
		}
	}
	inside := func(i int) bool {
		return slices.ContainsFunc(p.Decls, func(d ast.Decl) bool { return p.Offset(d.Pos()) <= i && i < p.Offset(d.End()) })
	}
	for i := range decls { // semicolons between statements
		if decls[i] == ';' && !inside(i) && (i == 0 || strings.TrimSpace(string(decls[i-1:i])) == "") {
			decls[i] = ' '
		}
	}
	return append([]string{string(decls)}, stmts...)
}

// defers tells whether a statement itself defers a call.
func defers(s ast.Stmt) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		_, d := n.(*ast.DeferStmt)
		found = found || d
		_, lit := n.(*ast.FuncLit)
		return !lit
	})
	return found
}

// TestGoAgrees runs every case with the installed Go and compares; with
// -update it writes what Go printed.
func TestGoAgrees(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain here: ", err)
	}
	cases := goCases(t)
	got := runGo(t, cases)
	if !*update {
		for i, c := range cases {
			if got[i] != c.want {
				t.Errorf("%s: %s\n Go prints %q\n stored    %q", c.file, c.name, got[i], c.want)
			}
		}
		return
	}
	for file, a := range corpusFiles(t) {
		var fs []txtar.File
		for i, c := range cases {
			if c.file == file {
				fs = append(fs, txtar.File{Name: c.name, Data: []byte(c.code)}, txtar.File{Name: c.name + prints, Data: []byte(got[i])})
				if c.differs != "" {
					fs = append(fs, txtar.File{Name: c.name + differs, Data: []byte(c.differs)})
				}
			}
		}
		a.Files = fs
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// standIn is the name of the cases' packages; outputs say main instead.
const standIn = "maih"

const driver = `package main
import ("fmt"; "io"; "os"; "regexp"; "runtime"
%s)
var elsewhere = regexp.MustCompile("(cases/c[0-9]+|maih)[.]")
var cases = []func(){%s}
func main() {
	for i, f := range cases {
		out := os.Stdout
		r, w, err := os.Pipe()
		if err != nil { panic(err) }
		text := make(chan string)
		go func() { b, _ := io.ReadAll(r); text <- string(b) }()
		os.Stdout = w
		end := ""
		done := make(chan bool)
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					end = fmt.Sprintln("panic:", p)
					if e, ok := p.(runtime.Error); ok { end = "panic: " + e.Error() + "\n" }
				}
			}()
			f()
		}()
		<-done
		os.Stdout = out
		w.Close()
		s := <-text + end
		s = elsewhere.ReplaceAllString(s, "main.")
		fmt.Printf("%%d %%d\n%%s", i, len(s), s)
	}
}
`

// caseModule writes a module with a package of every case and a main, in which
// the driver gets the imports and a use of each. It returns the folder.
func caseModule[C any](t *testing.T, driver, use string, cases []C, program func(*testing.T, C, map[string]string) string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names := check.Known(typedata.Packages())
	var imports, uses strings.Builder
	for i, c := range cases {
		write(fmt.Sprintf("c%03d/case.go", i), program(t, c, names))
		fmt.Fprintf(&imports, "c%03d \"cases/c%03d\"\n", i, i)
		fmt.Fprintf(&uses, use, i)
	}
	write("go.mod", "module cases\n\ngo 1.26\n")
	write("main.go", fmt.Sprintf(driver, imports.String(), uses.String()))
	return dir
}

// runGo makes a package of every case, builds all into one program and runs
// it.
func runGo(t *testing.T, cases []goCase) []string {
	t.Helper()
	dir := caseModule(t, driver, "c%03d.Main, ", cases, program)
	build := exec.Command("go", "build", "-o", "cases", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if b, err := build.CombinedOutput(); err != nil {
		for i, c := range cases {
			b = bytes.ReplaceAll(b, fmt.Appendf(nil, "c%03d/case.go", i), []byte(c.file+" "+c.name))
		}
		t.Fatalf("Go rejects the cases: %v\n%s", err, b)
	}
	run := exec.Command(filepath.Join(dir, "cases"))
	run.Dir = dir
	b, err := run.Output()
	if err != nil {
		t.Fatalf("the cases end with %v after\n%s", err, b)
	}
	out := make([]string, len(cases))
	for i := range out {
		var n, size int
		if _, err := fmt.Sscanf(string(b), "%d %d\n", &n, &size); err != nil || n != i {
			t.Fatalf("case %d: unexpected output %.200q", i, b)
		}
		b = b[bytes.IndexByte(b, '\n')+1:]
		out[i], b = string(b[:size]), b[size:]
	}
	return out
}

// program is a case as a package: declarations as they are, statements in
// Main, imports for the packages it names.
func program(t *testing.T, c goCase, known map[string]string) string {
	t.Helper()
	fset := token.NewFileSet()
	p, errs := split.Parse(fset, c.name, c.code)
	if len(errs) > 0 {
		t.Fatalf("%s: %s: %v", c.file, c.name, errs)
	}
	body := []byte(c.code)
	var decls strings.Builder
	packages := map[string]bool{}
	uses := func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && known[id.Name] != "" {
				packages[id.Name] = true
			}
		}
		return true
	}
	for _, d := range p.Decls {
		ast.Inspect(d, uses)
		from, to := p.Offset(d.Pos()), min(p.Offset(d.End()), len(c.code))
		fmt.Fprintf(&decls, "%s\n", c.code[from:to])
		for i := from; i < to; i++ {
			body[i] = ' '
		}
	}
	used := ""
	for _, s := range p.Stmts {
		ast.Inspect(s, uses)
		for _, n := range statementVars(s) {
			used += "_ = " + n + "\n"
		}
	}
	var head strings.Builder
	for n := range packages {
		if !shadowed(p, n) {
			fmt.Fprintf(&head, "import %q\n", known[n])
		}
	}
	return fmt.Sprintf("package %s\n%s%sfunc Main() {\n%s\n%s}\n", standIn, head.String(), decls.String(), body, used)
}

// statementVars lists what a top-level statement declares.
func statementVars(s ast.Stmt) []string {
	var out []string
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name != "_" {
					out = append(out, id.Name)
				}
			}
		}
	case *ast.DeclStmt:
		for _, sp := range s.Decl.(*ast.GenDecl).Specs {
			if v, ok := sp.(*ast.ValueSpec); ok {
				for _, id := range v.Names {
					if id.Name != "_" {
						out = append(out, id.Name)
					}
				}
			}
		}
	}
	return out
}

// shadowed tells whether a case declares a variable of a package's name.
func shadowed(p *split.Parsed, name string) bool {
	for _, s := range p.Stmts {
		for _, n := range statementVars(s) {
			if n == name {
				return true
			}
		}
	}
	return false
}
