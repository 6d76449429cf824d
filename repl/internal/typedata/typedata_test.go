package typedata

import (
	"go/importer"
	"go/token"
	"go/types"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Packages must come out the same whatever was read before them, and fit
// together.
func TestOrder(t *testing.T) {
	paths := Packages()
	if len(paths) < 180 || !slices.IsSorted(paths) {
		t.Fatalf("%d packages: %v", len(paths), paths)
	}
	forward, backward := NewImporter(token.NewFileSet()), NewImporter(token.NewFileSet())
	var a, b []string
	for i := range paths {
		a = append(a, describe(t, forward, paths[i]))
	}
	for i := range paths {
		b = append(b, describe(t, backward, paths[len(paths)-1-i]))
	}
	for i, p := range paths {
		if a[i] != b[len(paths)-1-i] {
			t.Errorf("%s reads differently first and last", p)
		}
	}
	w := lookup(t, forward, "io", "Writer").Type().Underlying().(*types.Interface)
	for _, n := range []string{"bytes.Buffer", "os.File", "bufio.Writer"} {
		pkg, name, _ := strings.Cut(n, ".")
		if typ := lookup(t, forward, pkg, name).Type(); !types.Implements(types.NewPointer(typ), w) {
			t.Errorf("*%s is no io.Writer", n)
		}
	}
}

// The types are those that the Go toolchain knows.
func TestAgainstToolchain(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command: ", err)
	}
	imp := NewImporter(token.NewFileSet())
	gc := importer.ForCompiler(token.NewFileSet(), "gc", nil)
	for _, path := range []string{"fmt", "io", "os", "slices", "maps", "sync/atomic", "net/http", "encoding/json", "reflect", "time", "iter", "math/rand/v2"} {
		want, err := gc.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		// The compiler names a result #rv1 and keeps the spelling any.
		spelling := strings.NewReplacer("interface{}", "any", "(#rv1 bool)", "bool")
		g, w := strings.Split(spelling.Replace(exported(got)), "\n"), strings.Split(spelling.Replace(exported(want)), "\n")
		if len(g) != len(w) {
			t.Errorf("%s: %d lines, want %d", path, len(g), len(w))
		}
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Errorf("%s: got %s, want %s", path, g[i], w[i])
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	imp, docs := NewImporter(token.NewFileSet()), NewDocs()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, p := range []string{"net/http", "io", "os", "fmt", "go/types"} {
				if _, err := imp.Import(p); err != nil || docs.Doc(p, "") == "" {
					t.Errorf("%s: %v", p, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestUnknown(t *testing.T) {
	imp := NewImporter(token.NewFileSet())
	for _, path := range []string{"", "nosuch", "internal/abi", "windows:os", "../fmt"} {
		if _, err := imp.Import(path); err == nil || !strings.Contains(err.Error(), "not among those that cells can import") {
			t.Errorf("Import(%q): %v", path, err)
		}
	}
	if p, err := imp.Import("unsafe"); p != types.Unsafe || err != nil {
		t.Errorf("Import(unsafe) = %v, %v", p, err)
	}
}

// The texts are those of Go's own documentation.
func TestDocs(t *testing.T) {
	d := NewDocs()
	for _, c := range []struct{ pkg, name, want string }{
		{"fmt", "Println", "Println formats using the default formats for its operands and writes to standard output. Spaces are always added between operands and a newline is appended. It returns the number of bytes written and any write error encountered."},
		{"strings", "Builder.Len", "Len returns the number of accumulated bytes; b.Len() == len(b.String())."},
		{"io", "EOF", "EOF is the error returned by Read when no more input is available."},
		{"net/http", "Server.Addr", "Addr optionally specifies the TCP address for the server to listen on"},
		{"net/http", "StatusTeapot", "RFC 9110, 15.5.19 (Unused)"},
		{"math", "Pi", "https://oeis.org/A000796"},
		{"builtin", "append", "The append built-in function appends elements to the end of a slice."},
		{"sort", "", "Package sort provides primitives for sorting slices and user-defined collections."},
		{"gonum.org/v1/plot/plotter", "NewLine", "NewLine returns a Line that uses the default line style"},
	} {
		got := strings.Join(strings.Fields(d.Doc(c.pkg, c.name)), " ")
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s.%s: got %q, want %q", c.pkg, c.name, got, c.want)
		}
	}
	if got := d.Doc("nosuch", "X") + d.Doc("fmt", "nosuch"); got != "" {
		t.Errorf("unknown names: %q", got)
	}
}

func lookup(t *testing.T, i *Importer, path, name string) types.Object {
	t.Helper()
	p, err := i.Import(path)
	if err != nil {
		t.Fatal(err)
	}
	return p.Scope().Lookup(name)
}

func describe(t *testing.T, i *Importer, path string) string {
	t.Helper()
	p, err := i.Import(path)
	if err != nil {
		t.Fatal(err)
	}
	if q, _ := i.Import(path); q != p || !p.Complete() || p.Path() != path {
		t.Errorf("%s: imported %v, then %v; complete: %v", path, p, q, p.Complete())
	}
	return exported(p)
}

// exported writes what a package shows.
func exported(p *types.Package) string {
	var b strings.Builder
	for _, n := range p.Scope().Names() {
		o := p.Scope().Lookup(n)
		if !o.Exported() {
			continue
		}
		if c, ok := o.(*types.Const); ok {
			b.WriteString(c.Val().ExactString() + " ")
		}
		b.WriteString(types.ObjectString(o, (*types.Package).Name) + "\n")
		if _, ok := o.(*types.TypeName); !ok {
			continue
		}
		ms := types.NewMethodSet(types.NewPointer(o.Type()))
		for i := range ms.Len() {
			if m := ms.At(i).Obj(); m.Exported() {
				b.WriteString("\t" + types.ObjectString(m, (*types.Package).Name) + "\n")
			}
		}
	}
	return b.String()
}

func BenchmarkImportFmt(b *testing.B) {
	for range b.N {
		if _, err := NewImporter(token.NewFileSet()).Import("fmt"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImportHTTP(b *testing.B) {
	for range b.N {
		if _, err := NewImporter(token.NewFileSet()).Import("net/http"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImportGorgonia(b *testing.B) {
	for range b.N {
		if _, err := NewImporter(token.NewFileSet()).Import("gorgonia.org/gorgonia"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDoc(b *testing.B) {
	for range b.N {
		NewDocs().Doc("net/http", "Get")
	}
}
