package repl

import (
	"go/ast"
	"go/types"
	"html"
	"strings"

	"graft/repl/internal/check"
)

// Inspect describes the name at cursor: its declaration and its
// documentation. Inside a call's parentheses it describes the function.
func (s *Session) Inspect(source string, cursor int) Inspection {
	s.view.Lock()
	defer s.view.Unlock()
	cursor = min(max(cursor, 0), len(source))
	at := cursor
	if at > 0 && (at == len(source) || !identByte(source[at])) && identByte(source[at-1]) {
		at--
	}
	p := s.checker.Probe(source, at)
	obj := objectAt(p, at)
	if obj == nil {
		if call, ok := check.Find[*ast.CallExpr](p, cursor); ok {
			obj = calleeOf(p, call)
		}
	}
	if obj == nil {
		return Inspection{}
	}
	sig := declaration(obj)
	doc := s.document(obj)
	text := sig
	if doc != "" {
		text += "\n\n" + doc
	}
	return Inspection{Found: true, Source: s.sourceOf(obj), Data: map[string]string{
		"text/plain": text,
		"text/html":  "<pre>" + html.EscapeString(sig) + "</pre><div style=\"white-space:pre-wrap\">" + html.EscapeString(doc) + "</div>",
	}}
}

func objectAt(p *check.Probe, at int) types.Object {
	id, ok := check.Find[*ast.Ident](p, at)
	if !ok {
		return nil
	}
	if o := p.Info.Uses[id]; o != nil {
		return o
	}
	return p.Info.Defs[id]
}

func calleeOf(p *check.Probe, call *ast.CallExpr) types.Object {
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return p.Info.Uses[f]
	case *ast.SelectorExpr:
		return p.Info.Uses[f.Sel]
	}
	return nil
}

func declaration(o types.Object) string {
	if p, ok := o.(*types.PkgName); ok {
		return "package " + p.Imported().Name() + " // import \"" + p.Imported().Path() + "\""
	}
	return types.ObjectString(o, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return p.Name()
	})
}

// document finds the text: embedded for compiled names, the comment above
// the declaration for names of cells.
func (s *Session) document(o types.Object) string {
	switch p := o.(type) {
	case *types.PkgName:
		return strings.TrimSpace(s.opt.Doc(p.Imported().Path(), ""))
	}
	if o.Pkg() == nil {
		return strings.TrimSpace(s.opt.Doc("builtin", o.Name()))
	}
	if o.Pkg().Path() == "main" {
		return strings.TrimSpace(s.docs[o.Name()])
	}
	name := o.Name()
	if f, ok := o.(*types.Func); ok {
		if r := f.Signature().Recv(); r != nil {
			name = receiverName(r.Type()) + "." + name
		}
	}
	return strings.TrimSpace(s.opt.Doc(o.Pkg().Path(), name))
}

func receiverName(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj().Name()
	}
	return typeText(t)
}

// remember keeps the comments of a cell's declarations.
func (s *Session) remember(u *check.Unit) {
	if u.IsPackage() {
		return
	}
	for _, d := range u.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc != nil {
				s.docs[d.Name.Name] = d.Doc.Text()
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				ts, ok := sp.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if doc := ts.Doc; doc != nil {
					s.docs[ts.Name.Name] = doc.Text()
				} else if d.Doc != nil {
					s.docs[ts.Name.Name] = d.Doc.Text()
				}
			}
		}
	}
}
