package kernel

import (
	"context"
	"fmt"
	"go/parser"
	"strings"

	"graft/kernel/wire"
	"graft/repl"
)

// runCells runs what is queued, until the kernel stops.
func (k *Kernel) runCells() {
	for {
		r := k.cells.next(k.stopped.Done())
		if r == nil || k.stopped.Err() != nil {
			return
		}
		k.serve(r, k.execute)
		for _, a := range r.aborted {
			k.serve(a, k.abort)
		}
	}
}

// execute runs a cell and returns its reply.
func (k *Kernel) execute(r *request) any {
	var c wire.ExecuteRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	store := !c.Silent && (c.StoreHistory == nil || *c.StoreHistory)
	if store {
		k.count++
	}
	if !c.Silent {
		r.publish("execute_input", wire.ExecuteInput{Code: c.Code, Count: k.count})
	}
	ctx, done := k.running()
	defer done()
	out := k.newOutput(ctx, r, c)
	result := k.opt.Engine.Execute(ctx, repl.Cell{ID: r.Header.ID, Number: k.count, Source: c.Code}, out)
	out.end(k.count, result)
	reply := wire.ExecuteReply{Status: "ok", Count: k.count}
	if result.Err == nil {
		reply.UserExpressions = k.expressions(ctx, r, out, c.UserExpressions)
	} else {
		fault := faultOf(result.Err)
		reply.Status, reply.Fault = "error", &fault
		if c.StopOnError == nil || *c.StopOnError {
			r.aborted = k.cells.rest()
		}
	}
	if store && strings.TrimSpace(c.Code) != "" {
		k.history.Add(k.count, c.Code, valueText(result))
	}
	return reply
}

// running makes the context of a cell, which Interrupt ends.
func (k *Kernel) running() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(k.stopped)
	k.mu.Lock()
	k.interrupt = cancel
	k.mu.Unlock()
	return ctx, func() {
		k.mu.Lock()
		k.interrupt = nil
		k.mu.Unlock()
		cancel()
	}
}

// abort answers a cell that waited behind one that failed. The protocol has
// no other status for it since 5.1; without a count JupyterLab shows that the
// cell did not run.
func (k *Kernel) abort(*request) any {
	return wire.Failure{Status: "error", Fault: wire.Fault{Name: "Aborted", Value: "a cell before this one failed"}}
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
	result := k.opt.Engine.Execute(ctx, repl.Cell{ID: r.Header.ID, Number: k.count, Source: source}, out)
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
