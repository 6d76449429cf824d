package lower

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"

	"graft/repl/internal/check"
	"graft/repl/internal/prelude"
)

// Library gives bodies to generic functions of compiled packages.
type Library struct {
	Fset     *token.FileSet
	Importer types.Importer

	loaded map[string]map[string]*source // source text → functions
	own    map[*types.Func]*source       // the same by their own objects
}

// body is the source of a compiled package's generic function, nil when the
// library has none.
func (l *Library) body(f *types.Func) *source {
	if l == nil || f.Pkg() == nil || f.Signature().TypeParams().Len()+f.Signature().RecvTypeParams().Len() == 0 {
		return nil
	}
	if src := l.own[f]; src != nil {
		return src
	}
	text := prelude.Source(f.Pkg().Path())
	if text == "" {
		return nil
	}
	if l.loaded == nil {
		l.loaded, l.own = map[string]map[string]*source{}, map[*types.Func]*source{}
	}
	fs, ok := l.loaded[text]
	if !ok {
		fs = l.load(f.Pkg().Path(), text)
		l.loaded[text] = fs
	}
	name := f.Name()
	if r := f.Signature().Recv(); r != nil {
		name = recvName(r.Type()) + "_" + name
	}
	return fs[prelude.Prefix(f.Pkg().Path())+name]
}

func (l *Library) load(path, text string) map[string]*source {
	file, err := parser.ParseFile(l.Fset, preludePath+path, text, parser.SkipObjectResolution)
	if err != nil {
		panic(&Refusal{Msg: fmt.Sprintf("the bodies of package %s are broken: %v", path, err)})
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Instances: map[*ast.Ident]types.Instance{},
	}
	conf := types.Config{Importer: l, Error: func(error) {}, GoVersion: "go1.26"}
	pkg, _ := conf.Check(preludePath+path, l.Fset, []*ast.File{file}, info)
	unit := &check.Unit{Pkg: pkg, Info: info, Offset: func(token.Pos) int { return -1 }}
	out := map[string]*source{}
	for _, d := range file.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			if obj, ok := info.Defs[fd.Name].(*types.Func); ok {
				out[fd.Name.Name] = &source{decl: fd, unit: unit, obj: obj}
				l.own[obj] = out[fd.Name.Name]
			}
		}
	}
	return out
}

// Import resolves the bodies' imports.
func (l *Library) Import(path string) (*types.Package, error) {
	if path != "graft/nb" {
		return l.Importer.Import(path)
	}
	f, err := parser.ParseFile(l.Fset, "nb.go", prelude.NB, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return (&types.Config{Importer: l.Importer}).Check(path, l.Fset, []*ast.File{f}, nil)
}
