package check

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"graft/repl/internal/nb"
	"graft/repl/internal/split"
)

// locals are the packages that lie beside the notebook, imported as
// "./mypkg" or, where a go.mod above says so, by their module's path. Within
// the session a package's path is "./" and its absolute folder. They are Go
// without the liberties of cells: checked whole, and read again when a file
// has changed. locals is also the importer of all other packages.
type locals struct {
	fset   *token.FileSet
	base   types.Importer
	known  map[string]string // as Session.Known
	loaded map[string]*local // whose code runs, by path
	fresh  map[string]*local // of the check in work; a cell that fails drops them
	busy   []string          // being read: one that imports itself is a cycle
	units  []*Unit           // to run before the cell, in order
}

// local is one package as it was when it was read.
type local struct {
	path, dir string
	doc       string
	stamps    []stamp
	deps      []string // paths of the local packages it imports
	pkg       *types.Package
	objs      map[string]types.Object
	before    map[string]types.Object // those of the package that this one replaces
	decls     map[string]*localDecl
	renewed   bool // its types are others than before
}

// stamp tells whether a file has changed.
type stamp struct {
	name string
	size int64
	time time.Time
}

func newLocals(fset *token.FileSet, base types.Importer, known map[string]string) *locals {
	return &locals{fset: fset, base: base, known: known, loaded: map[string]*local{}, fresh: map[string]*local{}}
}

// begin starts a check.
func (l *locals) begin() { l.fresh, l.units, l.busy = map[string]*local{}, nil, nil }

func (l *locals) commit(p *local) { l.loaded[p.path] = p }

// Import returns a local package that was read, or a compiled one.
func (l *locals) Import(path string) (*types.Package, error) { return l.ImportFrom(path, "", 0) }

// ImportFrom is Import for a file in dir.
func (l *locals) ImportFrom(path, dir string, _ types.ImportMode) (*types.Package, error) {
	at, ok := path, strings.HasPrefix(path, nb.LocalPrefix) && dir == ""
	if !ok {
		at, ok = l.resolve(path, dir)
	}
	if !ok {
		return l.base.Import(path)
	}
	for _, m := range []map[string]*local{l.fresh, l.loaded} {
		if p := m[at]; p != nil {
			return p.pkg, nil
		}
	}
	return nil, fmt.Errorf("package %s has errors", path)
}

// resolve finds the local package that an import in a file of dir means, by
// default the working directory. Packages that the binary holds come first.
func (l *locals) resolve(path, dir string) (string, bool) {
	if dir == "" {
		dir, _ = os.Getwd()
	}
	if build.IsLocalImport(path) {
		return localPath(filepath.Join(dir, filepath.FromSlash(path))), true
	}
	if _, err := l.base.Import(path); err == nil || path == "" || path == "C" {
		return "", false
	}
	root, module := moduleAbove(dir)
	if rest, ok := strings.CutPrefix(path, module); ok && module != "" && (rest == "" || rest[0] == '/') {
		return localPath(filepath.Join(root, filepath.FromSlash(rest))), true
	}
	return "", false
}

func localPath(dir string) string {
	return nb.LocalPrefix + strings.TrimPrefix(filepath.ToSlash(dir), "/")
}

func localDir(path string) string {
	dir := strings.TrimPrefix(path, nb.LocalPrefix)
	if filepath.VolumeName(filepath.FromSlash(dir)) == "" {
		dir = "/" + dir
	}
	return filepath.FromSlash(dir)
}

// moduleAbove finds the go.mod at or above dir, and the module's path.
func moduleAbove(dir string) (root, module string) {
	for {
		if data, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			for line := range strings.Lines(string(data)) {
				if f := strings.Fields(line); len(f) > 1 && f[0] == "module" {
					return dir, strings.Trim(f[1], `"`)
				}
			}
			return "", ""
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ""
		}
		dir = up
	}
}

// reload reads the packages again that the session imports and that have
// changed. A broken one fails a cell that mentions it; others run with what
// there was.
func (s *Session) reload(p *split.Parsed) (notes []string, diags []Diagnostic) {
	s.locals.begin()
	mentioned := map[string]bool{}
	visit := func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			mentioned[id.Name] = true
		}
		return true
	}
	for _, d := range p.Decls {
		ast.Inspect(d, visit)
	}
	for _, st := range p.Stmts {
		ast.Inspect(st, visit)
	}
	for name, path := range s.imports {
		if !strings.HasPrefix(path, nb.LocalPrefix) {
			continue
		}
		ds := s.locals.use(path)
		if len(ds) == 0 {
			continue
		}
		if mentioned[name] {
			diags = append(diags, ds...)
			continue
		}
		where := ""
		if ds[0].File != "" {
			line, col := split.LineColumn(ds[0].Source, ds[0].Offset)
			where = fmt.Sprintf("%s:%d:%d: ", ds[0].File, line, col)
		}
		notes = append(notes, fmt.Sprintf("package %s has changed but cannot be read again: %s%s", name, where, ds[0].Msg))
	}
	slices.Sort(notes)
	return notes, diags
}

