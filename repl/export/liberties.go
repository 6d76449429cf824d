package export

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scope is where a statement stands.
type scope struct {
	main  bool // in main itself, whose end is the program's
	clash bool // err is a variable of the notebook's here
}

// fail is what follows a call whose error counts.
func (e *exporter) fail(sc scope, name string) string {
	return fmt.Sprintf("if %s != nil {\n%s\n}", name, e.failure(sc, name))
}

func (e *exporter) failure(sc scope, name string) string {
	if sc.main && !e.words["log"] {
		return e.use("log", "log") + ".Fatal(" + name + ")"
	}
	return "panic(" + name + ")"
}

func (e *exporter) block(p *piece, list []ast.Stmt, sc scope) {
	for _, s := range list {
		e.stmt(p, s, sc)
	}
}

// stmt writes out the errors that a statement takes, and those of the
// statements in it.
func (e *exporter) stmt(p *piece, s ast.Stmt, sc scope) {
	switch s := s.(type) {
	case nil:
	case *ast.BlockStmt:
		e.block(p, s.List, sc)
	case *ast.LabeledStmt:
		e.nested(p, s.Stmt, sc)
	case *ast.IfStmt:
		e.ifStmt(p, s, sc, true)
	case *ast.ForStmt:
		e.inPlace(p, sc, s.Init, s.Cond, s.Post)
		e.stmt(p, s.Body, sc)
	case *ast.RangeStmt:
		e.exprs(p, s, sc, s.X)
		e.inPlace(p, sc, s.Key, s.Value)
		e.stmt(p, s.Body, sc)
	case *ast.SwitchStmt:
		e.head(p, s, sc, s.Init, s.Tag)
		e.clauses(p, s.Body, sc)
	case *ast.TypeSwitchStmt:
		e.head(p, s, sc, s.Init, s.Assign)
		e.clauses(p, s.Body, sc)
	case *ast.SelectStmt:
		e.clauses(p, s.Body, sc)
	case *ast.AssignStmt:
		if !e.direct(p, s, sc) {
			e.exprs(p, s, sc, s)
		}
	case *ast.GoStmt, *ast.DeferStmt:
		e.inPlace(p, sc, s)
	default:
		e.exprs(p, s, sc, s)
	}
}

// nested is stmt where nothing can be put in front.
func (e *exporter) nested(p *piece, s ast.Stmt, sc scope) {
	switch s := s.(type) {
	case *ast.ForStmt, *ast.BlockStmt, *ast.SelectStmt:
		e.stmt(p, s, sc)
	case *ast.RangeStmt:
		e.inPlace(p, sc, s.Key, s.Value, s.X)
		e.stmt(p, s.Body, sc)
	case *ast.SwitchStmt:
		e.inPlace(p, sc, s.Init, s.Tag)
		e.clauses(p, s.Body, sc)
	case *ast.TypeSwitchStmt:
		e.inPlace(p, sc, s.Init, s.Assign)
		e.clauses(p, s.Body, sc)
	case *ast.IfStmt:
		e.ifStmt(p, s, sc, false)
	default:
		e.inPlace(p, sc, s)
	}
}

func (e *exporter) ifStmt(p *piece, s *ast.IfStmt, sc scope, first bool) {
	if first {
		e.head(p, s, sc, s.Init, s.Cond)
	} else {
		e.inPlace(p, sc, s.Init, s.Cond)
	}
	e.stmt(p, s.Body, sc)
	switch els := s.Else.(type) {
	case *ast.IfStmt:
		e.ifStmt(p, els, sc, false)
	case *ast.BlockStmt:
		e.stmt(p, els, sc)
	}
}

// head is the part of a statement before its block.
func (e *exporter) head(p *piece, s ast.Stmt, sc scope, init ast.Stmt, x ast.Node) {
	if init == nil && x != nil {
		e.exprs(p, s, sc, x)
		return
	}
	e.inPlace(p, sc, init, x)
}

func (e *exporter) clauses(p *piece, body *ast.BlockStmt, sc scope) {
	for _, c := range body.List {
		switch c := c.(type) {
		case *ast.CaseClause:
			for _, x := range c.List {
				e.inPlace(p, sc, x)
			}
			e.block(p, c.Body, sc)
		case *ast.CommClause:
			e.inPlace(p, sc, c.Comm)
			e.block(p, c.Body, sc)
		}
	}
}

