package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// Bytes of ZMTP 3.0 (rfc.zeromq.org/spec/23) that the guard looks at.
const (
	greetingSize  = 64
	flagMore      = 1
	flagLong      = 2
	flagCommand   = 4
	maxHandshake  = 8 << 10 // a READY command with any identity and a few properties
	maxCommand    = 8 << 10
	maxFrames     = 4096 // of one message
	trustedLimit  = 512 << 20
	pieceSize     = 64 << 10
	readBufferLen = 16 << 10
)

// guard is the net.Conn that zmq4 reads from and writes to. It hands on only
// whole frames that it has checked: zmq4 allocates whatever a header
// announces, and panics on what cannot be allocated. Commands that follow the
// handshake never reach zmq4, which would answer a PING in the reading
// goroutine, into the middle of a message that another one writes.
type guard struct {
	net.Conn
	in      *bufio.Reader
	out     *bufio.Writer
	ready   bytes.Buffer // checked bytes that zmq4 has not read yet
	greeted int          // bytes of the greeting handed on
	command func(name string, body []byte)

	limit  atomic.Int64 // bytes of a message
	open   bool         // the handshake is over
	frames int          // of the message being read
	size   int64        // of the message being read
}

func newGuard(c net.Conn, w io.Writer) *guard {
	g := &guard{Conn: c, in: bufio.NewReaderSize(c, readBufferLen), out: bufio.NewWriterSize(w, pieceSize)}
	g.limit.Store(maxHandshake)
	return g
}

// established ends the handshake: from here on messages of up to limit bytes
// pass, and commands go to the callback.
func (g *guard) established(limit int, command func(name string, body []byte)) {
	g.limit.Store(int64(limit))
	g.command, g.open = command, true
}

// Read gives zmq4 the greeting as it comes, and then frame after frame.
func (g *guard) Read(b []byte) (int, error) {
	if g.greeted < greetingSize {
		n, err := g.in.Read(b[:min(len(b), greetingSize-g.greeted)])
		g.greeted += n
		return n, err
	}
	for g.ready.Len() == 0 {
		if err := g.frame(); err != nil {
			return 0, err
		}
	}
	return g.ready.Read(b)
}

// Write collects; flush sends. During the handshake, when there is no
// writing goroutine yet, everything goes out at once.
func (g *guard) Write(b []byte) (int, error) {
	n, err := g.out.Write(b)
	if err == nil && !g.open {
		err = g.out.Flush()
	}
	return n, err
}

func (g *guard) flush() error { return g.out.Flush() }

// frame reads the next frame. It is kept as it arrives, so that a frame of
// any announced length costs no more memory than the bytes that came.
func (g *guard) frame() error {
	flags, head, n, err := g.header()
	if err != nil {
		return err
	}
	if flags&flagCommand != 0 && g.open {
		return g.runCommand(n)
	}
	if err := g.account(flags, n); err != nil {
		return err
	}
	if g.ready.Cap() > pieceSize { // a large message is no reason to keep its room
		g.ready = bytes.Buffer{}
	}
	g.ready.Write(head)
	if _, err := io.CopyN(&g.ready, g.in, n); err != nil {
		g.ready.Reset()
		return unexpected(err)
	}
	return nil
}

// header reads and checks a frame's flags and length.
func (g *guard) header() (flags byte, head []byte, n int64, err error) {
	head = make([]byte, 2, 9)
	if _, err = io.ReadFull(g.in, head); err != nil {
		return 0, nil, 0, err
	}
	flags = head[0]
	if flags&^(flagMore|flagLong|flagCommand) != 0 || flags&flagCommand != 0 && flags&flagMore != 0 {
		return 0, nil, 0, fmt.Errorf("zmtp: a frame has flags %#02x, which ZMTP 3.0 does not know", flags)
	}
	if flags&flagLong == 0 {
		return flags, head, int64(head[1]), nil
	}
	head = head[:9]
	if _, err = io.ReadFull(g.in, head[2:]); err != nil {
		return 0, nil, 0, unexpected(err)
	}
	size := binary.BigEndian.Uint64(head[1:])
	if limit := uint64(g.limit.Load()); size > limit {
		return 0, nil, 0, fmt.Errorf("zmtp: a frame of %d bytes is over the limit of %d", size, limit)
	}
	return flags, head, int64(size), nil
}

// account counts a frame towards its message.
func (g *guard) account(flags byte, n int64) error {
	if !g.open && flags&flagCommand == 0 {
		return errors.New("zmtp: a message came before the handshake was over")
	}
	g.frames++
	g.size += n
	if limit := g.limit.Load(); g.size > limit || g.frames > maxFrames {
		return fmt.Errorf("zmtp: a message of %d frames and %d bytes so far is over the limit of %d and %d", g.frames, g.size, maxFrames, limit)
	}
	if flags&flagMore == 0 {
		g.frames, g.size = 0, 0
	}
	return nil
}

func (g *guard) runCommand(n int64) error {
	if n > maxCommand {
		return fmt.Errorf("zmtp: a command of %d bytes is over the limit of %d", n, maxCommand)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(g.in, body); err != nil {
		return unexpected(err)
	}
	if n == 0 || int(body[0]) > len(body)-1 {
		return errors.New("zmtp: a command has no name")
	}
	end := 1 + int(body[0])
	g.command(string(body[1:end]), body[end:])
	return nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
