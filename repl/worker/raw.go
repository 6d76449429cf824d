package worker

import (
	"bytes"
	"io"
	"strings"
)

// raw follows one standard stream of the child. Text goes to the running
// cell; the token, which the child writes when a cell ends, says that
// everything before it has been read.
type raw struct {
	token []byte
	emit  func(text string)
	marks chan struct{} // one for each token seen
	crash *crashText    // nil for standard output
}

// follow reads until the child ends.
func (r *raw) follow(f io.Reader) {
	var held []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := f.Read(chunk)
		held = append(held, chunk[:n]...)
		for {
			before, after, found := bytes.Cut(held, r.token)
			if !found {
				break
			}
			r.text(before)
			r.release()
			held = bytes.Clone(after)
			r.marks <- struct{}{}
		}
		if err != nil {
			r.text(held)
			return
		}
		keep := overlap(held, r.token)
		r.text(held[:len(held)-keep])
		held = bytes.Clone(held[len(held)-keep:])
	}
}

// overlap is how much of b's end could be the start of a token, or of a
// UTF-8 sequence whose rest has not come yet.
func overlap(b, token []byte) int {
	for n := min(len(b), len(token)-1); n > 0; n-- {
		if bytes.HasPrefix(token, b[len(b)-n:]) {
			return n
		}
	}
	for n := 1; n <= min(3, len(b)); n++ {
		if c := b[len(b)-n]; c >= 0xc0 { // a sequence starts here
			if length := 2 + b2i(c >= 0xe0) + b2i(c >= 0xf0); length > n {
				return n
			}
			return 0
		} else if c < 0x80 {
			return 0
		}
	}
	return 0
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *raw) text(b []byte) {
	if len(b) == 0 {
		return
	}
	if r.crash != nil {
		b = r.crash.take(b)
	}
	if len(b) > 0 {
		r.emit(strings.ToValidUTF8(string(b), "\ufffd"))
	}
}

// release shows text that looked like a crash but was not one, since the cell
// has ended and the child lives.
func (r *raw) release() {
	if r.crash != nil && len(r.crash.buf) > 0 {
		r.emit(strings.ToValidUTF8(string(r.crash.buf), "\ufffd"))
		r.crash.buf = nil
	}
}

// crashText keeps what the Go runtime writes as it dies, hundreds of lines of
// goroutines, from being shown; its first lines become the cell's error.
type crashText struct{ buf []byte }

// deaths begin the runtime's last words.
var deaths = []string{"fatal error: ", "runtime: goroutine stack exceeds", "panic: ", "SIGSEGV", "runtime: out of memory", "unexpected fault address"}

const maxCrash = 64 << 10

// take returns the part of b that is the cell's own.
func (c *crashText) take(b []byte) []byte {
	if len(c.buf) > 0 {
		c.buf = append(c.buf, b[:min(len(b), max(0, maxCrash-len(c.buf)))]...)
		return nil
	}
	for line := 0; line < len(b); {
		for _, d := range deaths {
			if bytes.HasPrefix(b[line:], []byte(d)) {
				c.buf = append(c.buf, b[line:]...)
				return b[:line]
			}
		}
		next := bytes.IndexByte(b[line:], '\n')
		if next < 0 {
			break
		}
		line += next + 1
	}
	return b
}

// reason is what the runtime died of, in a line.
func (c *crashText) reason() string {
	for _, line := range strings.Split(string(c.buf), "\n") {
		for _, prefix := range []string{"fatal error: ", "panic: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		}
	}
	first, _, _ := strings.Cut(string(c.buf), "\n")
	return first
}
