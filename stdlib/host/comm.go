package host

import "errors"

// Comm is a channel between a cell and code in the front end, such as a
// widget: Jupyter's custom messages. One side opens it under the name of a
// target, that the other side knows; then both send what they like until one
// of them closes it. All methods may be called from any goroutine.
//
// Its methods are those of ipykernel's Comm: on_msg is OnMessage, on_close is
// OnClose.
type Comm interface {
	// ID is unique in the world.
	ID() string
	// Target is the name it was opened under.
	Target() string
	// Send sends a message to the front end. It fails on a closed comm and on
	// data that JSON does not have, such as NaN.
	Send(Message) error
	// OnMessage has f called for every message from the front end, one after
	// the other, between cells. What f prints and shows belongs to the message.
	OnMessage(f func(Message))
	// OnClose has f called when the front end closes the comm. It is not
	// called for Close.
	OnClose(f func(Message))
	// Close closes the comm on both sides. Closing it again does nothing.
	Close(Message) error
}

// Message is what goes over a comm.
type Message struct {
	Data     map[string]any // the content, as JSON
	Metadata map[string]any // what front ends have beside it; mostly nil
	Buffers  [][]byte       // binary data that need not be JSON
}

// Comms is a Host whose front end speaks comms.
type Comms interface {
	// RegisterTarget has opened called for each comm that the front end opens
	// under name; nil takes the name back.
	RegisterTarget(name string, opened func(Comm, Message)) error
	// OpenComm opens a comm under a target of the front end's.
	OpenComm(target string, m Message) (Comm, error)
}

// RegisterTarget has opened called for each comm that a front end opens under
// name, with what it sent along. A nil opened takes the name back. It fails
// where no front end speaks comms, as in a compiled program.
func RegisterTarget(name string, opened func(c Comm, m Message)) error {
	c, ok := get().(Comms)
	if !ok {
		return noComms()
	}
	return c.RegisterTarget(name, opened)
}

// OpenComm opens a comm under a target that the front end knows, and sends m
// along. A front end that does not know it closes the comm. It fails where no
// front end speaks comms, as in a compiled program, and on data that JSON does
// not have.
func OpenComm(target string, m Message) (Comm, error) {
	c, ok := get().(Comms)
	if !ok {
		return nil, noComms()
	}
	return c.OpenComm(target, m)
}

func noComms() error { return errors.New("host: there is no front end that speaks comms") }
