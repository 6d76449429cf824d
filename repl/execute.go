package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"graft/repl/internal/check"
	"graft/repl/internal/lower"
	"graft/repl/internal/nb"
	"graft/stdlib/host"
)

// Execute runs one cell. A cell that does not type-check changes nothing; one
// that fails while it runs keeps what it did before.
func (s *Session) Execute(ctx context.Context, cell Cell, out Output) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if res, done := s.runCommands(ctx, &cell, out); done {
		return res
	}
	return s.runGo(ctx, cell, out)
}

// runGo runs a cell without commands.
func (s *Session) runGo(ctx context.Context, cell Cell, out Output) Result {
	s.view.Lock()
	units, diags := s.checker.Check(fmt.Sprintf("In[%d]", cell.Number), cell.Source)
	s.view.Unlock()
	if len(diags) > 0 {
		return Result{Err: compileError(cell, diags)}
	}
	r := &runner{s: s, cell: cell, out: out}
	restore := host.Install(&cellHost{s: s, ctx: ctx, out: out})
	defer restore()
	var notes []string
	for i, u := range units {
		for _, p := range u.Imported {
			notes = append(notes, fmt.Sprintf("imported %q", p))
		}
		res := r.unit(ctx, u)
		if res.Err != nil || i == len(units)-1 {
			res.Notes = notes
			return res
		}
	}
	return Result{}
}

// runner executes the units of one cell.
type runner struct {
	s    *Session
	cell Cell
	out  Output

	mu     sync.Mutex
	failed any // the first panic of a goroutine
	trace  *nb.Trace
	ended  bool
	vals   []any
	has    bool
}

func (r *runner) unit(ctx context.Context, u *check.Unit) Result {
	s := r.s
	o, err := s.low.Cell(u, s.checker.Lookup)
	if err != nil {
		return Result{Err: r.refusal(u, err)}
	}
	if s.trace != nil {
		s.trace(o.Source)
	}
	if err := s.back.Compile(o.Source); err != nil {
		s.low.Abort()
		return Result{Err: r.internal(err)}
	}
	s.view.Lock()
	s.checker.Commit(u)
	s.remember(u)
	s.view.Unlock()
	run := nb.NewRun(r.cell.ID)
	run.Print, run.Failed, run.Result = r.print, r.goroutineFailed, r.result
	run.Input = func() (string, error) { return r.out.Input(ctx, "", false) }
	s.rt.Begin(run)
	if o.Init != "" {
		if p := r.call(context.Background(), run, o.Init); p != nil {
			return Result{Err: r.internal(fmt.Errorf("%v", p))}
		}
	}
	if p := r.call(ctx, run, o.Run); p != nil {
		return Result{Err: r.runError(p, run.Offset(), run.Trace())}
	}
	if failed := r.end(run); failed != nil {
		return Result{Err: r.runError(failed, -1, r.trace)}
	}
	if r.has {
		return Result{Value: s.render(o.Results, r.vals)}
	}
	return Result{}
}

func (r *runner) print(stream, text string) { r.out.Stream(stream, text) }

// end closes the cell and returns what a goroutine panicked with; one that is
// about to is waited for.
func (r *runner) end(run *nb.Run) any {
	for i := 0; i < 100 && run.Live() > 0 && r.s.rt.Panicking(); i++ {
		time.Sleep(time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	return r.failed
}

// goroutineFailed takes the panic of a goroutine: the cell's error, or, when
// the cell has ended, a message below it.
func (r *runner) goroutineFailed(v any, t *nb.Trace) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		e := r.runError(v, -1, t)
		r.out.Stream("stderr", "a goroutine of this cell ended: "+strings.Join(e.Traceback, "\n")+"\n")
		return
	}
	if r.failed == nil {
		r.failed, r.trace = v, t
	}
}

func (r *runner) result(vals []any) { r.vals, r.has = vals, true }

func (r *runner) refusal(u *check.Unit, err error) *Error {
	off := -1
	var ref *lower.Refusal
	if errors.As(err, &ref) && ref.Node != nil {
		off = u.Offset(ref.Node.Pos())
	}
	return compileError(r.cell, []check.Diagnostic{{Offset: off, Msg: err.Error()}})
}

func (r *runner) internal(err error) *Error {
	msg := "this cell type-checks, but the interpreter cannot run it: " + firstLine(err.Error())
	return compileError(r.cell, []check.Diagnostic{{Offset: -1, Msg: msg}})
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// cellHost forwards what libraries show to the running cell.
type cellHost struct {
	s   *Session
	ctx context.Context
	out Output
}

// Context ends when the cell is interrupted.
func (h *cellHost) Context() context.Context { return h.ctx }

// Display shows a bundle below the cell.
func (h *cellHost) Display(id string, b host.Bundle) {
	if d := shown(b); d != nil {
		d.ID = id
		h.out.Display(*d)
	}
}

// Update replaces what was displayed under id.
func (h *cellHost) Update(id string, b host.Bundle) {
	if d := shown(b); d != nil {
		d.ID, d.Update = id, true
		h.out.Display(*d)
	}
}

// Clear removes the cell's outputs.
func (h *cellHost) Clear(wait bool) { h.out.Clear(wait) }

// Input asks the user for a line.
func (h *cellHost) Input(prompt string, password bool) (string, error) {
	return h.out.Input(h.ctx, prompt, password)
}

// Render shows a value as the last line of a cell would.
func (h *cellHost) Render(v any) host.Bundle { return h.s.bundle(v) }
