package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A package that changed is not made anew: values of its types, which the
// session's variables hold, would be of other types then. What is declared
// with the same text keeps its objects; the rest is declared again, as a cell
// declares again what an earlier one did.

// localDecl is one declaration of a local package.
type localDecl struct {
	text    string // with the paths of the imports that it mentions
	sig     string // of a function: the text before its body
	names   []string
	recv    string // of a method: its type
	uses    map[string]bool
	generic bool
	file    *ast.File
	decl    ast.Decl
	spec    ast.Spec
}

// localDecls lists a package's declarations by kind and name.
func localDecls(files *localFiles, parsed []*ast.File) map[string]*localDecl {
	out := map[string]*localDecl{}
	for _, f := range parsed {
		imports := importNames(f)
		_, source, _ := files.place(f.Package)
		add := func(key string, d *localDecl, n ast.Node) {
			_, _, from := files.place(n.Pos())
			_, _, to := files.place(n.End())
			d.file, d.uses = f, map[string]bool{}
			ast.Inspect(n, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					d.uses[id.Name] = true
				}
				return true
			})
			d.text = source[from:to]
			for _, name := range slices.Sorted(maps.Keys(imports)) {
				if d.uses[name] {
					d.text += "\n" + name + " " + imports[name]
				}
			}
			for out[key] != nil { // init, _
				key += "'"
			}
			out[key] = d
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				ld := &localDecl{names: []string{d.Name.Name}, decl: d, generic: d.Type.TypeParams.NumFields() > 0}
				key := "func " + d.Name.Name
				if d.Recv != nil && len(d.Recv.List) == 1 {
					ld.recv = baseType(d.Recv.List[0].Type)
					key = "method " + ld.recv + "." + d.Name.Name
				}
				_, _, from := files.place(d.Pos())
				_, _, to := files.place(d.Type.End())
				ld.sig = source[from:to]
				add(key, ld, d)
			case *ast.GenDecl:
				genDecls(d, add)
			}
		}
	}
	return out
}

func genDecls(d *ast.GenDecl, add func(string, *localDecl, ast.Node)) {
	if d.Tok == token.CONST { // iota binds them together
		ld := &localDecl{decl: d}
		for _, sp := range d.Specs {
			for _, id := range sp.(*ast.ValueSpec).Names {
				ld.names = append(ld.names, id.Name)
			}
		}
		add("const "+strings.Join(ld.names, ","), ld, d)
		return
	}
	for _, sp := range d.Specs {
		switch sp := sp.(type) {
		case *ast.TypeSpec:
			add("type "+sp.Name.Name, &localDecl{names: []string{sp.Name.Name}, decl: d, spec: sp, generic: sp.TypeParams.NumFields() > 0}, sp)
		case *ast.ValueSpec:
			ld := &localDecl{decl: d, spec: sp}
			for _, id := range sp.Names {
				ld.names = append(ld.names, id.Name)
			}
			add("var "+strings.Join(ld.names, ","), ld, sp)
		}
	}
}

// importNames are a file's imports by name.
func importNames(f *ast.File) map[string]string {
	out := map[string]string{}
	for _, is := range f.Imports {
		p, err := strconv.Unquote(is.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if is.Name != nil {
			name = is.Name.Name
		}
		out[name] = p
	}
	return out
}

// changes are the declarations of a package that must be made again, nil when
// none of an older one can be kept.
func changes(now, old map[string]*localDecl) map[string]bool {
	again, hard := map[string]bool{}, map[string]bool{} // keys; names that mean something else now
	spread := func(key string, d *localDecl, soft bool) {
		again[key] = true
		switch {
		case d.recv != "" && !soft:
			hard[d.recv] = true
		case d.recv == "" && !soft:
			for _, n := range d.names {
				hard[n] = true
			}
		}
	}
	for key, d := range now {
		o := old[key]
		switch {
		case o == nil:
			spread(key, d, strings.HasPrefix(key, "func") || strings.HasPrefix(key, "method"))
		case o.text != d.text:
			spread(key, d, d.sig != "" && d.sig == o.sig && !d.generic)
		}
	}
	for key, o := range old {
		if now[key] == nil {
			spread(key, o, false)
			delete(again, key)
		}
	}
	for grew := true; grew; {
		grew = false
		for key, d := range now {
			if d.recv != "" && again[key] && now["type "+d.recv] != nil && now["type "+d.recv].generic && !hard[d.recv] {
				hard[d.recv], grew = true, true
			}
			if d.recv == "" && d.sig == "" && !again[key] && slices.ContainsFunc(d.names, func(n string) bool { return hard[n] }) {
				spread(key, d, false) // a type whose methods changed
				grew = true
			}
			if again[key] {
				continue
			}
			for n := range d.uses {
				if hard[n] {
					spread(key, d, d.sig != "" && !mentions(d.decl.(*ast.FuncDecl).Type, hard) && !d.generic)
					grew = true
					break
				}
			}
		}
	}
	return again
}

func mentions(n ast.Node, names map[string]bool) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && names[id.Name]
		return !found
	})
	return found
}

