package repl

import (
	"go/ast"
	"go/types"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/nb"
)

// document finds the text: embedded for compiled names, the comment at the
// declaration for names of cells and of packages beside the notebook. of is
// the type that has the field or method.
func (s *Session) document(p *check.Probe, o types.Object, of string) string {
	if pn, ok := o.(*types.PkgName); ok {
		path := pn.Imported().Path()
		if doc := s.docs[path+"."]; doc != "" {
			return strings.TrimSpace(doc)
		}
		return strings.TrimSpace(s.opt.Doc(path, ""))
	}
	name := o.Name()
	if of != "" {
		name = of + "." + name
	}
	if o.Pkg() == nil {
		return strings.TrimSpace(s.opt.Doc("builtin", name))
	}
	path := o.Pkg().Path()
	if !nb.Interpreted(o.Pkg()) {
		return strings.TrimSpace(s.opt.Doc(path, name))
	}
	if path == "main" && p.Offset(o.Pos()) >= 0 { // of the cell that is asked about
		docs := map[string]string{}
		docsOf(p.Decls(), path, docs)
		for _, id := range p.Variables() {
			if id.Name == o.Name() {
				docs[path+"."+id.Name] = commentAt(p.Source, p.Offset(id.Pos()))
			}
		}
		return strings.TrimSpace(docs[path+"."+name])
	}
	return strings.TrimSpace(s.docs[path+"."+name])
}

// remember keeps the comments of what a unit declares.
func (s *Session) remember(u *check.Unit) {
	path := u.Pkg.Path()
	docsOf(u.Decls, path, s.docs)
	if u.IsPackage() {
		s.docs[path+"."] = u.Doc()
		return
	}
	for _, m := range u.Methods {
		if m.Decl.Doc != nil {
			s.docs[path+"."+receiverName(m.Func.Signature().Recv().Type())+"."+m.Func.Name()] = m.Decl.Doc.Text()
		}
	}
	for _, st := range u.Steps {
		if st.Spec == nil {
			continue
		}
		for _, id := range st.Spec.Names {
			if off := u.Offset(id.Pos()); off >= 0 {
				s.docs[path+"."+id.Name] = commentAt(u.Source, off)
			}
		}
	}
}

// docsOf adds the comments of declarations: of functions, methods, types with
// their fields and interface methods, and constants.
func docsOf(decls []ast.Decl, path string, out map[string]string) {
	set := func(name string, groups ...*ast.CommentGroup) {
		delete(out, path+"."+name)
		for _, g := range groups {
			if g != nil {
				out[path+"."+name] = g.Text()
				return
			}
		}
	}
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			set(declaredName(d), d.Doc)
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					set(sp.Name.Name, sp.Doc, d.Doc, sp.Comment)
					ast.Inspect(sp.Type, func(n ast.Node) bool {
						f, ok := n.(*ast.Field)
						if !ok {
							return true
						}
						for _, id := range f.Names {
							set(sp.Name.Name+"."+id.Name, f.Doc, f.Comment)
						}
						return false
					})
				case *ast.ValueSpec:
					for _, id := range sp.Names {
						set(id.Name, sp.Doc, sp.Comment, d.Doc)
					}
				}
			}
		}
	}
}

// commentAt is the comment right above the line of an offset, or behind what
// stands there.
func commentAt(source string, offset int) string {
	from := strings.LastIndexByte(source[:offset], '\n') + 1
	line, _, _ := strings.Cut(source[from:], "\n")
	var above []string
	for end := from; end > 0; {
		start := strings.LastIndexByte(source[:end-1], '\n') + 1
		text := strings.TrimSpace(source[start : end-1])
		if !strings.HasPrefix(text, "//") {
			break
		}
		above = append([]string{strings.TrimPrefix(strings.TrimPrefix(text, "//"), " ")}, above...)
		end = start
	}
	if len(above) > 0 {
		return strings.Join(above, "\n")
	}
	for i := strings.Index(line, "//"); i >= 0; {
		if _, _, in := textAt(line, i); !in {
			return strings.TrimSpace(line[i+2:])
		}
		j := strings.Index(line[i+2:], "//")
		if j < 0 {
			break
		}
		i += 2 + j
	}
	return ""
}
