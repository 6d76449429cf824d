package lower

import (
	"fmt"
	"go/types"
	"strings"
)

// A function that is declared again is emitted again, and with it all that
// call it. A closure cannot be: it is a value that a variable or a goroutine
// holds. So closures call functions of cells through one that leads to the
// newest.

// called is the name to call an instance by.
func (f *fn) called(in *inst) string {
	name := f.use(in)
	if !f.inside || len(in.targs) > 0 || in.src == nil || in.src.unit.Cell == "" {
		return name
	}
	if in.via == "" {
		f.L.keep(in)
		in.via = in.name
		f.L.emitVia(in)
	}
	return "via_" + in.via
}

func (L *Lowerer) emitVia(in *inst) {
	src := in.src
	sig := src.unit.Info.Defs[src.decl.Name].(*types.Func).Signature()
	n := 0
	f := &fn{L: L, n: &n}
	params, args := f.params(sig)
	if src.decl.Recv != nil {
		params = append([]string{"r " + L.rep(sig.Recv().Type())}, params...)
		args = append([]string{"r"}, args...)
	}
	var ts []string
	for _, p := range params {
		_, t, _ := strings.Cut(p, " ")
		ts = append(ts, t)
	}
	list, results := strings.Join(args, ", "), L.results(sig)
	ret, end := "return ", ""
	if results == "" {
		ret, end = "", "; return"
	}
	fmt.Fprintf(&L.out.vars, "var again_%s bool\nvar next_%s func(%s)%s\n", in.via, in.via, strings.Join(ts, ", "), results)
	fmt.Fprintf(&L.out.funcs, "func via_%s(%s)%s {\nif again_%s { %snext_%s(%s)%s }\n%s%s(%s)\n}\n",
		in.via, strings.Join(params, ", "), results, in.via, ret, in.via, list, end, ret, in.via, list)
}
