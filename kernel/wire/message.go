// Package wire turns the frames of Jupyter's messages into typed values and
// back (messaging protocol 5.5, jupyter-client.readthedocs.io/en/stable/messaging.html).
// It does no input or output.
//
// A message is these frames:
//
//	identity…     of the peer; any number, none counts here
//	<IDS|MSG>     the delimiter
//	signature     HMAC over the next four frames, in hexadecimal; empty without a key
//	header        JSON objects, all four
//	parent_header
//	metadata
//	content
//	buffer…       binary, unsigned; any number
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Version is the version of the messaging protocol.
const Version = "5.5"

const delimiter = "<IDS|MSG>"

// Header is the part of a message that names it.
type Header struct {
	ID       string  `json:"msg_id"`
	Session  string  `json:"session"`
	Username string  `json:"username"`
	Date     string  `json:"date"`
	Type     string  `json:"msg_type"`
	Version  string  `json:"version"`
	Subshell *string `json:"subshell_id,omitempty"` // JEP 91
}

// Message is a received message.
type Message struct {
	Identities [][]byte
	Header     Header
	// Raw is the header as it came: the parent_header of every answer is an
	// exact copy, with the fields that Header does not know.
	Raw      json.RawMessage
	Parent   Header // zero without one
	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte
}

// Codec reads and writes the messages of one kernel process. The zero value
// cannot be used; see NewCodec. Its methods may be called from several
// goroutines.
type Codec struct {
	signer  signer
	session string
	seen    replays
	counter counter
}

// NewCodec returns a codec for the key and signature scheme of a connection
// file. An empty key means unsigned messages. Its session is new: clients
// tell a restarted kernel by it.
func NewCodec(scheme string, key []byte) (*Codec, error) {
	s, err := newSigner(scheme, key)
	if err != nil {
		return nil, err
	}
	return &Codec{signer: s, session: newSession()}, nil
}

// Session identifies this kernel process.
func (c *Codec) Session() string { return c.session }

// Decode reads a message. It fails on frames that are not one, on a wrong
// signature, and on a signature that came before: a recorded message does
// not work twice.
func (c *Codec) Decode(frames [][]byte) (*Message, error) {
	at := 0
	for at < len(frames) && string(frames[at]) != delimiter {
		at++
	}
	if rest := len(frames) - at; rest < 6 {
		return nil, fmt.Errorf("wire: %d frames from the delimiter on, want at least 6", rest)
	}
	signature, parts := frames[at+1], frames[at+2:at+6]
	if err := c.signer.verify(signature, parts); err != nil {
		return nil, err
	}
	m, err := parse(parts)
	if err != nil {
		return nil, err
	}
	// Only what is a message is remembered, and only with a key is a
	// signature the message's own.
	if len(signature) > 0 && !c.seen.add(string(signature)) {
		return nil, fmt.Errorf("wire: %s %s: its signature came before", m.Header.Type, m.Header.ID)
	}
	m.Identities, m.Buffers = frames[:at], frames[at+6:]
	return m, nil
}

func parse(parts [][]byte) (*Message, error) {
	for i, name := range []string{"header", "parent_header", "metadata", "content"} {
		if b := bytes.TrimLeft(parts[i], " \t\r\n"); len(b) == 0 || b[0] != '{' || !json.Valid(b) {
			return nil, fmt.Errorf("wire: the %s is not a JSON object", name)
		}
	}
	m := &Message{Raw: parts[0], Metadata: parts[2], Content: parts[3]}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, fmt.Errorf("wire: header: %w", err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return nil, errors.New("wire: the header has no msg_id or no msg_type")
	}
	// A parent may be {}, or of a newer protocol; only its id is of interest.
	_ = json.Unmarshal(parts[1], &m.Parent)
	return m, nil
}

// Outgoing is a message to be sent. Content must marshal to a JSON object;
// see the types of content.go.
type Outgoing struct {
	Type     string
	Parent   json.RawMessage // header of the request that caused it, nil for none
	Content  any
	Metadata any // nil is {}
	Buffers  [][]byte
}

// Encode makes the frames of a new message, from the delimiter on, and its
// msg_id.
func (c *Codec) Encode(o Outgoing) (frames [][]byte, id string, err error) {
	id = c.counter.next(c.session)
	header := Header{ID: id, Session: c.session, Username: "graft", Date: now(), Type: o.Type, Version: Version}
	if len(o.Parent) == 0 {
		o.Parent = json.RawMessage("{}")
	}
	if o.Metadata == nil {
		o.Metadata = Object{}
	}
	parts := make([][]byte, 0, 4)
	for _, v := range []any{header, o.Parent, o.Metadata, o.Content} {
		part, isRaw := v.(json.RawMessage)
		if !isRaw {
			if part, err = marshal(v); err != nil {
				return nil, "", fmt.Errorf("wire: %s: %w", o.Type, err)
			}
		}
		parts = append(parts, part)
	}
	frames = [][]byte{[]byte(delimiter), c.signer.sign(parts), parts[0], parts[1], parts[2], parts[3]}
	return append(frames, o.Buffers...), id, nil
}
