package export

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// useNames checks a program and gives variables that are declared and not
// used a blank use. It returns the errors besides.
func (e *exporter) useNames(source string) (string, []string) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "main.go", source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return source, []string{err.Error()}
	}
	unused := map[token.Pos]string{}
	var errs []string
	conf := types.Config{Importer: programImporter{e}, GoVersion: "go1.26", Sizes: types.SizesFor("gc", "amd64"), Error: func(err error) {
		te, ok := err.(types.Error)
		if !ok {
			errs = append(errs, err.Error())
			return
		}
		name, ok := strings.CutPrefix(te.Msg, "declared and not used: ")
		if !ok { // of a type switch
			name, ok = strings.CutSuffix(te.Msg, " declared and not used")
		}
		if ok {
			unused[te.Pos] = name
			return
		}
		errs = append(errs, te.Error())
	}}
	_, _ = conf.Check("main", fset, []*ast.File{f}, nil)
	var es []edit
	for pos, name := range unused {
		es = append(es, blankUse(source, fset, f, pos, name))
	}
	slices.SortFunc(es, func(a, b edit) int { return b.from - a.from })
	for _, ed := range es {
		source = source[:ed.from] + ed.text + source[ed.to:]
	}
	return source, errs
}

// blankUse is the edit that uses the variable declared at pos: behind its
// statement, or at the start of the block that it is declared for.
func blankUse(source string, fset *token.FileSet, f *ast.File, pos token.Pos, name string) edit {
	off := func(p token.Pos) int { return fset.Position(p).Offset }
	var out edit
	put := func(at int) { out = edit{from: at, to: at, text: fmt.Sprintf("\n_ = %s\n", name)} }
	behind := func(at int) { out = edit{from: at, to: at, text: fmt.Sprintf("\n_ = %s", name)} }
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || n.End() < pos {
			return false
		}
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			put(off(n.Colon) + 1)
			list = n.Body
		case *ast.IfStmt:
			put(off(n.Body.Lbrace) + 1)
		case *ast.ForStmt:
			put(off(n.Body.Lbrace) + 1)
		case *ast.RangeStmt:
			put(off(n.Body.Lbrace) + 1)
		case *ast.SwitchStmt:
			if len(n.Body.List) > 0 {
				put(off(n.Body.List[0].(*ast.CaseClause).Colon) + 1)
			}
		case *ast.TypeSwitchStmt:
			if a, ok := n.Assign.(*ast.AssignStmt); ok && a.Lhs[0].Pos() == pos {
				out = edit{from: off(a.Lhs[0].Pos()), to: off(a.Rhs[0].Pos())}
			}
		}
		for _, s := range list {
			if s.Pos() <= pos && pos < s.End() {
				behind((&piece{source: source}).lineEnd(off(s.End())))
			}
		}
		return true
	})
	return out
}
