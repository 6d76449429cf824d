package export

import (
	"go/ast"
	"go/types"
	"strings"
)

// survey looks at all uses: which variables functions need, which functions
// are used in an older version.
func (e *exporter) survey() {
	for _, p := range e.pieces {
		if p.parsed == nil {
			continue
		}
		p.wrapped = p.cell.MayFail || e.needsFunc(p)
		for _, d := range p.parsed.Decls {
			e.uses(p, d, true)
		}
		for _, s := range p.parsed.Stmts {
			e.uses(p, s, false)
			p.defers = p.defers || hasDefer(s)
		}
	}
	for _, p := range e.pieces {
		for _, s := range p.stmts() {
			for _, id := range defined(s) {
				if v := e.vars[p.at[p.parsed.Offset(id.Pos())]]; v != nil && p.wrapped && v.in == p {
					v.hoist = true
				}
			}
		}
	}
	seen := map[*function]bool{}
	for _, f := range e.funcs {
		if n := len(f.versions); n > 1 && !seen[f] {
			seen[f] = true
			for o := range f.used {
				f.dispatch = f.dispatch || o != f.versions[n-1]
			}
		}
	}
}

func (p *piece) stmts() []ast.Stmt {
	if p.parsed == nil {
		return nil
	}
	return p.parsed.Stmts
}

// uses notes what a declaration, or a top-level statement, mentions.
func (e *exporter) uses(p *piece, root ast.Node, decl bool) {
	depth := 0
	var stack []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			if _, ok := stack[len(stack)-1].(*ast.FuncLit); ok {
				depth--
			}
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		switch n := n.(type) {
		case *ast.FuncLit:
			depth++
		case *ast.Ident:
			off := p.parsed.Offset(n.Pos())
			obj := p.at[off]
			if v := e.vars[obj]; v != nil {
				early := v.in == p && off < v.first.from
				v.global = v.global || decl || early
			}
			if f := e.funcs[obj]; f != nil && (decl || depth > 0) {
				f.used[obj] = true
			}
		}
		return true
	})
}

// needsFunc tells whether a piece can only run as a function of its own: it
// defers, returns or recovers, or has a label that another has too.
func (e *exporter) needsFunc(p *piece) bool {
	needs := false
	for _, s := range p.parsed.Stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.DeferStmt, *ast.ReturnStmt:
				needs = true
			case *ast.CallExpr:
				id, ok := n.Fun.(*ast.Ident)
				needs = needs || ok && id.Name == "recover"
			case *ast.LabeledStmt:
				needs = needs || e.labels[n.Label.Name]
				e.labels[n.Label.Name] = true
			}
			return true
		})
	}
	return needs
}

func hasDefer(s ast.Stmt) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		_, lit := n.(*ast.FuncLit)
		_, is := n.(*ast.DeferStmt)
		found = found || is
		return !lit
	})
	return found
}

// nameAll gives every object its name in the program. Imports keep theirs,
// since functions may have them in their own scopes; of types, the newest
// does; of the rest, the first.
func (e *exporter) nameAll() {
	for _, p := range e.pieces {
		e.importNames(p)
	}
	e.taken["err"] = true
	for i := len(e.order) - 1; i >= 0; i-- {
		if t, ok := e.order[i].(*types.TypeName); ok {
			e.names[t] = e.own(t.Name())
		}
	}
	for _, o := range e.order {
		if e.names[o] == "" {
			e.names[o] = e.own(o.Name())
		}
	}
	for _, p := range e.pieces {
		for _, u := range p.units {
			scope := u.Pkg.Scope()
			for _, name := range scope.Names() {
				obj := scope.Lookup(name)
				if obj.Pkg() == u.Pkg {
					e.nameOne(obj)
				}
			}
		}
	}
	for _, o := range e.order {
		if t, ok := o.(*types.TypeName); ok && e.names[o] != t.Name() {
			for _, p := range e.pieces {
				if p.declares(o) {
					e.note(p.cell, "declares type %s, which another cell declares too: in the program it is %s", t.Name(), e.names[o])
				}
			}
		}
	}
}

func (p *piece) declares(o types.Object) bool {
	for _, u := range p.units {
		if o.Pkg() == u.Pkg {
			return true
		}
	}
	return false
}

func (e *exporter) nameOne(obj types.Object) {
	if v := e.vars[obj]; v != nil && v.name == "" {
		if v.name = obj.Name(); v.name != "err" {
			v.name = e.own(obj.Name())
		}
		e.errClash = e.errClash || v.name == "err"
	}
	f := e.funcs[obj]
	if f == nil {
		return
	}
	if f.dispatch && f.name == "" {
		f.name = e.own(obj.Name())
	}
	if f.dispatch {
		e.names[obj] = e.fresh(obj.Name())
	} else {
		e.names[obj] = e.own(obj.Name())
	}
}

// importNames finds the imports a piece uses.
func (e *exporter) importNames(p *piece) {
	for _, u := range p.units {
		for id, o := range u.Info.Uses {
			pn, ok := o.(*types.PkgName)
			if !ok || u.Offset(id.Pos()) < 0 || e.names[pn] != "" {
				continue
			}
			e.names[pn] = e.use(pn.Imported().Path(), pn.Name())
		}
	}
	if p.parsed == nil {
		return
	}
	for _, d := range p.parsed.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			if is, ok := s.(*ast.ImportSpec); ok && is.Name != nil && is.Name.Name == "_" {
				e.imports["_ "+is.Path.Value] = strings.Trim(is.Path.Value, "`\"")
			}
		}
	}
}

// use has the program import path, by the given name if no other package has
// it, and returns the name.
func (e *exporter) use(path, name string) string {
	path = e.localPath(path)
	if e.imports[name] == path {
		return name
	}
	if e.imports[name] != "" {
		for n, p := range e.imports {
			if p == path && !strings.HasPrefix(n, "_ ") {
				return n
			}
		}
		name = e.fresh(name)
	}
	e.imports[name] = path
	e.taken[name] = true
	return name
}

// nameOf is the program's name of what an identifier means, "" when it keeps
// its own.
func (e *exporter) nameOf(obj types.Object) string {
	if v := e.vars[obj]; v != nil {
		return v.name
	}
	if f := e.funcs[obj]; f != nil {
		if f.dispatch {
			return f.name
		}
		return e.names[obj]
	}
	if n := e.names[obj]; n != "" {
		return n
	}
	if v, ok := obj.(*types.Var); ok && v.Embedded() { // the field has its type's name
		t := v.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		switch t := t.(type) {
		case *types.Named:
			return e.names[t.Obj()]
		case *types.Alias:
			return e.names[t.Obj()]
		}
	}
	return ""
}
