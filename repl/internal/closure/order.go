package closure

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Go evaluates the calls of an expression first, in order, and reads the
// variables that they may change afterwards: x + f() has the x that f leaves.
// A closure for x + f() reads x first, so that where it matters calls are put
// into variables of their own before. It matters when there is a call and
// something else that reads memory or may panic; locals are not memory, no
// call can change them. What && and || may skip is seen to where it stands.

// hoist returns statements that make the calls in xs, when they must be made
// first; expr finds their results.
func (c *compiler) hoist(xs ...ast.Expr) []stmt {
	var calls []ast.Expr
	memory, receives, last := false, 0, 0
	for _, x := range xs {
		root := ast.Unparen(x)
		early := c.src.Early(x)
		c.visit(x, func(n ast.Expr) {
			call, ok := n.(*ast.CallExpr)
			switch {
			case ok && c.makesCall(call):
				if n != root || len(xs) > 1 {
					calls = append(calls, call)
					last = len(calls)
				}
			case early[n]:
				calls, memory = append(calls, n), true
			case isReceive(n) && n != root:
				receives++
			default:
				memory = memory || c.memory(n)
			}
		})
	}
	calls = calls[:last]
	if len(calls) > 0 && receives > 0 {
		c.refuse(calls[0], "calls and receives in one expression")
	}
	if len(calls) == 0 || !memory {
		return nil
	}
	var pre []stmt
	for _, call := range calls {
		k := c.kindAt(call, types.Default(c.src.TypeOf(call)))
		l := c.temp(k)
		if s := c.remark(call); s != nil {
			pre = append(pre, s)
		}
		pre = append(pre, k.set(l.off, c.exprTo(call, k)))
		c.hoisted[call] = l
		c.src.Made(call)
	}
	for _, x := range xs {
		if mark, _ := c.src.Mark(x); mark != 0 {
			if s := c.remark(x); s != nil {
				pre = append(pre, s)
			}
			break
		}
	}
	return pre
}

func isReceive(x ast.Expr) bool {
	u, ok := x.(*ast.UnaryExpr)
	return ok && u.Op == token.ARROW
}

// visit calls f with the parts of x that are always evaluated, operands first.
func (c *compiler) visit(x ast.Expr, f func(ast.Expr)) {
	if x == nil || c.src.Info().Types[x].Value != nil {
		return
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		c.visit(x.X, f)
		return
	case *ast.BinaryExpr:
		c.visit(x.X, f)
		if x.Op != token.LAND && x.Op != token.LOR {
			c.visit(x.Y, f)
		}
	case *ast.UnaryExpr:
		c.visit(x.X, f)
	case *ast.StarExpr:
		c.visit(x.X, f)
	case *ast.TypeAssertExpr:
		c.visit(x.X, f)
	case *ast.SelectorExpr:
		if c.src.Info().Selections[x] != nil {
			c.visit(x.X, f)
		}
	case *ast.IndexExpr:
		c.visit(x.X, f)
		c.visit(x.Index, f)
	case *ast.SliceExpr:
		for _, e := range []ast.Expr{x.X, x.Low, x.High, x.Max} {
			c.visit(e, f)
		}
	case *ast.CompositeLit:
		for _, e := range x.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if _, ok := c.src.TypeOf(x).Underlying().(*types.Map); ok {
					c.visit(kv.Key, f)
				}
				e = kv.Value
			}
			c.visit(e, f)
		}
	case *ast.CallExpr:
		if ix, ok := ast.Unparen(x.Fun).(*ast.IndexExpr); ok && c.src.Info().Types[ix.X].IsValue() && private(valueKind(c.src.TypeOf(ix.X))) {
			c.visit(ix, f)
		}
		if sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr); ok && c.src.Info().Selections[sel] != nil {
			c.visit(sel.X, f)
		}
		for _, a := range x.Args {
			c.visit(a, f)
		}
	}
	f(x)
}

// makesCall tells of a call that it runs code which may change memory.
func (c *compiler) makesCall(x *ast.CallExpr) bool {
	tv := c.src.Info().Types[x.Fun]
	return !tv.IsType() && !tv.IsBuiltin()
}

// memory tells whether x itself, not its operands, reads memory or may panic.
func (c *compiler) memory(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		o, ok := c.src.Object(x).(*types.Var)
		if !ok {
			return false
		}
		l, local := c.lookup(o)
		return !local || l.inMemory()
	case *ast.BinaryExpr:
		switch x.Op {
		case token.QUO, token.REM, token.SHL, token.SHR:
			return c.src.Info().Types[x.Y].Value == nil
		}
		return false
	case *ast.UnaryExpr:
		return x.Op == token.AND
	case *ast.CallExpr: // a conversion, or a builtin
		if len(x.Args) == 1 { // the length of a map or channel
			switch c.src.TypeOf(x.Args[0]).Underlying().(type) {
			case *types.Map, *types.Chan:
				return true
			}
		}
		b, ok := c.src.TypeOf(x).Underlying().(*types.Basic)
		return !ok || b.Info()&types.IsString != 0
	case *ast.SelectorExpr, *ast.StarExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.TypeAssertExpr:
		return true
	}
	return false
}
