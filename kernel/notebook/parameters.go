package notebook

import (
	"crypto/rand"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// The tags are papermill's (papermill.readthedocs.io/en/latest/usage-parameterize.html).
const (
	parametersTag = "parameters"
	injectedTag   = "injected-parameters"
)

// Parameter is a value for a variable of the cell tagged parameters.
type Parameter struct{ Name, Value string }

// ParseParameter reads name=value.
func ParseParameter(text string) (Parameter, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || !token.IsIdentifier(name) {
		return Parameter{}, fmt.Errorf("a parameter is %q, want name=value with the name of a Go variable", text)
	}
	return Parameter{name, value}, nil
}

// Inject puts a cell behind the one tagged parameters that gives its
// variables other values, as papermill does. The variables keep their types:
// where the notebook has a string the value is the string's text, otherwise a
// Go expression. A cell that was injected before is replaced.
func (nb *Notebook) Inject(params []Parameter) error {
	at := slices.IndexFunc(nb.Cells, func(c *Cell) bool { return c.Type == "code" && c.HasTag(parametersTag) })
	if at < 0 {
		return errors.New("notebook: no code cell is tagged parameters, so there is nothing to give a value to")
	}
	defaults, names, err := variables(nb.Cells[at].Source)
	if err != nil {
		return err
	}
	lines := []string{"// Parameters"}
	for _, p := range params {
		was, ok := defaults[p.Name]
		if !ok {
			return fmt.Errorf("notebook: the parameters cell has no variable %q, only %s", p.Name, strings.Join(names, ", "))
		}
		value := p.Value
		if isString(was) {
			value = strconv.Quote(value)
		} else if _, err := parser.ParseExpr(value); err != nil {
			return fmt.Errorf("notebook: the value of %s is %q, which is no Go expression: %w", p.Name, value, err)
		}
		lines = append(lines, p.Name+" = "+value)
	}
	cell := &Cell{Type: "code", Source: strings.Join(lines, "\n"), rest: fields{}}
	if err := nb.complete(cell); err != nil {
		return err
	}
	nb.Cells = slices.DeleteFunc(nb.Cells, func(c *Cell) bool { return c.HasTag(injectedTag) })
	at = slices.IndexFunc(nb.Cells, func(c *Cell) bool { return c.Type == "code" && c.HasTag(parametersTag) })
	nb.Cells = slices.Insert(nb.Cells, at+1, cell)
	return nil
}

// complete gives a new code cell the fields that nbformat wants; it has ids
// from 4.5 on.
func (nb *Notebook) complete(c *Cell) error {
	minor := 0
	_ = nb.rest.get("nbformat_minor", &minor) // without one it is an old notebook
	err := errors.Join(c.rest.set("cell_type", c.Type), c.rest.set("source", c.Source),
		c.rest.set("metadata", map[string]any{"tags": []string{injectedTag}}), c.ClearOutputs())
	if minor >= 5 {
		err = errors.Join(err, c.rest.set("id", strings.ToLower(rand.Text()[:8])))
	}
	return err
}

// variables are those that a cell declares, with their values as written.
func variables(source string) (values map[string]ast.Expr, names []string, err error) {
	f, err := parser.ParseFile(token.NewFileSet(), "parameters", "package p\nfunc _() {\n"+source+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, fmt.Errorf("notebook: the cell tagged parameters is to hold nothing but variables: %w", err)
	}
	values = map[string]ast.Expr{}
	add := func(id *ast.Ident, i int, list []ast.Expr) {
		var v ast.Expr
		if i < len(list) {
			v = list[i]
		}
		if values[id.Name] == nil {
			names = append(names, id.Name)
		}
		values[id.Name] = v
	}
	for _, st := range f.Decls[0].(*ast.FuncDecl).Body.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			for i, l := range st.Lhs {
				if id, ok := l.(*ast.Ident); ok && st.Tok == token.DEFINE {
					add(id, i, st.Rhs)
				}
			}
		case *ast.DeclStmt:
			for _, sp := range st.Decl.(*ast.GenDecl).Specs {
				sp, ok := sp.(*ast.ValueSpec)
				if !ok || st.Decl.(*ast.GenDecl).Tok != token.VAR {
					continue
				}
				for i, id := range sp.Names {
					if add(id, i, sp.Values); len(sp.Values) == 0 {
						values[id.Name] = sp.Type
					}
				}
			}
		}
	}
	return values, names, nil
}

// isString knows a string literal, and the type of a variable without a value.
func isString(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.Ident:
		return e.Name == "string"
	}
	return false
}
