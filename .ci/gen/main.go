// Command gen writes what lets cells import packages without a Go toolchain:
// symbol tables for the interpreter, type data for the checker, documentation
// for the front ends.
//
//	go -C .ci/gen run .              everything
//	go -C .ci/gen run . -only ours   graft's own packages (or modules, or go)
//	go -C .ci/gen run . -check       fails when what was written is out of date; writes nothing
//	go -C .ci/gen run . -only ours -skip graft/stdlib/nets,…   leaves packages out, while they change every minute
//
// What can be imported is listed in exposed.go.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

func main() {
	check := flag.Bool("check", false, "compare with inputs.sum, write nothing")
	only := flag.String("only", "", "generate one `group`: go, modules or ours")
	skip := flag.String("skip", "", "leave out these of graft's packages, comma-separated import `paths`")
	flag.Parse()
	root, err := filepath.Abs("../..")
	if err == nil {
		err = run(root, *check, group(*only), strings.Split(*skip, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string, check bool, only group, skip []string) error {
	if _, err := os.Stat(filepath.Join(root, ".ci", "gen", "main.go")); err != nil {
		return fmt.Errorf("run me in .ci/gen, as `go -C .ci/gen run .` does")
	}
	if check {
		return checkInputs(root)
	}
	wanted := groups
	if only != "" {
		if !slices.Contains(groups, only) {
			return fmt.Errorf("-only %s: there are the groups %v", only, groups)
		}
		wanted = []group{only}
	}
	g, err := newGenerator(root)
	if err != nil {
		return err
	}
	g.skip = skip
	for _, grp := range wanted {
		if err := g.group(grp); err != nil {
			return err
		}
	}
	return g.finish()
}

// generator is one run.
type generator struct {
	root         string
	files        *sourceFiles
	types, docs  archive
	undocumented []documented
	inputs       *inputs
	skip         []string // import paths of graft's packages to leave out
}

func newGenerator(root string) (*generator, error) {
	g := &generator{root: root, files: &sourceFiles{fset: token.NewFileSet(), asts: map[string]*ast.File{}}}
	var err error
	if g.types, err = readArchive(g.embed("types.zip")); err != nil {
		return nil, err
	}
	if g.docs, err = readArchive(g.embed("docs.zip")); err != nil {
		return nil, err
	}
	if g.inputs, err = readInputs(root); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *generator) embed(name string) string { return filepath.Join(g.root, embedDir, name) }

func (g *generator) group(grp group) error {
	paths, tables, err := g.members(grp)
	if err != nil {
		return err
	}
	worlds, err := g.load(paths)
	if err != nil {
		return err
	}
	g.types.forget(grp)
	g.docs.forget(grp)
	in := newInputSet()
	for _, p := range paths {
		if err := g.types.addTypes(p, worlds); err != nil {
			return err
		}
		if err := g.table(tables, p, worlds); err != nil {
			return err
		}
		g.undocumented = append(g.undocumented, documented{p, worlds[0]})
		refs, err := mentioned(g.types[p], p)
		if err != nil {
			return err
		}
		in.add(worlds[0], append(refs, p))
	}
	if grp == goGroup {
		if err := g.builtin(); err != nil {
			return err
		}
	}
	fmt.Printf("%s: %d packages\n", grp, len(paths))
	return g.inputs.set(g.root, grp, in)
}

// members lists a group's packages and where their tables are.
func (g *generator) members(grp group) ([]string, tableSet, error) {
	switch grp {
	case goGroup:
		paths, err := goPackages(g.root)
		return paths, goTables, err
	case modulesGroup:
		return modules, ourTables, nil
	}
	there, missing := existing(g.root)
	for _, p := range missing {
		fmt.Println("skipped: there is no", p)
	}
	there = slices.DeleteFunc(there, func(p string) bool { return slices.Contains(g.skip, p) })
	return compiling(g.root, there), ourTables, nil
}

func (g *generator) load(paths []string) ([]*world, error) {
	worlds := make([]*world, len(platforms))
	errs := make([]error, len(platforms))
	var wg sync.WaitGroup
	for i, p := range platforms {
		wg.Go(func() { worlds[i], errs[i] = load(g.root, g.files, p, paths) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return worlds, nil
}

func (g *generator) table(s tableSet, path string, worlds []*world) error {
	src, err := s.emit(path, worlds)
	if err != nil {
		return err
	}
	return g.write(filepath.Join(s.dir, tableFile(path)), src)
}

// documented is a package whose documentation is to be read, after all types:
// go/doc takes the syntax apart.
type documented struct {
	path string
	in   *world
}

func (g *generator) document() error {
	for _, d := range g.undocumented {
		files, err := d.in.syntax(d.in.list[d.path])
		if err != nil {
			return err
		}
		if g.docs[d.path], err = document(g.files.fset, d.path, files); err != nil {
			return err
		}
	}
	return nil
}

// builtin documents the language's own names, which no cell imports.
func (g *generator) builtin() error {
	list, err := goList(g.root, platforms[0], []string{"builtin"})
	if err != nil {
		return err
	}
	w := &world{files: g.files, list: map[string]*listed{}}
	for _, l := range list {
		w.list[l.ImportPath] = l
	}
	g.undocumented = append(g.undocumented, documented{"builtin", w})
	return nil
}

// finish writes the archives and the files that list packages, and removes
// the tables of packages that are no longer exposed.
func (g *generator) finish() error {
	if err := g.document(); err != nil {
		return err
	}
	for name, a := range map[string]archive{"types.zip": g.types, "docs.zip": g.docs} {
		b, err := a.bytes()
		if err != nil {
			return err
		}
		if err := g.write(filepath.Join(embedDir, name), b); err != nil {
			return err
		}
		fmt.Printf("%s: %d bytes\n", name, len(b))
	}
	for _, s := range []tableSet{goTables, ourTables} {
		if err := g.index(s); err != nil {
			return err
		}
	}
	return g.inputs.write(g.root)
}

// index lists the tables of a set: those of every package with type data.
func (g *generator) index(s tableSet) error {
	names := map[string]string{}
	keep := map[string]bool{"index_gen.go": true}
	for path := range g.types {
		if strings.Contains(path, ":") || (groupOf(path) == goGroup) != (s == goTables) {
			continue
		}
		name, err := packageName(g.types[path], path)
		if err != nil {
			return err
		}
		names[path] = name
		keep[tableFile(path)] = true
	}
	src, err := s.index(names)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(g.root, s.dir, "*_gen.go"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if !keep[filepath.Base(f)] {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	return g.write(filepath.Join(s.dir, "index_gen.go"), src)
}

func (g *generator) write(name string, data []byte) error {
	file := filepath.Join(g.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}
