package export

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"graft/repl/internal/nb"
)

// show is the statement that prints what a session shows of a value.
func (e *exporter) show(p *piece, x ast.Expr, ts []types.Type, text string, isCall bool) string {
	if len(ts) > 1 {
		if isCall && slices.ContainsFunc(ts, func(t types.Type) bool { return !plain(t) }) {
			var names []string
			for range ts {
				names = append(names, e.fresh("value"))
			}
			return fmt.Sprintf("%s := %s\n%s.Println(%s)", strings.Join(names, ", "), text, e.use("fmt", "fmt"), e.texts(ts, names))
		}
		return e.use("fmt", "fmt") + ".Println(" + text + ")"
	}
	t, tv := ts[0], p.values[p.place(x)]
	switch {
	case tv.IsNil():
		return fmt.Sprintf("%s.Println(%q)", e.use("fmt", "fmt"), "<nil>")
	case isHandle(t) && isCall:
		return text
	case isHandle(t):
		return "_ = " + text
	case tv.Value != nil && tv.Value.Kind() == constant.String && awkward(constant.StringVal(tv.Value)):
		format := `"%s\n"`
		if strings.HasSuffix(constant.StringVal(tv.Value), "\n") {
			format = `"%s"` // the front end ends a value's text with one
		}
		return e.use("fmt", "fmt") + ".Printf(" + format + ", " + text + ")"
	case isFunc(t):
		return e.use("fmt", "fmt") + ".Printf(\"%p\\n\", " + text + ")"
	case plain(t):
		return e.use("fmt", "fmt") + ".Println(" + text + ")"
	}
	return e.use("graft/stdlib/display", "display") + ".Show(" + text + ")"
}

// texts are several values' texts.
func (e *exporter) texts(ts []types.Type, names []string) string {
	out := slices.Clone(names)
	for i, n := range names {
		if isFunc(ts[i]) { // go vet takes it for a call that is missing
			out[i] = e.use("fmt", "fmt") + ".Sprintf(\"%p\", " + n + ")"
		} else if !plain(ts[i]) {
			out[i] = e.use("graft/stdlib/display", "display") + ".Render(" + n + ")[\"text/plain\"]"
		}
	}
	return strings.Join(out, ", ")
}

// showName is the helper that shows a value whose error is nil: with it when
// the value is a line of text, alone when it is more.
func (e *exporter) showName() string {
	if e.shower == "" {
		e.shower = e.fresh("show")
		e.declared = append(e.declared, fmt.Sprintf("// %s prints a value that came with a nil error.\nfunc %s(v any) {\nif m := %s.Render(v); len(m) == 1 {\n%s.Println(m[\"text/plain\"], nil)\n} else {\ndisplay.Show(v)\n}\n}",
			e.shower, e.shower, e.use("graft/stdlib/display", "display"), e.use("fmt", "fmt")))
	}
	return e.shower
}

// awkward are texts that go vet takes for a slip in a call of Println.
func awkward(s string) bool { return strings.Contains(s, "%") || strings.HasSuffix(s, "\n") }

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// isHandle is the type of what display.Show returns, which shows nothing.
func isHandle(t types.Type) bool {
	return types.TypeString(t, nil) == "*graft/stdlib/display.Handle"
}

// plain tells of a type that a session shows it as fmt.Println prints it.
func plain(t types.Type) bool {
	if pictured(t) {
		return false
	}
	if _, basic := t.Underlying().(*types.Basic); basic || ofCells(t, map[types.Type]bool{}) {
		return true
	}
	for _, m := range []string{"String", "Error", "Format"} {
		if obj, _, _ := types.LookupFieldOrMethod(t, false, nil, m); obj != nil {
			return true
		}
	}
	switch t.Underlying().(type) {
	case *types.Chan, *types.Signature:
		return true
	}
	return false
}

// pictured tells of a type that shows itself in its own way, whatever its
// String method says.
func pictured(t types.Type) bool {
	if obj, _, _ := types.LookupFieldOrMethod(t, false, nil, "MIME"); obj != nil {
		return true
	}
	switch types.TypeString(t, nil) {
	case "*gonum.org/v1/plot.Plot", "*gorgonia.org/tensor.Dense":
		return true
	}
	for _, m := range []string{"ColorModel", "Bounds", "At"} {
		if obj, _, _ := types.LookupFieldOrMethod(t, false, nil, m); obj == nil {
			return false
		}
	}
	return true
}

// ofCells tells whether a cell's type is part of t: such values a session
// always prints as fmt does.
func ofCells(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return t.Obj().Pkg() != nil && nb.Interpreted(t.Obj().Pkg())
	case *types.Map:
		return ofCells(t.Key(), seen) || ofCells(t.Elem(), seen)
	case interface{ Elem() types.Type }:
		return ofCells(t.Elem(), seen)
	case *types.Struct:
		for i := range t.NumFields() {
			f := t.Field(i)
			if !f.Exported() || f.Embedded() || ofCells(f.Type(), seen) {
				return true
			}
		}
	}
	return false
}