// direct handles `x := f()`: the error becomes one more result.
func (e *exporter) direct(p *piece, s *ast.AssignStmt, sc scope) bool {
	if s.Tok != token.DEFINE || len(s.Rhs) != 1 {
		return false
	}
	call, ok := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
	if !ok || p.takes[p.place(call)] != len(s.Lhs) || call != s.Rhs[0] {
		return false
	}
	ids := defined(s)
	if len(ids) != len(s.Lhs) {
		return false
	}
	fresh := false
	for _, id := range ids {
		v := e.vars[p.at[p.parsed.Offset(id.Pos())]]
		if v != nil && (v.global || v.hoist) {
			return false
		}
		fresh = fresh || id.Name != "_" && (v == nil || v.in == p && v.first.from == p.parsed.Offset(id.Pos()))
	}
	if !fresh {
		return false
	}
	e.exprs(p, s, sc, call.Fun)
	for _, a := range call.Args {
		e.exprs(p, s, sc, a)
	}
	name := e.errName(p, sc, p.place(s).from)
	p.insertAfter(p.place(s.Lhs[len(s.Lhs)-1]).to, ", "+name)
	p.insertAfter(p.lineEnd(p.place(s).to), "\n"+e.fail(sc, name))
	return true
}

// scopeOf is the scope of a declaration, or of a statement at the top level.
func (e *exporter) scopeOf(p *piece, root ast.Node, sc scope) scope {
	ast.Inspect(root, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "err" {
			sc.clash = sc.clash || e.vars[p.at[p.parsed.Offset(id.Pos())]] != nil
		}
		return !sc.clash
	})
	return sc
}

// errName is what an error is called near off: a variable of that name that
// the user has there keeps its value.
func (e *exporter) errName(p *piece, sc scope, off int) string {
	clash := sc.clash
	for _, s := range p.errs {
		clash = clash || s.from <= off && off <= s.to
	}
	if !clash {
		return "err"
	}
	if e.otherErr == "" {
		e.otherErr = e.fresh("err")
	}
	return e.otherErr
}

// exprs writes out the errors taken in root, a part of s that is evaluated
// first and once: calls before which nothing else is called move in front of
// s, others stay.
func (e *exporter) exprs(p *piece, s ast.Stmt, sc scope, root ast.Node) {
	if root == nil {
		return
	}
	clean := true // nothing was called yet that stays in the statement
	e.walk(p, sc, root, &clean, s)
}

// inPlace writes out the errors taken in nodes where nothing can move.
func (e *exporter) inPlace(p *piece, sc scope, nodes ...ast.Node) {
	for _, n := range nodes {
		if n == nil {
			continue
		}
		dirty := false
		e.walk(p, sc, n, &dirty, nil)
	}
}

// walk visits the expressions of n in the order of evaluation.
func (e *exporter) walk(p *piece, sc scope, n ast.Node, clean *bool, s ast.Stmt) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			e.block(p, n.Body.List, scope{clash: sc.clash})
			return false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				e.walk(p, sc, n.X, clean, s)
				stay := false
				e.walk(p, sc, n.Y, &stay, s)
				*clean = false
				return false
			}
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				e.walk(p, sc, n.X, clean, s)
				*clean = false
				return false
			}
		case *ast.CallExpr:
			e.walk(p, sc, n.Fun, clean, s)
			for _, a := range n.Args {
				e.walk(p, sc, a, clean, s)
			}
			e.call(p, sc, n, clean, s)
			return false
		}
		return true
	})
}

// literals looks into function literals of declarations.
func (e *exporter) literals(p *piece, n ast.Node, sc scope) {
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok {
			e.block(p, lit.Body.List, scope{clash: sc.clash})
			return false
		}
		return true
	})
}

func (e *exporter) call(p *piece, sc scope, c *ast.CallExpr, clean *bool, s ast.Stmt) {
	at := p.place(c)
	n := p.takes[at]
	if n == 0 {
		if tv := p.values[p.place(c.Fun)]; !tv.IsType() && !tv.IsBuiltin() {
			*clean = false
		}
		return
	}
	if !*clean || s == nil {
		p.replace(at, e.mustName(n)+"("+p.text(at, true)+")")
		*clean = false
		return
	}
	var names []string
	for range n {
		names = append(names, e.fresh(calleeName(c)))
	}
	name := e.errName(p, sc, p.place(s).from)
	p.insertBefore(p.place(s).from, fmt.Sprintf("%s, %s := %s\n%s\n", strings.Join(names, ", "), name, p.text(at, true), e.fail(sc, name)))
	p.replace(at, strings.Join(names, ", "))
}

// calleeName is a variable's name after the function that sets it.
func calleeName(c *ast.CallExpr) string {
	name := ""
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	r, n := utf8.DecodeRuneInString(name)
	if name == "" || !unicode.IsLetter(r) {
		return "value"
	}
	return string(unicode.ToLower(r)) + name[n:]
}

