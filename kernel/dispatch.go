package kernel

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"

	"graft/kernel/wire"
	"graft/kernel/zmtp"
)

// request is a message that came from a front end, and what is needed to
// answer it.
type request struct {
	*wire.Message
	kernel  *Kernel
	from    *zmtp.Peer
	shell   *subshell // that does it
	run     func(*request) any
	execute *wire.ExecuteRequest // its content, once it was read
	aborted []*request           // cells that this one's failure stops
	after   func()               // once idle is sent
}

// mode is where a handler runs.
type mode int

const (
	now    mode = iota // in the goroutine that reads from the peer: it takes no time
	aside              // in one of its own: it asks the engine, or a file
	queued             // after what was queued in its shell before it
)

// handler answers one type of message. It returns the content of the reply,
// nil for none.
type handler struct {
	mode mode
	run  func(*request) any
}

// table lists every message that is understood, on shell and on control: the
// protocol lets control carry what shell does.
func (k *Kernel) table() map[string]handler {
	return map[string]handler{
		"execute_request":     {queued, k.execute},
		"complete_request":    {aside, k.complete},
		"inspect_request":     {aside, k.inspect},
		"is_complete_request": {aside, k.isComplete},
		"history_request":     {aside, k.historyRequest},
		"kernel_info_request": {now, k.kernelInfo},
		"connect_request":     {now, k.connect},
		"comm_info_request":   {now, k.commInfo},
		"comm_open":           {queued, k.comm},
		"comm_msg":            {queued, k.comm},
		"comm_close":          {queued, k.comm},
		"interrupt_request":   {now, k.interruptRequest},
		"shutdown_request":    {now, k.shutdownRequest},
		"debug_request":       {now, k.debug},

		"create_subshell_request": {now, k.createSubshell},
		"delete_subshell_request": {now, k.deleteSubshell},
		"list_subshell_request":   {now, k.listSubshells},
	}
}

// receive takes the frames of one message from shell or control. What is no
// message, or is not signed with our key, is dropped: there is nobody to
// answer.
func (k *Kernel) receive(p *zmtp.Peer, frames [][]byte) {
	m, err := k.codec.Decode(frames)
	if err != nil {
		return
	}
	p.Trust()
	r := &request{Message: m, kernel: k, from: p, shell: k.shells.find(m.Header.Subshell)}
	h, ok := k.handlers[m.Header.Type]
	if !ok {
		h = handler{now, unknown}
	}
	if r.shell == nil {
		h = handler{now, unknownSubshell}
	}
	r.run = h.run
	switch h.mode {
	case now:
		k.serve(r, h.run)
	case aside:
		go k.serve(r, h.run)
	case queued:
		if !r.shell.queue.put(r) { // deleted a moment ago
			k.serve(r, unknownSubshell)
		}
	}
}

// serve brackets a handler: busy, what the handler shows, reply, idle. It is
// the one place where these are sent.
func (k *Kernel) serve(r *request, run func(*request) any) {
	k.answered.Store(true)
	r.publish("status", wire.Status{State: "busy"})
	if content := guarded(r, run); content != nil {
		r.reply(content)
	}
	r.publish("status", wire.Status{State: "idle"})
	if r.after != nil {
		k.out.settle()
		r.after()
	}
}

// guarded turns a panic, which is a fault of ours, into an error reply: the
// kernel must live on.
func guarded(r *request, run func(*request) any) (content any) {
	defer func() {
		if p := recover(); p != nil {
			content = failure("KernelError", fmt.Sprintf("%s failed inside graft: %v\n%s", r.Header.Type, p, debug.Stack()))
		}
	}()
	return run(r)
}

// reply answers. jupyter console shows no output that comes behind a cell's
// reply, which therefore waits for what the cell has shown.
func (r *request) reply(content any) {
	if r.Header.Type != "execute_request" {
		r.deliver(r.encoded(content))
		return
	}
	r.kernel.out.do(func() {
		frames := r.encoded(content)
		r.kernel.iopub.Then(func() { r.deliver(frames) })
	})
}

// encoded is the reply with a content, or with why that cannot be sent.
func (r *request) encoded(content any) [][]byte {
	o := wire.Outgoing{Type: strings.TrimSuffix(r.Header.Type, "_request") + "_reply", Parent: r.Raw, Content: content}
	frames, _, err := r.kernel.codec.Encode(o)
	if err != nil {
		o.Content = failure("KernelError", err.Error())
		if frames, _, err = r.kernel.codec.Encode(o); err != nil {
			return nil
		}
	}
	return append(append([][]byte{}, r.Identities...), frames...)
}

// deliver sends a reply on the socket that the request came from, or, when
// the peer has connected anew since, on its newest connection.
func (r *request) deliver(frames [][]byte) {
	if frames == nil || r.from.Send(frames) {
		return
	}
	if p := r.from.Successor(); p != nil {
		p.Send(frames)
	}
}

// publish sends a message about the request to all front ends.
func (r *request) publish(msgType string, content any) {
	r.kernel.publish(wire.Outgoing{Type: msgType, Parent: r.Raw, Content: content})
}

// publish sends a message to all subscribers of its topic, in its turn.
func (k *Kernel) publish(o wire.Outgoing) { k.out.do(func() { k.send(o) }) }

// send publishes now. A content that cannot be sent is a fault of ours; its
// place is taken by words on stderr.
func (k *Kernel) send(o wire.Outgoing) {
	frames, _, err := k.codec.Encode(o)
	if err != nil {
		o.Type, o.Content, o.Metadata = "stream", wire.Stream{Name: "stderr", Text: err.Error() + "\n"}, nil
		if frames, _, err = k.codec.Encode(o); err != nil {
			return
		}
	}
	topic := "kernel." + k.codec.Session() + "." + o.Type
	k.iopub.Publish(append([][]byte{[]byte(topic)}, frames...))
}

// content reads a request's content into v. An error is the reply.
func (r *request) content(v any) (bad any) {
	if err := json.Unmarshal(r.Content, v); err != nil {
		return failure("BadRequest", fmt.Sprintf("%s: its content is not what the protocol wants: %v", r.Header.Type, err))
	}
	return nil
}

// failure is a reply to a request that could not be done.
func failure(name, value string) wire.Failure {
	return wire.Failure{Status: "error", Fault: wire.Fault{Name: name, Value: value, Traceback: wire.Strings{name + ": " + value}}}
}

// unknown answers requests that graft does not know; other unknown messages
// have nobody who waits.
func unknown(r *request) any {
	if !strings.HasSuffix(r.Header.Type, "_request") {
		return nil
	}
	return failure("UnknownMessage", fmt.Sprintf("graft does not know the message type %q", r.Header.Type))
}

func unknownSubshell(r *request) any {
	if !strings.HasSuffix(r.Header.Type, "_request") {
		return nil
	}
	return noSubshell(*r.Header.Subshell)
}
