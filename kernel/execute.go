package kernel

import (
	"context"
	"fmt"
	"go/parser"
	"strings"

	"graft/kernel/wire"
	"graft/repl"
)

// execute runs a cell and returns its reply.
func (k *Kernel) execute(r *request) any {
	c, bad := r.asked()
	if bad != nil {
		return bad
	}
	sh, store := r.shell, stored(c)
	if store {
		sh.count++
	}
	if !c.Silent {
		r.publish("execute_input", wire.ExecuteInput{Code: c.Code, Count: sh.count})
	}
	ctx, done := k.running(sh)
	defer done()
	out := k.newOutput(ctx, r, c)
	cell := r.cell(c.Code)
	if len(c.UserExpressions) == 0 { // these come before the next cell
		cell.Next = sh.next()
	}
	result := k.opt.Engine.Execute(ctx, cell, out)
	out.end(sh.count, result)
	if store && strings.TrimSpace(c.Code) != "" {
		k.history.Add(sh.count, c.Code, valueText(result))
	}
	if result.Err != nil {
		if !c.Silent && (c.StopOnError == nil || *c.StopOnError) {
			r.aborted = sh.queue.cells()
		}
		return wire.ExecuteFailure{Status: "error", Count: sh.count, Fault: faultOf(result.Err)}
	}
	return wire.ExecuteReply{Status: "ok", Count: sh.count, UserExpressions: k.expressions(ctx, r, out, c.UserExpressions), Payload: payload(result)}
}

// asked is the content of a request for a cell. An error is the reply.
func (r *request) asked() (c *wire.ExecuteRequest, bad any) {
	if r.execute == nil {
		c = &wire.ExecuteRequest{}
		if bad := r.content(c); bad != nil {
			return nil, bad
		}
		r.execute = c
	}
	return r.execute, nil
}

// stored is whether a cell is counted, and kept in the history.
func stored(c *wire.ExecuteRequest) bool {
	return !c.Silent && (c.StoreHistory == nil || *c.StoreHistory)
}

// next is the cell that will run after the one that runs, if that ends well.
// It is for the queue's goroutine only.
func (sh *subshell) next() *repl.Cell {
	r := sh.queue.following()
	if r == nil {
		return nil
	}
	c, bad := r.asked()
	if bad != nil {
		return nil
	}
	cell := r.cell(c.Code)
	if stored(c) {
		cell.Number++
	}
	return &cell
}

// cell is source of the request's as the engine takes it.
func (r *request) cell(source string) repl.Cell {
	return repl.Cell{ID: r.Header.ID, Number: r.shell.count, Source: source, Subshell: r.shell.id != "", Notebook: notebookOf(r.Metadata)}
}

// running makes the context of a shell's cell, which Interrupt ends.
func (k *Kernel) running(sh *subshell) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(k.stopped)
	k.mu.Lock()
	k.interrupts[sh] = cancel
	k.mu.Unlock()
	if ended(sh.gone) {
		cancel() // it was deleted before it could be interrupted
	}
	return ctx, func() {
		k.mu.Lock()
		delete(k.interrupts, sh)
		k.mu.Unlock()
		cancel()
	}
}

// aborted answers a cell that waited and will not run. The protocol has
// no other status for it since 5.1, and wants a count: 0, for which front ends
// show that the cell did not run.
func aborted(why string) any {
	return wire.ExecuteFailure{Status: "error", Fault: wire.Fault{Name: "Aborted", Value: why}}
}

func (k *Kernel) abort(*request) any { return aborted("a cell before this one failed") }

// payload is what a cell asks of the front end's own.
func payload(result repl.Result) wire.List {
	var p wire.List
	if d := result.Page; d != nil {
		p = append(p, wire.Page{Source: "page", Data: d.Data})
	}
	if n := result.Next; n != nil {
		p = append(p, wire.SetNextInput{Source: "set_next_input", Text: n.Source, Replace: n.Replace})
	}
	return p
}

// expressions evaluates a request's user_expressions, each on its own: one
// that fails costs only itself.
func (k *Kernel) expressions(ctx context.Context, r *request, out *cellOutput, sources map[string]string) wire.Object {
	values := wire.Object{}
	for name, source := range sources {
		values[name] = k.expression(ctx, r, out, source)
	}
	return values
}

func (k *Kernel) expression(ctx context.Context, r *request, out *cellOutput, source string) any {
	if _, err := parser.ParseExpr(source); err != nil {
		return failure(repl.SyntaxError, fmt.Sprintf("%q is not an expression: %v", source, err))
	}
	result := k.opt.Engine.Execute(ctx, r.cell(source), out)
	out.flush()
	switch {
	case result.Err != nil:
		return wire.Failure{Status: "error", Fault: faultOf(result.Err)}
	case result.Value == nil:
		return wire.Expression{Status: "ok"}
	}
	return wire.Expression{Status: "ok", Data: result.Value.Data, Metadata: result.Value.Metadata}
}

// faultOf is the engine's error as the protocol has it.
func faultOf(e *repl.Error) wire.Fault {
	f := wire.Fault{Name: e.Name, Value: e.Message, Traceback: e.Traceback}
	if len(f.Traceback) == 0 {
		f.Traceback = wire.Strings{e.Error()}
	}
	return f
}

func valueText(r repl.Result) string {
	if r.Value == nil {
		return ""
	}
	return r.Value.Data["text/plain"]
}
