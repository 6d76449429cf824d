package repl

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"time"

	"graft/repl/internal/command"
	"graft/repl/internal/split"
)

// timeCommand is %time and %%time.
func (s *Session) timeCommand(ctx context.Context, c command.Command, cell Cell, out Output) Result {
	cell.Source = c.Go()
	start := time.Now()
	res := s.runGo(ctx, cell, out)
	out.Stream("stdout", fmt.Sprintf("took %s\n", span(time.Since(start))))
	if c.Name == "%time" && res.Err == nil && strings.TrimSpace(c.Body) != "" {
		cell.Source = strings.Repeat("\n", c.Line) + c.Body
		return s.runGo(ctx, cell, out)
	}
	return res
}

// span rounds a duration to what matters of it.
func span(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// timeit settings: a series takes about a fifth of a second.
const (
	timeitSeries = 5
	timeitSpan   = 200 * time.Millisecond
)

// timeitCommand is %timeit and %%timeit: the best of some series of runs.
func (s *Session) timeitCommand(ctx context.Context, c command.Command, cell Cell, out Output) Result {
	if c.Name == "%timeit" && strings.TrimSpace(c.Body) != "" {
		return commandError(cell, c, "%timeit takes one line; %%timeit takes the cell")
	}
	body, msg := repeatable(c.Go())
	if msg != "" {
		return commandError(cell, c, msg)
	}
	run := func(n int) (time.Duration, Result) {
		cell.Source = fmt.Sprintf("func() { for timeitꞏ := 0; timeitꞏ < %d; timeitꞏ++ { %s\n} }()", n, body)
		if i := strings.IndexFunc(body, func(r rune) bool { return r != '\n' }); i > 0 { // keep the lines
			cell.Source = body[:i] + fmt.Sprintf("func() { for timeitꞏ := 0; timeitꞏ < %d; timeitꞏ++ { %s\n} }()", n, body[i:])
		}
		start := time.Now()
		res := s.runGo(ctx, cell, out)
		return time.Since(start), res
	}
	n := 1
	for {
		d, res := run(n)
		if res.Err != nil {
			return res
		}
		if d >= timeitSpan || n >= 100_000_000 {
			break
		}
		n *= 10
		if est := int(float64(n) / 10 * float64(timeitSpan) / float64(d+1)); est > 0 && est < n {
			n = est
			break
		}
	}
	best := time.Duration(1<<63 - 1)
	for range timeitSeries {
		d, res := run(n)
		if res.Err != nil {
			return res
		}
		best = min(best, d)
	}
	out.Stream("stdout", fmt.Sprintf("%s a run (best of %d series of %d)\n", span(time.Duration(int64(best)/int64(n))), timeitSeries, n))
	return Result{}
}

// repeatable makes source fit to stand in a loop's body: expressions are
// evaluated for nothing.
func repeatable(source string) (body, msg string) {
	p, errs := split.Parse(token.NewFileSet(), "timeit", source)
	switch {
	case len(errs) > 0:
		return "", errs[0].Msg
	case len(p.Decls) > 0:
		return "", "only statements can be run many times: declare in another cell"
	case len(p.Stmts) == 0:
		return "", "there is nothing to time"
	}
	var b strings.Builder
	at := 0
	for _, st := range p.Stmts {
		from := p.Offset(st.Pos())
		b.WriteString(source[at:from])
		at = from
		if x, ok := st.(*ast.ExprStmt); ok {
			if _, call := ast.Unparen(x.X).(*ast.CallExpr); !call {
				b.WriteString("_ = ")
			}
		}
	}
	return b.String() + strings.TrimRight(source[at:], "\n"), ""
}