// use makes sure that a local package is read as it is now. Its errors carry
// their file; those of the import itself do not.
func (l *locals) use(path string) []Diagnostic {
	if l.fresh[path] != nil {
		return nil
	}
	if i := slices.Index(l.busy, path); i >= 0 {
		var names []string
		for _, p := range append(slices.Clone(l.busy[i:]), path) {
			names = append(names, filepath.Base(p))
		}
		return []Diagnostic{{Offset: -1, Msg: "import cycle: " + strings.Join(names, " imports ")}}
	}
	l.busy = append(l.busy, path)
	defer func() { l.busy = l.busy[:len(l.busy)-1] }()
	dir := localDir(path)
	names, stamps, err := goFiles(dir)
	if err != nil {
		return []Diagnostic{{Offset: -1, Msg: err.Error()}}
	}
	old := l.loaded[path]
	again := false
	if old != nil && slices.Equal(old.stamps, stamps) {
		for _, d := range old.deps {
			if ds := l.use(d); len(ds) > 0 {
				return ds
			}
			again = again || l.fresh[d] != nil && l.fresh[d].renewed
		}
		if !again {
			return nil
		}
	}
	return l.read(&local{path: path, dir: dir, stamps: stamps, renewed: again}, names, old)
}

// goFiles lists the files of a package for this machine, tests left out.
func goFiles(dir string) (names []string, stamps []stamp, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no folder %s", shortDir(dir))
		}
		return nil, nil, err
	}
	ctx := build.Default
	ctx.CgoEnabled = false
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		match, err := ctx.MatchFile(dir, name)
		if err != nil {
			return nil, nil, err
		}
		if !match {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		names = append(names, name)
		stamps = append(stamps, stamp{name, info.Size(), info.ModTime()})
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("there are no Go files for this machine in %s", shortDir(dir))
	}
	return names, stamps, nil
}

// shortDir names a folder as seen from the working directory.
func shortDir(dir string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, dir); err == nil {
			return rel
		}
	}
	return dir
}

// localFiles are the texts of a package's files.
type localFiles struct {
	fset  *token.FileSet
	texts map[string]string // by absolute name
	label map[string]string // as a user knows it: "mypkg/a.go"
}

func (f *localFiles) place(pos token.Pos) (name, source string, offset int) {
	p := f.fset.PositionFor(pos, false)
	text, ok := f.texts[p.Filename]
	if !ok {
		return "", "", -1
	}
	return f.label[p.Filename], text, min(p.Offset, len(text))
}

func (f *localFiles) diagnostic(pos token.Pos, msg string, syntax bool) Diagnostic {
	name, source, off := f.place(pos)
	return Diagnostic{Offset: off, Msg: msg, Syntax: syntax, File: name, Source: source}
}

// read parses and checks a package, and makes the unit that runs it.
func (l *locals) read(p *local, names []string, old *local) []Diagnostic {
	files := &localFiles{fset: l.fset, texts: map[string]string{}, label: map[string]string{}}
	var parsed []*ast.File
	var diags []Diagnostic
	for _, name := range names {
		full := filepath.Join(p.dir, name)
		data, err := os.ReadFile(full)
		if err != nil {
			return []Diagnostic{{Offset: -1, Msg: err.Error()}}
		}
		files.texts[full], files.label[full] = string(data), filepath.Base(p.dir)+"/"+name
		f, err := parser.ParseFile(l.fset, full, data, parser.ParseComments|parser.SkipObjectResolution)
		var list scanner.ErrorList
		if errors.As(err, &list) {
			for _, e := range list {
				diags = append(diags, Diagnostic{Offset: e.Pos.Offset, Msg: e.Msg, Syntax: true, File: files.label[full], Source: string(data)})
			}
			continue
		}
		parsed = append(parsed, f)
		if f.Doc != nil {
			p.doc = f.Doc.Text()
		}
		if f.Name.Name == "main" {
			diags = append(diags, files.diagnostic(f.Name.Pos(), "package main is a program, not a package to import", false))
		} else if f.Name.Name != parsed[0].Name.Name {
			diags = append(diags, files.diagnostic(f.Name.Pos(), fmt.Sprintf("found packages %s and %s in one folder", parsed[0].Name.Name, f.Name.Name), false))
		}
	}
	if len(diags) == 0 {
		diags = l.imports(p, files, parsed)
	}
	if len(diags) > 0 {
		return diags
	}
	u, diags := l.whole(p, files, parsed)
	if len(diags) > 0 {
		return diags
	}
	p.decls = localDecls(files, parsed)
	if old != nil {
		p.before = old.objs
		if part := l.part(p, old, files, parsed); part != nil && !p.renewed {
			u = part
		} else {
			p.renewed = true
		}
	}
	if old != nil {
		u.Notes = []string{fmt.Sprintf("%s has changed and was read again%s", filepath.Base(p.dir), newTypes(old.objs, u.Pkg.Scope()))}
	}
	p.pkg, p.objs = u.Pkg, map[string]types.Object{}
	for _, name := range u.Pkg.Scope().Names() {
		if !strings.ContainsRune(name, 'ꞏ') {
			p.objs[name] = u.Pkg.Scope().Lookup(name)
		}
	}
	l.fresh[p.path] = p
	l.units = append(l.units, u)
	return nil
}

