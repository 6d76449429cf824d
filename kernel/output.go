package kernel

import (
	"context"
	"sync/atomic"

	"graft/kernel/wire"
	"graft/repl"
)

// cellOutput shows what a request's cell writes and shows. It outlives the cell:
// what a goroutine of the cell writes later still belongs to it.
type cellOutput struct {
	r       *request
	silent  bool
	input   bool
	streams *streams // holds the order of messages
	ctx     context.Context
	ended   atomic.Bool
}

var _ repl.Output = (*cellOutput)(nil)

func (k *Kernel) newOutput(ctx context.Context, r *request, c *wire.ExecuteRequest) *cellOutput {
	o := &cellOutput{r: r, silent: c.Silent, input: c.AllowStdin, ctx: ctx}
	o.streams = newStreams(k.opt.OutputLimit, o.hurry, func(name, text string) {
		o.room()
		r.publish("stream", wire.Stream{Name: name, Text: text})
	})
	return o
}

// room waits until the front ends can take another message of a cell that
// may produce them without end.
func (o *cellOutput) room() {
	if !o.hurry() {
		o.r.kernel.pace.wait()
		o.r.kernel.iopub.Room(o.hurry)
	}
}

// hurry is whether the cell is being interrupted: what it has shown already
// must not hold up its end.
func (o *cellOutput) hurry() bool { return o.ctx.Err() != nil && !o.ended.Load() }

// Stream takes text, which is shown at once or with what follows it.
func (o *cellOutput) Stream(name, text string) {
	if o.silent || text == "" {
		return
	}
	o.streams.add(name, text)
}

// Display shows or updates a value.
func (o *cellOutput) Display(d repl.Display) {
	if o.silent {
		return
	}
	msgType := "display_data"
	if d.Update {
		msgType = "update_display_data"
	}
	o.after(msgType, wire.Display{Data: d.Data, Metadata: d.Metadata, Transient: wire.Transient{DisplayID: d.ID}})
}

// Clear removes the cell's outputs.
func (o *cellOutput) Clear(wait bool) {
	if !o.silent {
		o.after("clear_output", wire.ClearOutput{Wait: wait})
	}
}

// after publishes behind all text that came before.
func (o *cellOutput) after(msgType string, content any) {
	o.streams.flushThen(func() {
		o.room()
		o.r.publish(msgType, content)
	})
}

// Input asks the user, whose front end must have offered to.
func (o *cellOutput) Input(ctx context.Context, prompt string, password bool) (string, error) {
	o.flush()
	return o.r.kernel.ask(ctx, o.r, o.input, wire.InputRequest{Prompt: prompt, Password: password})
}

// dim is text that a terminal, and a notebook, shows paler than the rest.
func dim(text string) string { return "\x1b[2m" + text + "\x1b[0m" }

func (o *cellOutput) flush() { o.streams.flushThen(func() {}) }

// end shows how the cell ended.
func (o *cellOutput) end(count int, result repl.Result) {
	if note := result.Told(); note != "" {
		o.Stream("stderr", dim(note)+"\n")
	}
	o.flush()
	o.ended.Store(true)
	if o.silent {
		return
	}
	if v := result.Value; v != nil {
		o.r.publish("execute_result", wire.ExecuteResult{Count: count,
			Display: wire.Display{Data: v.Data, Metadata: v.Metadata, Transient: wire.Transient{DisplayID: v.ID}}})
	}
	if result.Err != nil {
		o.r.publish("error", faultOf(result.Err))
	}
}
