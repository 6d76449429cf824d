package worker

import (
	"bytes"
	"io"
	"strings"
)

// raw follows a standard stream of the child where pipes cannot be asked
// whether there is something to read: on Windows. The token, which the child
// writes when a cell ends, says that everything before it has been read.
type raw struct {
	token []byte
	emit  func(text string)
	marks chan struct{} // one for each token seen
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
	if len(b) > 0 {
		r.emit(strings.ToValidUTF8(string(b), "\ufffd"))
	}
}
