package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	if cell.Notebook != "" {
		if err := os.Setenv("JPY_SESSION_NAME", cell.Notebook); err != nil {
			return Result{Err: &Error{Name: CellError, Message: fmt.Sprintf("the notebook's path: %v", err)}}
		}
	}
	era := s.now()
	res, done := s.runCommands(ctx, &cell, out)
	forgot := s.now() != era
	if !done {
		asked := res
		res = s.runGo(ctx, cell, out)
		res.Page, res.Next = asked.Page, asked.Next
	}
	res.Forgot = forgot
	return res
}

// runGo runs a cell without commands.
func (s *Session) runGo(ctx context.Context, cell Cell, out Output) Result {
	s.mu.Lock()
	s.view.Lock()
	units, diags := s.checker.Check(fmt.Sprintf("In[%d]", cell.Number), cell.Source)
	s.view.Unlock()
	r := &runner{s: s, cell: cell, out: out, ctx: ctx, era: s.era}
	s.mu.Unlock()
	if len(diags) > 0 {
		return Result{Err: compileError(cell, diags)}
	}
	r.begin()
	defer r.close()
	var notes []string
	var decls []Declaration
	for i, u := range units {
		for _, p := range cell.From {
			u.Stood(p.Offset, p.Cell, p.Line, p.Column)
		}
		for _, p := range u.Imported {
			notes = append(notes, fmt.Sprintf("imported %q", p))
		}
		notes = append(notes, u.Notes...)
		res := r.unit(u)
		notes = append(notes, r.notes...)
		if r.known == i+1 {
			decls = append(decls, declared(u)...)
		}
		if res.Err != nil || i == len(units)-1 {
			res.Notes, res.Declared = notes, decls
			return res
		}
	}
	return Result{}
}

// runner executes the units of one cell.
type runner struct {
	s     *Session
	cell  Cell
	out   Output
	ctx   context.Context // ends when the cell is interrupted, or has ended
	era   int             // of the interpreter the cell was checked for
	run   *nb.Run
	leave func()   // the end of the cell is no end for its goroutines
	notes []string // of the unit that was compiled last
	known int      // how many of the units the session knows

	mu     sync.Mutex
	failed any // the first panic of a goroutine
	trace  *nb.Trace
	ended  bool
	vals   []any
	has    bool
}

// begin makes the run that the cell's goroutines belong to.
func (r *runner) begin() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.ctx))
	stop := context.AfterFunc(r.ctx, cancel)
	r.leave = func() { stop() }
	r.run = nb.NewRun(r.cell.ID)
	r.run.Beside = r.cell.Subshell
	r.run.Print, r.run.Failed, r.run.Result = r.print, r.goroutineFailed, r.result
	h := &cellHost{s: r.s, ctx: ctx, out: r.out, run: r.run}
	r.run.Host = h
	r.run.Input = func() (string, error) { return h.Input("", false) }
}

// announce makes the run one that libraries find.
func (r *runner) announce() {
	r.s.rt.Begin(r.run)
	r.s.install.Do(func() { r.s.uninstall = host.Install(sessionHost{r.s.rt}) })
}

// close ends the cell; goroutines of its may live on.
func (r *runner) close() {
	r.leave()
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
}

func (r *runner) unit(u *check.Unit) Result {
	r.notes = nil
	r.s.mu.Lock()
	o, e := r.compile(u)
	if e != nil {
		r.s.mu.Unlock()
		return Result{Err: e}
	}
	r.announce()
	if o.Init != "" {
		if p := r.call(context.Background(), o.Init, func() {}); p != nil {
			r.s.mu.Unlock()
			return Result{Err: r.internal(fmt.Errorf("%v", p))}
		}
	}
	if p := r.call(r.ctx, o.Run, r.s.mu.Unlock); p != nil {
		return Result{Err: r.runError(p, r.run.Offset(), r.run.Trace())}
	}
	if failed := r.goroutinesFailure(); failed != nil {
		return Result{Err: r.runError(failed, -1, r.trace)}
	}
	if r.has {
		return Result{Value: r.s.render(o.Results, r.vals)}
	}
	return Result{}
}

// compile makes a unit known to the interpreter and what it declares to the
// session. The caller holds the session's lock.
func (r *runner) compile(u *check.Unit) (*lower.Output, *Error) {
	s := r.s
	if s.era != r.era {
		return nil, compileError(r.cell, []check.Diagnostic{{Offset: -1, Msg: "another cell has reset the session while this one ran"}})
	}
	o, err := s.low.Cell(u, s.checker.LookupIn(u))
	if err != nil {
		s.abandon(u)
		return nil, r.refusal(u, err)
	}
	if s.trace != nil {
		s.trace(o.Source)
	}
	if err := s.load(o); err != nil {
		s.low.Abort()
		s.abandon(u)
		return nil, r.internal(err)
	}
	s.view.Lock()
	s.checker.Commit(u)
	s.remember(u)
	s.keepSource(u)
	s.view.Unlock()
	r.known++
	r.notes = o.Notes
	return o, nil
}

// abandon takes back what a unit changed that will not run.
func (s *Session) abandon(u *check.Unit) {
	for _, t := range u.Abandon() {
		s.rt.Refresh(t)
	}
}

// load gives the interpreter a lowered cell.
func (s *Session) load(o *lower.Output) error {
	if err := s.back.Define(o.Symbols); err != nil {
		return err
	}
	if err := s.back.Compile(o.Source); err != nil {
		return err
	}
	for _, m := range o.Methods {
		s.rt.Compiled(m.Type, m.Name, m.Fn)
	}
	return s.low.Link(s.back.Global)
}

func (r *runner) print(stream, text string) { r.out.Stream(stream, text) }

// goroutinesFailure is what a goroutine panicked with; one that is about to
// is waited for.
func (r *runner) goroutinesFailure() any {
	for i := 0; i < 100 && r.run.Live() > 0 && r.s.rt.Panicking(); i++ {
		time.Sleep(time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
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
	d := check.Diagnostic{Offset: -1, Msg: err.Error()}
	var ref *lower.Refusal
	if errors.As(err, &ref) && ref.Node != nil {
		name, source, off := u.Place(ref.Node.Pos())
		if d.Offset = off; u.IsPackage() {
			d.File, d.Source = name, source
		}
	}
	return compileError(r.cell, []check.Diagnostic{d})
}

func (r *runner) internal(err error) *Error {
	msg := "this cell type-checks, but the interpreter cannot run it: " + firstLine(err.Error())
	return compileError(r.cell, []check.Diagnostic{{Offset: -1, Msg: msg}})
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