// mustName is the helper that takes n results and an error.
func (e *exporter) mustName(n int) string {
	if name := e.must[n]; name != "" {
		return name
	}
	base := "must"
	if n > 1 {
		base = fmt.Sprintf("must%d", n)
	}
	name := e.fresh(base)
	e.must[n] = name
	letters := []string{"a", "b", "c", "d"}[:n]
	var types, params []string
	for _, l := range letters {
		types = append(types, strings.ToUpper(l))
		params = append(params, l+" "+strings.ToUpper(l))
	}
	results := strings.Join(types, ", ")
	if n > 1 {
		results = "(" + results + ")"
	}
	e.declared = append(e.declared, fmt.Sprintf("// %s is a call without its error, which ends the program.\nfunc %s[%s any](%s, err error) %s {\nif err != nil {\npanic(err)\n}\nreturn %s\n}",
		name, name, strings.Join(types, ", "), strings.Join(params, ", "), results, strings.Join(letters, ", ")))
	return name
}

// exprStmt shows, or checks, an expression that stands at the top level.
func (e *exporter) exprStmt(p *piece, s *ast.ExprStmt, sc scope, shown bool) {
	at := p.place(s.X)
	tv := p.values[at]
	ts := tuple(tv)
	call, isCall := ast.Unparen(s.X).(*ast.CallExpr)
	isCall = isCall && !p.values[p.place(call.Fun)].IsType()
	if recv, ok := ast.Unparen(s.X).(*ast.UnaryExpr); ok && recv.Op == token.ARROW && !shown {
		return
	}
	text := p.text(at, true)
	checked := isCall && e.checked(p, call, ts)
	switch {
	case len(ts) == 0:
	case !shown && checked:
		name := e.errName(p, sc, at.from)
		p.replace(at, fmt.Sprintf("if %s%s := %s; %s != nil {\n%s\n}", strings.Repeat("_, ", len(ts)-1), name, text, name, e.failure(sc, name)))
	case !shown && isCall:
	case !shown:
		p.replace(at, "_ = "+text)
	case checked:
		e.showChecked(p, sc, at, ts, call, text)
	case p.defers && !tv.IsNil() && !isHandle(ts[0]):
		// It is shown at the end of the cell, after what was deferred.
		var names []string
		for range ts {
			names = append(names, e.fresh("value"))
		}
		list := strings.Join(names, ", ")
		p.later = e.fresh("show")
		p.replace(at, fmt.Sprintf("%s := %s\n%s = func() { %s }", list, text, p.later, e.show(p, s.X, ts, list, false)))
	default:
		if p.timed && len(ts) == 1 && !p.values[at].IsNil() && !isHandle(ts[0]) {
			v := e.fresh("value")
			p.insertBefore(at.from, v+" := "+text+"\n"+strings.Join(p.after, "\n")+"\n")
			p.after, text = nil, v
		}
		p.replace(at, e.show(p, s.X, ts, text, isCall))
	}
}

// showChecked shows the values of a call whose last is an error.
func (e *exporter) showChecked(p *piece, sc scope, at span, ts []types.Type, call *ast.CallExpr, text string) {
	name := e.errName(p, sc, at.from)
	if len(ts) == 1 {
		p.replace(at, fmt.Sprintf("if %s := %s; %s != nil {\n%s\n}\n%s.Println(%q)", name, text, name, e.failure(sc, name), e.use("fmt", "fmt"), "<nil>"))
		return
	}
	if len(ts) == 2 && isHandle(ts[0]) {
		p.replace(at, fmt.Sprintf("if _, %s := %s; %s != nil {\n%s\n}", name, text, name, e.failure(sc, name)))
		return
	}
	var names []string
	for range len(ts) - 1 {
		names = append(names, e.fresh(calleeName(call)))
	}
	list := strings.Join(names, ", ")
	shown := ""
	switch {
	case len(ts) != 2 || plain(ts[0]):
		shown = fmt.Sprintf("%s.Println(%s, %s)", e.use("fmt", "fmt"), e.texts(ts, names), name)
	case pictured(ts[0]):
		shown = e.use("graft/stdlib/display", "display") + ".Show(" + list + ")"
	default:
		shown = e.showName() + "(" + list + ")"
	}
	if p.defers {
		p.later = e.fresh("show")
		shown = p.later + " = func() { " + shown + " }"
	}
	p.replace(at, fmt.Sprintf("%s, %s := %s\n%s\n%s", list, name, text, e.fail(sc, name), shown))
}

// checked tells whether a top-level call's error ends the cell.
func (e *exporter) checked(p *piece, call *ast.CallExpr, ts []types.Type) bool {
	if len(ts) == 0 || !types.Identical(ts[len(ts)-1], types.Universe.Lookup("error").Type()) {
		return false
	}
	var id *ast.Ident
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	default:
		return true
	}
	obj := p.at[p.parsed.Offset(id.Pos())]
	return obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != "fmt" || !strings.HasPrefix(obj.Name(), "Print")
}

func tuple(tv types.TypeAndValue) []types.Type {
	if tv.IsVoid() || tv.Type == nil {
		return nil
	}
	t, ok := tv.Type.(*types.Tuple)
	if !ok {
		return []types.Type{tv.Type}
	}
	var out []types.Type
	for v := range t.Variables() {
		out = append(out, v.Type())
	}
	return out
}
