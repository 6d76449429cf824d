package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"graft/kernel/wire"
	"graft/kernel/zmtp"
)

// question is an input_request without its answer yet.
type question struct {
	id     string // of the input_request
	to     []byte // the identity that was asked
	answer chan wire.InputReply
}

// connectLimit is how long a front end's stdin connection may lag behind its
// shell connection.
const connectLimit = time.Second

// ask sends an input_request to the front end that sent r, and waits for the
// answer or the end of ctx.
func (k *Kernel) ask(ctx context.Context, r *request, allowed bool, content wire.InputRequest) (string, error) {
	if !allowed {
		return "", errors.New("this cell asks for input, and the front end that runs it takes none (allow_stdin is false)")
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	peer, err := k.stdinOf(ctx, r)
	if err != nil {
		return "", err
	}
	frames, id, err := k.codec.Encode(wire.Outgoing{Type: "input_request", Parent: r.Raw, Content: content})
	if err != nil {
		return "", err
	}
	q := &question{id: id, to: peer.Identity(), answer: make(chan wire.InputReply, 1)}
	k.pose(q)
	defer k.pose(nil)
	if !peer.Send(append(append([][]byte{}, r.Identities...), frames...)) {
		return "", errors.New("this cell asks for input, and the front end that runs it is gone")
	}
	select {
	case a := <-q.answer:
		return line(a)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (k *Kernel) pose(q *question) {
	k.mu.Lock()
	k.question = q
	k.mu.Unlock()
}

// stdinOf finds the front end's stdin connection, which has the identity of
// its shell connection. Of several front ends with one identity each has
// connected everything in turn.
func (k *Kernel) stdinOf(ctx context.Context, r *request) (*zmtp.Peer, error) {
	id := r.from.Identity()
	for end := time.Now().Add(connectLimit); ; time.Sleep(5 * time.Millisecond) {
		if ps := k.stdin.Peers(id); len(ps) > 0 {
			turn := max(slices.Index(k.shell.Peers(id), r.from), slices.Index(k.control.Peers(id), r.from), 0)
			return ps[min(turn, len(ps)-1)], nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if time.Now().After(end) {
			return nil, errors.New("this cell asks for input, and the front end that runs it has no stdin connection")
		}
	}
}

// line is the answer's text; Ctrl-D in a console is the end of input.
func line(a wire.InputReply) (string, error) {
	if a.Value == "\x04" {
		return "", io.EOF
	}
	return a.Value, nil
}

// receiveInput takes what comes on stdin: answers. One that nobody waits for,
// or that is for another question, is late and is dropped.
func (k *Kernel) receiveInput(p *zmtp.Peer, frames [][]byte) {
	m, err := k.codec.Decode(frames)
	if err != nil {
		return
	}
	p.Trust()
	var a wire.InputReply
	if m.Header.Type != "input_reply" || json.Unmarshal(m.Content, &a) != nil {
		return
	}
	k.mu.Lock()
	q := k.question
	k.mu.Unlock()
	// jupyter_client answers without a parent.
	if q == nil || !bytes.Equal(q.to, p.Identity()) || m.Parent.ID != "" && m.Parent.ID != q.id {
		return
	}
	select {
	case q.answer <- a:
	default: // answered twice
	}
}
