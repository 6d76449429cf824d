package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// framed wraps a body that defers into nb.Frame.
func (f *fn) framed(body *ast.BlockStmt) {
	f.frame = f.fresh("d")
	fb := f.fresh("body")
	if f.fixedDefers(body) {
		f.fixedFrame(body, fb)
	} else {
		inner := f.capture(func() { f.block(body.List) })
		f.line("%s := func(%s *%s.D) {\n%s}", fb, f.frame, f.L.nb(), inner)
		f.line("%s.Frame(%s)", f.L.nb(), fb)
	}
	if len(f.results) > 0 {
		f.line("return %s", strings.Join(f.results, ", "))
	}
}

// Most functions that defer do it once, unconditionally, with a literal that
// mentions only their parameters and results, or with a method of a library:
// defer mu.Unlock(). The interpreter makes a function value, and the way of it
// into compiled code, for each; in such functions the deferred code stands in
// the body's function instead, which is called a second time for it.

// fixedDefers tells whether all defers of a body are of that sort.
func (f *fn) fixedDefers(body *ast.BlockStmt) bool {
	n := 0
	for _, s := range body.List {
		if d, ok := s.(*ast.DeferStmt); ok {
			if !f.fixedDefer(d.Call, body) {
				return false
			}
			n++
		}
	}
	all := 0
	ast.Inspect(body, func(x ast.Node) bool {
		switch x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			all++
			return false
		case *ast.LabeledStmt: // a goto may come back to the defer
			all = -1 << 20
		}
		return true
	})
	return n == all
}

func (f *fn) fixedDefer(call *ast.CallExpr, body *ast.BlockStmt) bool {
	if len(call.Args) > 0 {
		return false
	}
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		return f.typeOf(fun).(*types.Signature).Results().Len() == 0 && !f.mentions(fun, body) && !returns(fun.Body) && !scan(fun.Body).deferred
	case *ast.SelectorExpr:
		s := f.info.Selections[fun]
		if s == nil || s.Kind() != types.MethodVal || !f.compiled(call) {
			return false
		}
		m, ok := s.Obj().(*types.Func)
		return ok && f.env == nil && !types.IsInterface(recvType(m)) && !hidden(recvType(m))
	}
	return false
}

// mentions tells whether lit uses what body declares.
func (f *fn) mentions(lit *ast.FuncLit, body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(lit, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			o := f.object(id)
			inBody := o != nil && o.Pos() >= body.Pos() && o.Pos() <= body.End()
			inLit := o != nil && o.Pos() >= lit.Pos() && o.Pos() <= lit.End()
			found = found || inBody && !inLit
		}
		return !found
	})
	return found
}

// returns tells whether a literal's own code returns, or jumps.
func returns(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt, *ast.LabeledStmt:
			found = true
		}
		return !found
	})
	return found
}

// fixedFrame emits such a body.
func (f *fn) fixedFrame(body *ast.BlockStmt, fb string) {
	armed, again := f.fresh("k"), f.fresh("again")
	f.line("%s := 0", armed)
	var bodies []string // of the deferred code, by number
	outside := f.b
	main := f.capture(func() {
		for _, s := range body.List {
			d, ok := s.(*ast.DeferStmt)
			if !ok {
				f.stmt(s)
				continue
			}
			bodies = append(bodies, f.deferredCode(d.Call, outside))
			f.line("%s = %d", armed, len(bodies))
		}
	})
	f.line("%s := func(%s *%s.D, %s bool) {\nif %s {", fb, f.frame, f.L.nb(), again, again)
	for i := len(bodies) - 1; i >= 0; i-- {
		f.line("if %s == %d {\n%s = %d\n%s}", armed, i+1, armed, i, bodies[i])
	}
	f.line("return\n}\n%s}", main)
	f.line("%s.Fixed(%s)", f.L.nb(), fb)
}

// deferredCode is what a defer runs. A receiver is evaluated now, into a
// variable outside the body.
func (f *fn) deferredCode(call *ast.CallExpr, outside *strings.Builder) string {
	if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok {
		saved := *f
		defer func() { *f = saved }()
		f.deferred, f.outer, f.cell, f.inside, f.targets = true, f.frame, false, true, nil
		return f.capture(func() {
			f.stopCheck()
			f.block(lit.Body.List)
		})
	}
	sel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	f.ready(sel.X)
	obj, index, t := f.resolve(sel, f.info.Selections[sel])
	m := obj.(*types.Func)
	recv, rt := f.path(f.operand(sel.X), t, index[:len(index)-1])
	v := f.fresh("t")
	fmt.Fprintf(outside, "var %s %s\n", v, f.rep(recvType(m)))
	f.line("%s = %s", v, f.receiver(recv, rt, m))
	return f.capture(func() {
		f.note(f.riskOf(call))
		f.line("%s", f.methodCall(v, recvType(m), m, nil, m.Signature()))
	})
}