// newTypes words which types are others than before.
func newTypes(old map[string]types.Object, now *types.Scope) string {
	var names []string
	for name, o := range old {
		if _, ok := o.(*types.TypeName); ok && now.Lookup(name) != nil && now.Lookup(name) != o {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "; make values anew of what is another type now: " + strings.Join(names, ", ")
}

// imports reads the local packages that files import.
func (l *locals) imports(p *local, files *localFiles, parsed []*ast.File) (diags []Diagnostic) {
	for _, f := range parsed {
		for _, is := range f.Imports {
			path, err := strconv.Unquote(is.Path.Value)
			if err != nil {
				continue
			}
			switch path {
			case "embed":
				diags = append(diags, files.diagnostic(is.Path.Pos(), "go:embed works at build time, which there is none of here: read the file with os.ReadFile", false))
				continue
			case "C":
				diags = append(diags, files.diagnostic(is.Path.Pos(), "cgo needs a compiler: packages beside the notebook are Go alone", false))
				continue
			}
			at, ok := l.resolve(path, p.dir)
			if !ok {
				if _, err := l.base.Import(path); err != nil {
					diags = append(diags, files.diagnostic(is.Path.Pos(), noPackage(path, l.known), false))
				}
				continue
			}
			for _, d := range l.use(at) {
				if d.File == "" {
					d = files.diagnostic(is.Path.Pos(), d.Msg, false)
				}
				diags = append(diags, d)
			}
			if !slices.Contains(p.deps, at) {
				p.deps = append(p.deps, at)
			}
		}
	}
	return diags
}

// whole checks a package as Go does.
func (l *locals) whole(p *local, files *localFiles, parsed []*ast.File) (*Unit, []Diagnostic) {
	var diags []Diagnostic
	info := newInfo()
	conf := &types.Config{Importer: l, GoVersion: "go1.26", Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) {
		if e, ok := err.(types.Error); ok {
			if more, ok := strings.CutPrefix(e.Msg, "\t"); ok { // of the last
				if n := len(diags); n > 0 {
					diags[n-1].Also = append(diags[n-1].Also, files.diagnostic(e.Pos, strings.ReplaceAll(more, p.path+".", ""), false))
				}
				return
			}
			diags = append(diags, files.diagnostic(e.Pos, strings.ReplaceAll(e.Msg, p.path+".", ""), false))
		}
	}}
	pkg, _ := conf.Check(p.path, l.fset, parsed, info)
	for _, f := range parsed {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body == nil {
				diags = append(diags, files.diagnostic(fd.Name.Pos(), "missing function body", false))
			}
		}
	}
	slices.SortStableFunc(diags, func(a, b Diagnostic) int { return cmp.Or(strings.Compare(a.File, b.File), a.Offset-b.Offset) })
	if len(diags) > 0 {
		return nil, diags
	}
	u := l.unit(p, files, pkg, info)
	for _, f := range parsed {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.IMPORT && g.Tok != token.VAR {
				u.Decls = append(u.Decls, d)
			}
		}
	}
	u.Steps = steps(info, parsed)
	return u, nil
}

func (l *locals) unit(p *local, files *localFiles, pkg *types.Package, info *types.Info) *Unit {
	return &Unit{Pkg: pkg, Info: info, Cell: filepath.Base(p.dir), local: p, files: files, Offset: func(pos token.Pos) int {
		_, _, off := files.place(pos)
		return off
	}}
}

// steps are the package's variables in the order in which Go sets them; those
// without a value come first, for they may have had one.
func steps(info *types.Info, parsed []*ast.File) []Step {
	ids := map[types.Object]*ast.Ident{}
	var out []Step
	for _, f := range parsed {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, sp := range g.Specs {
				sp := sp.(*ast.ValueSpec)
				for _, id := range sp.Names {
					ids[info.Defs[id]] = id
				}
				if len(sp.Values) == 0 {
					out = append(out, Step{Spec: sp})
				}
			}
		}
	}
	for _, in := range info.InitOrder {
		sp := &ast.ValueSpec{Values: []ast.Expr{in.Rhs}}
		for _, v := range in.Lhs {
			if id := ids[v]; id != nil {
				sp.Names = append(sp.Names, id)
			}
		}
		if len(sp.Names) > 0 {
			out = append(out, Step{Spec: sp})
		}
	}
	return out
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{},
		Instances: map[*ast.Ident]types.Instance{},
	}
}
