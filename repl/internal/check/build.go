package check

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
)

// builder checks one segment of a cell.
type builder struct {
	s            *Session
	offset       func(token.Pos) int
	decls        []ast.Decl
	stmts        []ast.Stmt
	cell, source string
	silent       bool   // the trailing value is not shown
	path, name   string // of the package
	strict       bool   // Go as it is, without the liberties of cells

	u        *Unit
	errs     []types.Error
	declared map[string]bool
	added    map[string]string // imports of this cell: name → path
	missing  []string
	values   map[ast.Node]bool // expression statements that show their value
	shadow   map[string]string // x → xꞏ0, the session's x in `x := x + 1`
	methods  []*oldMethod
}

type oldMethod struct {
	named *types.Named
	name  string
	decl  *ast.FuncDecl
	fn    *types.Func
	was   *types.Func // the method of that name and another type before
}

func checkSource(fset *token.FileSet, path, src string) *types.Package {
	f, err := parser.ParseFile(fset, path+".go", src, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check(path, fset, []*ast.File{f}, nil)
	if err != nil {
		panic(err)
	}
	return pkg
}

func (b *builder) build() (*Unit, []Diagnostic) {
	b.added, b.shadow, b.values = map[string]string{}, map[string]string{}, map[ast.Node]bool{}
	b.u = &Unit{Offset: b.offset, Cell: b.cell, Source: b.source}
	if d := b.collect(); len(d) > 0 {
		return nil, d
	}
	if d := b.oldMethods(); len(d) > 0 {
		return nil, d
	}
	for range 8 {
		b.check()
		if !b.mend() {
			break
		}
	}
	if d := b.diagnostics(); len(d) > 0 {
		return nil, d
	}
	if d := b.early(); len(d) > 0 {
		return nil, d
	}
	b.order()
	b.u.imports = b.added
	b.u.Imported = b.missing
	for _, m := range b.methods {
		b.u.Methods = append(b.u.Methods, Method{m.fn, m.decl, m.was})
	}
	return b.u, nil
}

// collect sorts the segment into imports, declarations and steps.
func (b *builder) collect() []Diagnostic {
	var diags []Diagnostic
	b.declared = map[string]bool{}
	for _, d := range b.decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				diags = append(diags, b.importDecl(d)...)
				continue
			}
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					b.declared[sp.Name.Name] = true
				case *ast.ValueSpec:
					for _, n := range sp.Names {
						b.declared[n.Name] = true
					}
				}
			}
			b.u.Decls = append(b.u.Decls, d)
		case *ast.FuncDecl:
			if d.Body == nil {
				diags = append(diags, Diagnostic{Offset: b.offset(d.Name.Pos()), Msg: "missing function body"})
			}
			if d.Recv == nil {
				b.declared[d.Name.Name] = true
			}
			b.u.Decls = append(b.u.Decls, d)
		}
	}
	for i, st := range b.stmts {
		b.step(st, i == len(b.stmts)-1)
	}
	return diags
}

func (b *builder) importDecl(d *ast.GenDecl) []Diagnostic {
	var diags []Diagnostic
	for _, sp := range d.Specs {
		is := sp.(*ast.ImportSpec)
		p, err := strconv.Unquote(is.Path.Value)
		if err != nil {
			continue
		}
		if at, ok := b.s.locals.resolve(p, ""); ok {
			if ds := b.s.locals.use(at); len(ds) > 0 {
				for _, d := range ds {
					if d.File == "" {
						d.Offset = b.offset(is.Path.Pos())
					}
					diags = append(diags, d)
				}
				continue
			}
			p = at
		}
		pkg, err := b.s.Importer.Import(p)
		if err != nil || pkg == nil {
			diags = append(diags, Diagnostic{Offset: b.offset(is.Path.Pos()), Msg: noPackage(p, b.s.Known)})
			continue
		}
		name := pkg.Name()
		if is.Name != nil {
			name = is.Name.Name
		}
		switch name {
		case "_":
		case ".":
			for _, n := range pkg.Scope().Names() {
				if token.IsExported(n) {
					b.u.dots = append(b.u.dots, pkg.Scope().Lookup(n))
				}
			}
		default:
			b.added[name] = p
		}
	}
	return diags
}

// step turns one statement into a step.
func (b *builder) step(st ast.Stmt, last bool) {
	switch s := st.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE && b.define(s) {
			return
		}
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			b.varDecl(g)
			return
		}
	case *ast.ExprStmt:
		if last {
			b.values[s] = true
			b.u.Steps = append(b.u.Steps, Step{Stmt: st, Trailing: s.X, Silent: b.silent})
			return
		}
	case *ast.EmptyStmt:
		return
	}
	b.u.Steps = append(b.u.Steps, Step{Stmt: st})
}

func (b *builder) define(s *ast.AssignStmt) bool {
	spec := &ast.ValueSpec{Values: s.Rhs}
	var copies []ast.Stmt
	for _, l := range s.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			return false
		}
		if id.Name != "_" && b.declared[id.Name] {
			tmp := ast.NewIdent(fmt.Sprintf("%sꞏ%d", id.Name, len(b.u.Steps)+1))
			tmp.NamePos = id.NamePos
			copies = append(copies, &ast.AssignStmt{Lhs: []ast.Expr{id}, TokPos: s.TokPos, Tok: token.ASSIGN,
				Rhs: []ast.Expr{&ast.Ident{Name: tmp.Name, NamePos: id.NamePos}}})
			id = tmp
		}
		spec.Names = append(spec.Names, id)
	}
	b.spec(spec)
	for _, c := range copies {
		b.u.Steps = append(b.u.Steps, Step{Stmt: c})
	}
	return true
}

