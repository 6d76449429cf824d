package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	python = regexp.MustCompile("(?ms)^```python$.*?^```$")
	// named is pkg.Name, not behind another dot: tf.train.Saver is Python's.
	named = regexp.MustCompile(`(?:^|[^.\w])([a-z]+)\.([A-Z]\w*)`)
)

// What the tutorials name is there: graft's packages and their exported names,
// in text, in tables and in code.
func TestTutorialsNameWhatIsThere(t *testing.T) {
	exported := map[string]map[string]bool{}
	for _, f := range goFiles(t) {
		parts := strings.Split(f.dir(), "/")
		if strings.HasSuffix(f.path, "_test.go") || parts[0] != "ckpt" && parts[0] != "stdlib" || len(parts) > 2 {
			continue
		}
		names := exported[f.ast.Name.Name]
		if names == nil {
			names = map[string]bool{}
			exported[f.ast.Name.Name] = names
		}
		addExported(names, f.ast)
	}
	sources, err := filepath.Glob(filepath.Join(root, "tutorials/make/[0-9][0-9]-*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range sources {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(python.ReplaceAllString(string(b), ""), -1) {
			names, ours := exported[m[1]]
			if !ours {
				continue
			}
			found++
			if !names[m[2]] {
				t.Errorf("%s names %s.%s, which is not there", filepath.Base(path), m[1], m[2])
			}
		}
	}
	if len(sources) > 0 && found == 0 {
		t.Error("the tutorials name nothing: the pattern must be wrong")
	}
}

// addExported adds the exported names that a file declares outside of methods.
func addExported(names map[string]bool, f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names[d.Name.Name] = d.Name.IsExported()
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names[s.Name.Name] = s.Name.IsExported()
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names[n.Name] = n.IsExported()
					}
				}
			}
		}
	}
}
