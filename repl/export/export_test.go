package export_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"graft/repl"
	"graft/repl/export"
	"graft/repl/internal/split"
)

// notebook is a list of cells, the files beside them, and whether go vet must
// have nothing to say of the program.
type notebook struct {
	name  string
	cells []string
	files []txtar.File
	vet   bool
}

// screen keeps what a session prints and shows.
type screen struct {
	mu  sync.Mutex
	out strings.Builder
}

func (s *screen) Stream(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "stdout" {
		s.out.WriteString(text)
	}
}

func (s *screen) Display(d repl.Display) {
	if d.Update {
		return
	}
	s.Stream("stdout", strings.TrimRight(d.Data["text/plain"], "\n")+"\n")
}

func (s *screen) Clear(bool) {}

func (s *screen) Input(context.Context, string, bool) (string, error) {
	return "", errors.New("nobody is there to type")
}

// sessions are those that package repl is tested with.
func sessions(t *testing.T) []notebook {
	files, err := filepath.Glob("../testdata/sessions/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions: ", err)
	}
	own, _ := filepath.Glob("testdata/*.txtar")
	var out []notebook
	for _, file := range append(files, own...) {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := notebook{name: file, vet: true}
		for _, f := range a.Files {
			switch {
			case strings.HasPrefix(f.Name, "In["):
				n.cells = append(n.cells, strings.TrimSuffix(string(f.Data), "\n"))
			case !strings.HasPrefix(f.Name, "Out["):
				n.files = append(n.files, f)
			}
		}
		out = append(out, n)
	}
	return out
}

// corpus are the programs that cells are compared with Go by, cut into cells:
// declarations first, then the statements one by one.
func corpus(t *testing.T) []notebook {
	files, err := filepath.Glob("../testdata/corpus/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus: ", err)
	}
	var out []notebook
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		differs := map[string]bool{}
		for _, f := range a.Files {
			if name, ok := strings.CutSuffix(f.Name, ": differs"); ok {
				differs[name] = true
			}
		}
		for _, f := range a.Files {
			if strings.Contains(f.Name, ": ") || differs[f.Name] {
				continue
			}
			n := notebook{name: filepath.Base(file) + " " + f.Name, cells: apart(string(f.Data))}
			out = append(out, n)
		}
	}
	return out
}

func apart(code string) []string {
	p, errs := split.Parse(token.NewFileSet(), "case", code)
	if len(errs) > 0 || len(p.Stmts) == 0 {
		return []string{strings.TrimRight(code, "\n") + ";"}
	}
	decls, stmts := []byte(code), []string{}
	for _, s := range p.Stmts {
		if _, ok := s.(*ast.DeferStmt); ok {
			return []string{strings.TrimRight(code, "\n") + ";"}
		}
		from, to := p.Offset(s.Pos()), min(p.Offset(s.End()), len(code))
		stmts = append(stmts, code[from:to]+";")
		for i := from; i < to; i++ {
			decls[i] = ' '
		}
	}
	head := regexp.MustCompile(`(?m)^[ ;]+|[ ;]+$`).ReplaceAllString(string(decls), "")
	return append([]string{head}, stmts...)
}

// meaningless are commands that a program does not have.
var meaningless = regexp.MustCompile(`^\s*(%who|%help|%timeit|%%timeit|%env\s*$|!|%wat)`)

var masks = []struct {
	of *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`0x[0-9a-f]{6,}`), "PTR"},
	{regexp.MustCompile(`took [0-9.]+(ns|µs|ms|s)`), "took TIME"},
	{regexp.MustCompile(`(cases/)?c[0-9]{3}\.`), "main."},
}

func masked(s string) string {
	for _, m := range masks {
		s = m.of.ReplaceAllString(s, m.by)
	}
	return s
}

