package repl

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/nb"
	"graft/repl/internal/split"
)

// Declaration is what a cell has declared.
type Declaration struct {
	Names  []string // T.M for a method, "import fmt" for an import
	Source string   // Go that declares it again; "" for variables, which end with their process
	// Where the source stands: the cell, "In[3]", and the line and column there.
	Cell         string `json:",omitempty"`
	Line, Column int    `json:",omitempty"`
}

// declared lists what a unit declares.
func declared(u *check.Unit) []Declaration {
	if u.IsPackage() {
		return nil
	}
	var out []Declaration
	add := func(n ast.Node, doc *ast.CommentGroup, names ...string) {
		from, to := u.Offset(n.Pos()), u.Offset(n.End())
		if from < 0 || to > len(u.Source) || from >= to || len(names) == 0 {
			return // made by the session, or nothing
		}
		if doc != nil && u.Offset(doc.Pos()) >= 0 {
			from = min(from, u.Offset(doc.Pos()))
		}
		d := Declaration{Names: names, Source: u.Source[from:to], Cell: u.Cell}
		d.Line, d.Column = split.LineColumn(u.Source, from)
		out = append(out, d)
	}
	for name, path := range u.Imports() {
		out = append(out, Declaration{Names: []string{"import " + name}, Source: fmt.Sprintf("import %s %q", name, strings.TrimPrefix(path, nb.LocalPrefix))})
	}
	for _, d := range u.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(d, d.Doc, declaredName(d))
		case *ast.GenDecl:
			if d.Tok == token.TYPE || d.Tok == token.CONST {
				add(d, d.Doc, specNames(d)...)
			}
		}
	}
	for _, m := range u.Methods {
		add(m.Decl, m.Decl.Doc, receiverName(m.Func.Signature().Recv().Type())+"."+m.Func.Name())
	}
	for _, st := range u.Steps {
		if st.Spec == nil {
			continue
		}
		var names []string
		for _, id := range st.Spec.Names {
			if id.Name != "_" && u.Offset(id.Pos()) >= 0 {
				names = append(names, id.Name)
			}
		}
		if len(names) > 0 {
			out = append(out, Declaration{Names: names})
		}
	}
	return out
}

func specNames(d *ast.GenDecl) (names []string) {
	for _, sp := range d.Specs {
		switch sp := sp.(type) {
		case *ast.TypeSpec:
			names = append(names, sp.Name.Name)
		case *ast.ValueSpec:
			for _, id := range sp.Names {
				names = append(names, id.Name)
			}
		}
	}
	return names
}
