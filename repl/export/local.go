package export

import (
	"cmp"
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"

	"graft/repl/internal/check"
)

// Packages beside the notebook go with the program: their files are copied
// into folders of its module, and their imports of each other become paths in
// it.

// localPath is the import path that the program has for a package beside the
// notebook; paths of other packages stay.
func (e *exporter) localPath(at string) string {
	if p, ok := e.locals[at]; ok {
		return p
	}
	base, files, ok, err := check.LocalPackage(at)
	if !ok {
		return at
	}
	if err != nil {
		e.broken = cmp.Or(e.broken, err)
		return at
	}
	dir := base
	for n := 2; slices.Contains(slices.Collect(maps.Values(e.locals)), path.Join(e.module(), dir)); n++ {
		dir = fmt.Sprintf("%s%d", base, n)
	}
	e.locals[at] = path.Join(e.module(), dir)
	for _, f := range files {
		e.files[path.Join(dir, f.Name)] = []byte(e.movedImports(f.Source, at))
	}
	return e.locals[at]
}

func (e *exporter) module() string { return cmp.Or(e.opt.Module, "program") }

// movedImports is a file's text with the program's paths for the local
// packages that it imports.
func (e *exporter) movedImports(source, at string) string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", source, parser.ImportsOnly)
	if err != nil {
		return source
	}
	for _, is := range slices.Backward(f.Imports) {
		p, err := strconv.Unquote(is.Path.Value)
		if err != nil {
			continue
		}
		if other, ok := e.session.LocalImport(p, at); ok {
			from, to := fset.Position(is.Path.Pos()).Offset, fset.Position(is.Path.End()).Offset
			source = source[:from] + strconv.Quote(e.localPath(other)) + source[to:]
		} else {
			e.carried = append(e.carried, p)
		}
	}
	return source
}

// programImporter finds the packages that the program imports.
type programImporter struct{ e *exporter }

// Import is types.Importer's.
func (i programImporter) Import(p string) (*types.Package, error) {
	for at, moved := range i.e.locals {
		if moved == p {
			return i.e.session.Importer.Import(at)
		}
	}
	return i.e.session.Importer.Import(p)
}