func (b *builder) spec(spec *ast.ValueSpec) {
	for _, v := range spec.Values {
		b.oldNames(spec, v)
	}
	if spec.Type != nil {
		b.oldNames(spec, spec.Type)
	}
	for _, id := range spec.Names {
		if id.Name != "_" {
			b.declared[id.Name] = true
		}
	}
	b.u.Steps = append(b.u.Steps, Step{Spec: spec})
}

// oldNames makes the x on the right of `x := x + 1` the session's x.
func (b *builder) oldNames(spec *ast.ValueSpec, e ast.Expr) {
	names := map[string]bool{}
	for _, id := range spec.Names {
		if id.Name != "_" && b.s.objs[id.Name] != nil && !b.declared[id.Name] {
			names[id.Name] = true
		}
	}
	if len(names) == 0 {
		return
	}
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ast.Inspect(n.X, func(m ast.Node) bool { return b.rename(m, names) })
			return false
		case *ast.KeyValueExpr:
			ast.Inspect(n.Value, func(m ast.Node) bool { return b.rename(m, names) })
			return false
		}
		return b.rename(n, names)
	})
}

func (b *builder) rename(n ast.Node, names map[string]bool) bool {
	if s, ok := n.(*ast.SelectorExpr); ok {
		ast.Inspect(s.X, func(m ast.Node) bool { return b.rename(m, names) })
		return false
	}
	if id, ok := n.(*ast.Ident); ok && names[id.Name] {
		alias := id.Name + "ꞏ0"
		b.shadow[alias] = id.Name
		id.Name = alias
	}
	return true
}

// file assembles what go/types sees.
func (b *builder) file() *ast.File {
	f := &ast.File{Name: ast.NewIdent(b.name)}
	mentioned := b.mentioned()
	pos := token.NoPos
	if len(b.stmts) > 0 {
		pos = b.stmts[0].Pos()
	} else if len(b.decls) > 0 {
		pos = b.decls[0].Pos()
	}
	f.Package, f.Name.NamePos = pos, pos
	add := func(name, p string) {
		is := &ast.ImportSpec{Name: &ast.Ident{Name: name, NamePos: pos}, Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(p), ValuePos: pos}}
		f.Decls = append(f.Decls, &ast.GenDecl{Tok: token.IMPORT, TokPos: pos, Specs: []ast.Spec{is}})
		f.Imports = append(f.Imports, is)
	}
	for name, p := range b.s.imports {
		if mentioned[name] && b.added[name] == "" && !b.declared[name] {
			add(name, p)
		}
	}
	for name, p := range b.added {
		if mentioned[name] && !b.declared[name] {
			add(name, p)
		}
	}
	f.Decls = append(f.Decls, b.u.Decls...)
	for _, m := range b.methods {
		f.Decls = append(f.Decls, m.decl)
	}
	for _, st := range b.u.Steps {
		if st.Spec != nil {
			f.Decls = append(f.Decls, &ast.GenDecl{Tok: token.VAR, TokPos: st.Spec.Pos(), Specs: []ast.Spec{st.Spec}})
		}
	}
	var body []ast.Stmt
	flush := func() {
		if len(body) > 0 {
			f.Decls = append(f.Decls, blankFunc(body))
			body = nil
		}
	}
	for _, st := range b.u.Steps {
		if st.Stmt == nil {
			flush()
			continue
		}
		body = append(body, st.Stmt)
	}
	flush()
	return f
}

func blankFunc(body []ast.Stmt) *ast.FuncDecl {
	pos, end := body[0].Pos(), body[len(body)-1].End()
	return &ast.FuncDecl{Name: &ast.Ident{Name: "_", NamePos: pos}, Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{Opening: pos, Closing: pos}},
		Body: &ast.BlockStmt{Lbrace: pos, List: body, Rbrace: end}}
}

// check runs go/types once over the segment as it stands.
func (b *builder) check() {
	b.errs = nil
	pkg := types.NewPackage(b.path, b.name)
	b.populate(pkg)
	info := newInfo()
	conf := b.s.config(func(err error) {
		if e, ok := err.(types.Error); ok {
			b.errs = append(b.errs, e)
		}
	})
	func() {
		defer func() {
			if r := recover(); r != nil {
				b.errs = append(b.errs, types.Error{Fset: b.s.Fset, Msg: fmt.Sprintf("the type checker failed: %v", r)})
			}
		}()
		_ = types.NewChecker(conf, b.s.Fset, pkg, info).Files([]*ast.File{b.file()})
	}()
	b.u.Pkg, b.u.Info = pkg, info
}

func (s *Session) config(report func(error)) *types.Config {
	return &types.Config{Importer: s.Importer, Error: report, GoVersion: "go1.26", Sizes: types.SizesFor("gc", "amd64")}
}
