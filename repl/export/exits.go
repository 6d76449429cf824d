package export

import (
	"go/ast"
	"go/types"
	"strings"
)

// exits are calls that end a program; a cell that may fail ends alone, with
// the same words.
var exits = map[string]string{
	"log.Fatal": "Panic", "log.Fatalf": "Panicf", "log.Fatalln": "Panicln",
	"(*log.Logger).Fatal": "Panic", "(*log.Logger).Fatalf": "Panicf", "(*log.Logger).Fatalln": "Panicln",
}

// soften makes the calls of a cell that may fail panic where they would end
// the program.
func (e *exporter) soften(p *piece, s ast.Stmt) {
	ast.Inspect(s, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			if lit, ok := g.Call.Fun.(*ast.FuncLit); ok {
				in := p.place(lit.Body).from + 1
				p.replace(span{in, in}, "\n"+strings.Join(e.guarded()[1:], "\n")+"\n")
			}
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		f, ok := p.at[p.parsed.Offset(sel.Sel.Pos())].(*types.Func)
		if !ok {
			return true
		}
		if f.FullName() == "os.Exit" {
			p.replace(p.place(sel), "panic("+e.use("fmt", "fmt")+".Sprint")
			end := p.place(call).to
			p.replace(span{p.place(call.Args[0]).from, p.place(call.Args[0]).from}, `"exit status ", `)
			p.replace(span{end, end}, ")")
		} else if by := exits[f.FullName()]; by != "" {
			p.replace(p.place(sel.Sel), by)
		}
		return true
	})
}