// played runs a notebook's cells and returns them for export: those that fail
// are marked, those that must not be there are gone.
func played(t *testing.T, n notebook) (cells []export.Cell, printed string) {
	t.Helper()
	t.Chdir(scratch(t, n.files))
	s, err := repl.NewSession(repl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	screen := &screen{}
	for i, c := range n.cells {
		if meaningless.MatchString(c) {
			continue
		}
		if strings.HasPrefix(c, "%%writefile") && strings.HasSuffix(strings.SplitN(c, "\n", 2)[0], ".go") {
			break // the program is of the packages as they were
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		res := s.Execute(ctx, repl.Cell{ID: fmt.Sprint(i), Number: i + 1, Source: c}, screen)
		cancel()
		cells = append(cells, export.Cell{Number: i + 1, Source: c, MayFail: res.Err != nil})
		if res.Value != nil {
			screen.Display(*res.Value)
		}
	}
	return cells, masked(screen.out.String())
}

func scratch(t *testing.T, files []txtar.File) string {
	dir := t.TempDir()
	for _, f := range files {
		write(t, filepath.Join(dir, f.Name), f.Data)
	}
	return dir
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestPrintsTheSame plays sessions and programs, exports them, builds all of
// them with the installed Go and compares what they print.
func TestPrintsTheSame(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain here: ", err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	notebooks := append(sessions(t), corpus(t)...)
	only := os.Getenv("GRAFT_CASE")
	var groups []*module
	whole := t // a module outlives the cases that are put into it
	for _, n := range notebooks {
		if only != "" && !strings.Contains(n.name, only) {
			continue
		}
		t.Run(n.name, func(t *testing.T) {
			cells, printed := played(t, n)
			// A package of a notebook's own may print as the program begins: it is
			// built with none of the others.
			if len(groups) == 0 || n.hasPackages() || groups[len(groups)-1].notebooks[0].hasPackages() {
				groups = append(groups, newModule(whole, root))
			}
			m := groups[len(groups)-1]
			p, err := export.Notebook(cells, export.Options{Name: n.name, Module: fmt.Sprintf("cases/c%03d", m.n)})
			if err != nil {
				t.Fatal(err)
			}
			if only != "" {
				t.Logf("%s\n%s", p.Source, strings.Join(p.Notes, "\n"))
			}
			m.add(n, p)
			m.notebooks, m.printed = append(m.notebooks, n), append(m.printed, printed)
		})
	}
	for _, m := range groups {
		program := m.build()
		for i, n := range m.notebooks {
			got, err := m.run(program, i, n)
			if got = masked(got); got != m.printed[i] {
				t.Errorf("%s: the program prints\n%s\nthe notebook\n%s\n(%v)", n.name, got, m.printed[i], err)
			}
		}
	}
}

func (n notebook) hasPackages() bool {
	return slices.ContainsFunc(n.files, func(f txtar.File) bool { return strings.HasSuffix(f.Name, ".go") })
}

// module is one program of many exported ones: the first argument says which
// runs.
type module struct {
	t         *testing.T
	dir, root string
	n         int
	vet       []string
	notebooks []notebook
	printed   []string // by each of them
}

func newModule(t *testing.T, root string) *module { return &module{t: t, dir: t.TempDir(), root: root} }

var mainFunc = regexp.MustCompile(`(?m)^func main\(\)`)

func (m *module) add(n notebook, p *export.Program) {
	pkg := fmt.Sprintf("c%03d", m.n)
	m.n++
	for name, text := range p.Files {
		write(m.t, filepath.Join(m.dir, pkg, name), text)
	}
	source := p.Source
	source = bytes.Replace(source, []byte("\npackage main\n"), []byte("\npackage "+pkg+"\n"), 1)
	source = mainFunc.ReplaceAll(source, []byte("func Main()"))
	write(m.t, filepath.Join(m.dir, pkg, "main.go"), source)
	if n.vet {
		m.vet = append(m.vet, "./"+pkg)
	}
}

func (m *module) goCommand(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}

func (m *module) build() string {
	var imports, list strings.Builder
	for i := range m.n {
		fmt.Fprintf(&imports, "\t\"cases/c%03d\"\n", i)
		fmt.Fprintf(&list, "c%03d.Main, ", i)
	}
	write(m.t, filepath.Join(m.dir, "main.go"), fmt.Appendf(nil, "package main\n\nimport (\n\t\"os\"\n\t\"strconv\"\n\n%s)\n\nfunc main() {\n\tn, _ := strconv.Atoi(os.Args[1])\n\t[]func(){%s}[n]()\n}\n", imports.String(), list.String()))
	mod, err := os.ReadFile(filepath.Join(m.root, "go.mod"))
	if err != nil {
		m.t.Fatal(err)
	}
	mod = bytes.Replace(mod, []byte("module graft\n"), fmt.Appendf(nil, "module cases\n\nrequire graft v0.0.0\n\nreplace graft => %s\n", m.root), 1)
	write(m.t, filepath.Join(m.dir, "go.mod"), mod)
	sum, err := os.ReadFile(filepath.Join(m.root, "go.sum"))
	if err != nil {
		m.t.Fatal(err)
	}
	write(m.t, filepath.Join(m.dir, "go.sum"), sum)
	program := filepath.Join(m.dir, "cases.exe")
	if err := m.goCommand("build", "-o", program, "."); err != nil {
		m.t.Fatal(err)
	}
	if len(m.vet) > 0 {
		if err := m.goCommand(slices.Concat([]string{"vet"}, m.vet)...); err != nil {
			m.t.Error(err)
		}
	}
	return program
}

func (m *module) run(program string, i int, n notebook) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, fmt.Sprint(i))
	cmd.Dir = scratch(m.t, n.files)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}
