package repl

import (
	"fmt"
	"go/ast"
	"go/types"
	"html"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/nb"
)

// Inspect describes the name at cursor: its declaration and its
// documentation. Inside a call's parentheses, on no name, it describes the
// function that is called.
func (s *Session) Inspect(source string, cursor int) Inspection {
	s.view.Lock()
	defer s.view.Unlock()
	cursor = min(max(cursor, 0), len(source))
	text, cmd := s.onlyGo(source, cursor)
	if cmd != nil && (!timesGo(*cmd) || cursor < lineStart(source, cmd.Line)+cmd.Col+len(cmd.Name)) {
		return inspectCommand(cmd.Name)
	}
	if _, _, in := textAt(text, cursor); in {
		return s.inspectCall(text, cursor)
	}
	at := cursor
	if at > 0 && (at == len(text) || !identByte(text[at])) && identByte(text[at-1]) {
		at--
	}
	if at == len(text) || !identByte(text[at]) {
		return s.inspectCall(text, cursor)
	}
	end := at
	for end < len(text) && identByte(text[end]) {
		end++
	}
	p := s.probe(text[:end], "", text[end:])
	id, ok := check.Find[*ast.Ident](p, at)
	if !ok {
		return s.inspectCall(text, cursor)
	}
	obj := p.Info.Uses[id]
	if obj == nil {
		obj = p.Info.Defs[id]
	}
	if obj == nil {
		return s.inspectCall(text, cursor)
	}
	return s.describe(p, obj, owner(p, id, obj))
}

// inspectCall describes the function of the innermost call around the cursor.
func (s *Session) inspectCall(text string, cursor int) Inspection {
	from, to, in := textAt(text, cursor)
	if !in {
		from, to = cursor, cursor
	}
	cursor = from
	p := s.probe(text[:from], placeholder, text[to:])
	call, ok := check.Find[*ast.CallExpr](p, cursor)
	for ok && (p.Offset(call.Lparen) >= cursor || p.Info.Types[call.Fun].IsType()) {
		call, ok = check.FindAround[*ast.CallExpr](p, call)
	}
	if !ok {
		return Inspection{}
	}
	var id *ast.Ident
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	switch f := fun.(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	}
	if id == nil || p.Info.Uses[id] == nil {
		if t, ok := p.Info.TypeOf(call.Fun).(*types.Signature); ok {
			return inspection(typeText(t), "", "")
		}
		return Inspection{}
	}
	return s.describe(p, p.Info.Uses[id], owner(p, id, p.Info.Uses[id]))
}

func inspectCommand(name string) Inspection {
	for _, c := range commands() {
		if c.name == name {
			return inspection(c.usage, c.help, "")
		}
	}
	return Inspection{}
}

func (s *Session) describe(p *check.Probe, obj types.Object, of string) Inspection {
	return inspection(declaration(obj, of), s.document(p, obj, of), s.sourceOf(obj))
}

func inspection(sig, doc, source string) Inspection {
	text, md := sig, "```go\n"+sig+"\n```"
	if doc != "" {
		text += "\n\n" + doc
		md += "\n\n" + doc
	}
	return Inspection{Found: true, Source: source, Data: map[string]string{
		"text/plain":    text,
		"text/markdown": md,
		"text/html":     "<pre>" + html.EscapeString(sig) + "</pre><div style=\"white-space:pre-wrap\">" + html.EscapeString(doc) + "</div>",
	}}
}

// owner is the name of the type that has the field or method that id selects,
// "" when it is neither.
func owner(p *check.Probe, id *ast.Ident, obj types.Object) string {
	if f, ok := obj.(*types.Func); ok {
		if r := f.Signature().Recv(); r != nil {
			return receiverName(r.Type())
		}
		return ""
	}
	v, ok := obj.(*types.Var)
	if !ok || !v.IsField() {
		return ""
	}
	for sel, s := range p.Info.Selections {
		if sel.Sel != id {
			continue
		}
		t := s.Recv()
		for _, i := range s.Index()[:len(s.Index())-1] {
			if st := structOf(t); st != nil {
				t = st.Field(i).Type()
			}
		}
		return receiverName(t)
	}
	if lit, ok := check.Find[*ast.CompositeLit](p, p.Offset(id.Pos())); ok { // its key
		if t := p.Info.TypeOf(lit); t != nil {
			return receiverName(t)
		}
	}
	return ""
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

func qualified(p *types.Package) string {
	if p.Path() == "main" {
		return ""
	}
	return p.Name()
}

// declaration is how Go would declare an object, types with their fields and
// methods.
func declaration(o types.Object, of string) string {
	switch o := o.(type) {
	case *types.PkgName:
		return fmt.Sprintf("package %s // import %q", o.Imported().Name(), strings.TrimPrefix(o.Imported().Path(), nb.LocalPrefix))
	case *types.TypeName:
		return typeDeclaration(o)
	case *types.Builtin:
		return "func " + o.Name()
	case *types.Const:
		return types.ObjectString(o, qualified) + " = " + o.Val().String()
	case *types.Var:
		if o.IsField() && of != "" {
			return fmt.Sprintf("field %s.%s %s", of, o.Name(), types.TypeString(o.Type(), qualified))
		}
	}
	return types.ObjectString(o, qualified)
}

// maxMembers bounds the fields, and the methods, that a type is shown with.
const maxMembers = 40

func typeDeclaration(o *types.TypeName) string {
	named, ok := types.Unalias(o.Type()).(*types.Named)
	st, isStruct := o.Type().Underlying().(*types.Struct)
	if !ok || o.IsAlias() || !isStruct {
		return types.ObjectString(o, qualified) + methodList(named)
	}
	head, _, _ := strings.Cut(types.ObjectString(o, qualified), " struct{")
	var b strings.Builder
	b.WriteString(head + " struct {")
	n := 0
	for i := range st.NumFields() {
		f := st.Field(i)
		if !reachable(f) {
			continue
		}
		if n++; n > maxMembers {
			b.WriteString("\n\t…")
			break
		}
		name := f.Name() + " "
		if f.Embedded() {
			name = ""
		}
		b.WriteString("\n\t" + name + types.TypeString(f.Type(), qualified))
	}
	if n > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("}")
	return b.String() + methodList(named)
}

func methodList(named *types.Named) string {
	if named == nil || types.IsInterface(named) {
		return ""
	}
	var b strings.Builder
	n := 0
	for i := range named.NumMethods() {
		m := named.Method(i)
		if !reachable(m) {
			continue
		}
		if n++; n > maxMembers {
			b.WriteString("\n…")
			break
		}
		recv := types.TypeString(m.Signature().Recv().Type(), func(*types.Package) string { return "" })
		b.WriteString("\nfunc (" + recv + ") " + m.Name() + strings.TrimPrefix(types.TypeString(m.Type(), qualified), "func"))
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n" + b.String()
}
