package kernel

import "graft/kernel/wire"

// commInfo lists the open comms: none, as no target can be opened. Widget
// managers ask as a notebook opens, and wait for the answer.
func (k *Kernel) commInfo(*request) any {
	return wire.CommInfoReply{Status: "ok"}
}

// commOpen closes at once what a front end opens, as the protocol wants for a
// target that is not known.
func (k *Kernel) commOpen(r *request) any {
	var c wire.Comm
	if r.content(&c) == nil && c.ID != "" {
		r.publish("comm_close", wire.Comm{ID: c.ID})
	}
	return nil
}

// commMessage takes what is said on a comm that is closed here already.
func (k *Kernel) commMessage(*request) any { return nil }
