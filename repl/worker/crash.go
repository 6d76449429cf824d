package worker

import (
	"strings"
	"sync"
)

// crashText keeps what the Go runtime writes as it dies, hundreds of lines of
// goroutines, from being shown; its first lines become the cell's error.
type crashText struct {
	mu  sync.Mutex
	buf strings.Builder
}

// deaths begin the runtime's last words.
var deaths = []string{"fatal error: ", "runtime: goroutine stack exceeds", "panic: ", "SIGSEGV", "runtime: out of memory", "unexpected fault address"}

const maxCrash = 64 << 10

// take returns the part of what was written to standard error that is the
// cell's own.
func (c *crashText) take(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.buf.Len() > 0 {
		c.buf.WriteString(text[:min(len(text), max(0, maxCrash-c.buf.Len()))])
		return ""
	}
	for line := 0; line < len(text); {
		for _, d := range deaths {
			if strings.HasPrefix(text[line:], d) {
				c.buf.WriteString(text[line:])
				return text[:line]
			}
		}
		next := strings.IndexByte(text[line:], '\n')
		if next < 0 {
			break
		}
		line += next + 1
	}
	return text
}

// release returns text that looked like a crash but was not one, since the
// cell has ended and the child lives.
func (c *crashText) release() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.buf.String()
	c.buf.Reset()
	return text
}

// reason is what the runtime died of, in a line.
func (c *crashText) reason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := strings.Split(c.buf.String(), "\n")
	for _, line := range lines {
		for _, prefix := range []string{"fatal error: ", "panic: "} {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return rest
			}
		}
	}
	return lines[0]
}