// part makes the unit of what changed, nil when the package must be made
// anew.
func (l *locals) part(p, old *local, files *localFiles, parsed []*ast.File) *Unit {
	again := changes(p.decls, old.decls)
	objs := maps.Clone(old.objs)
	b := &builder{s: &Session{Fset: l.fset, Importer: l, objs: objs, imports: map[string]string{}, locals: l},
		path: p.path, name: parsed[0].Name.Name, strict: true, added: map[string]string{}, shadow: map[string]string{}, values: map[ast.Node]bool{},
		declared: map[string]bool{}}
	b.u = l.unit(p, files, nil, nil)
	b.offset = b.u.Offset
	for key, d := range p.decls {
		if again[key] {
			for _, n := range d.names {
				if d.recv == "" {
					delete(objs, n)
				}
			}
		}
	}
	for key, d := range old.decls {
		if p.decls[key] == nil && d.recv == "" {
			for _, n := range d.names {
				delete(objs, n)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(again)) {
		if d := p.decls[key]; !b.localDecl(l, d, p.dir) {
			return nil
		}
	}
	if ds := b.oldMethods(); len(ds) > 0 {
		return nil
	}
	b.check()
	if len(b.errs) > 0 {
		return nil
	}
	for _, m := range b.methods {
		b.u.Methods = append(b.u.Methods, Method{m.fn, m.decl, m.was})
	}
	for _, o := range objs {
		b.u.Pkg.Scope().Insert(o)
	}
	b.u.Steps = steps(b.u.Info, []*ast.File{{Decls: varDecls(b.u.Steps)}})
	return b.u
}

// localDecl adds a declaration to those that are made again; it is false when
// two files mean different packages by one name.
func (b *builder) localDecl(l *locals, d *localDecl, dir string) bool {
	for name, path := range importNames(d.file) {
		at, ok := l.resolve(path, dir)
		if !ok {
			at = path
		}
		pkg, err := l.Import(at)
		if err != nil || name == "." {
			return false
		}
		if name == pathBase(path) {
			name = pkg.Name()
		}
		if was := b.added[name]; was != "" && was != at {
			return false
		}
		if d.uses[name] {
			b.added[name] = at
		}
	}
	switch sp := d.spec.(type) {
	case *ast.ValueSpec:
		b.spec(sp)
		return true
	case *ast.TypeSpec:
		b.declared[sp.Name.Name] = true
		g := d.decl.(*ast.GenDecl)
		b.u.Decls = append(b.u.Decls, &ast.GenDecl{Doc: g.Doc, TokPos: sp.Pos(), Tok: token.TYPE, Specs: []ast.Spec{sp}})
		return true
	}
	for _, n := range d.names {
		if d.recv == "" {
			b.declared[n] = true
		}
	}
	b.u.Decls = append(b.u.Decls, d.decl)
	return true
}

func pathBase(p string) string { return path.Base(p) }

func varDecls(steps []Step) []ast.Decl {
	var out []ast.Decl
	for _, s := range steps {
		out = append(out, &ast.GenDecl{Tok: token.VAR, TokPos: s.Spec.Pos(), Specs: []ast.Spec{s.Spec}})
	}
	return out
}

var _ types.ImporterFrom = (*locals)(nil)
