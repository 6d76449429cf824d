package kernel

import (
	"encoding/json"
	"strings"
	"sync"

	"graft/kernel/wire"
	"graft/repl"
)

// comms are the open ones, with their targets, as the messages tell that pass.
type comms struct {
	mu   sync.Mutex
	open map[string]string
}

func (c *comms) follow(kind, id, target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind {
	case repl.CommOpen:
		c.open[id] = target
	case repl.CommClose:
		delete(c.open, id)
	}
}

// commInfo lists the open comms. Widget managers ask as a notebook opens, and
// wait for the answer.
func (k *Kernel) commInfo(r *request) any {
	var c wire.CommInfoRequest
	if bad := r.content(&c); bad != nil {
		return bad
	}
	reply := wire.CommInfoReply{Status: "ok", Comms: wire.Object{}}
	k.comms.mu.Lock()
	defer k.comms.mu.Unlock()
	for id, target := range k.comms.open {
		if c.Target == "" || c.Target == target {
			reply.Comms[id] = wire.Object{"target_name": target}
		}
	}
	return reply
}

// comm hands on comm_open, comm_msg and comm_close to the functions that
// cells have set for them. Nobody waits for a reply: what goes wrong is an
// error on iopub.
func (k *Kernel) comm(r *request) any {
	var c wire.Comm
	if r.content(&c) != nil || c.ID == "" {
		return nil
	}
	m := repl.CommMessage{Kind: r.Header.Type, ID: c.ID, Target: c.Target, Data: json.RawMessage(c.Data), Metadata: r.Metadata, Buffers: r.Buffers}
	if isObject := strings.HasPrefix(strings.TrimSpace(string(c.Data)), "{"); !isObject {
		m.Data = json.RawMessage("{}")
	}
	k.comms.follow(m.Kind, m.ID, m.Target)
	ctx, done := k.running(r.shell)
	defer done()
	out := k.newOutput(ctx, r, &wire.ExecuteRequest{})
	out.end(0, repl.Result{Err: k.opt.Engine.Comm(ctx, m, out)})
	return nil
}

// Comm sends what a cell says on a comm, behind all that it has shown.
func (o *cellOutput) Comm(m repl.CommMessage) {
	o.r.kernel.comms.follow(m.Kind, m.ID, m.Target)
	out := wire.Outgoing{Type: m.Kind, Parent: o.r.Raw, Content: wire.Comm{ID: m.ID, Target: m.Target, Data: wire.Raw(m.Data)}, Buffers: m.Buffers}
	if len(m.Metadata) > 0 {
		out.Metadata = wire.Raw(m.Metadata)
	}
	o.streams.flushThen(func() {
		o.room()
		o.r.kernel.publish(out)
	})
}
