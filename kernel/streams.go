package kernel

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// interval is the least time between two messages of text, but for the
	// first and for those in front of a display.
	interval = 30 * time.Millisecond
	// maxText bounds the text of one message.
	maxText = 64 << 10
	// maxKept bounds the file that takes what is over the limit.
	maxKept = 1 << 30
)

// streams joins the texts that a cell writes: front ends choke on a message
// for every line, and jupyter_server drops what comes faster than a thousand
// messages a second. The first text goes out at once, what follows within the
// interval together. The order is kept, also between stdout and stderr.
type streams struct {
	send  func(name, text string)
	limit int

	mu    sync.Mutex
	name  string // of the text that waits
	text  strings.Builder
	last  time.Time
	timer *time.Timer

	total int // bytes sent
	kept  overflow
}

func newStreams(limit int, send func(name, text string)) *streams {
	return &streams{send: send, limit: limit}
}

// add takes text. It returns once there is room for it, which may take as
// long as the front ends do.
func (s *streams) add(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name != s.name {
		s.flush()
		s.name = name
	}
	s.text.WriteString(text)
	switch {
	case s.text.Len() >= maxText || time.Since(s.last) >= interval:
		s.flush()
	case s.timer == nil:
		s.timer = time.AfterFunc(interval-time.Since(s.last), s.late)
	}
}

func (s *streams) late() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = nil
	s.flush()
}

// flushThen sends the text that waits, and does what must follow it.
func (s *streams) flushThen(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	do()
}

func (s *streams) flush() {
	text := collapse(s.text.String())
	s.text.Reset()
	for text != "" {
		n := cut(text, maxText)
		s.emit(text[:n])
		text = text[n:]
	}
}

// cut is a length of at most max that does not end inside a character.
func cut(text string, max int) int {
	if len(text) <= max {
		return len(text)
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return max
}

// emit sends one message, or puts it away when the cell has said too much.
func (s *streams) emit(text string) {
	s.last = time.Now()
	if s.total >= s.limit {
		s.kept.write(text)
		return
	}
	s.total += len(text)
	s.send(s.name, text)
	if s.total >= s.limit {
		s.send("stderr", "\n"+s.kept.open(s.limit)+"\n")
	}
}

// collapse drops what a progress bar has overwritten before anybody saw it:
// of the parts between carriage returns those that a part at least as long
// follows. What stood on the line before text is not known, so that the first
// part of it stays.
func collapse(text string) string {
	if strings.Count(text, "\r") < 2 {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if strings.Count(line, "\r") >= 2 && !strings.ContainsAny(line, "\x1b\b") {
			lines[i] = collapseLine(line, i > 0)
		}
	}
	return strings.Join(lines, "")
}

func collapseLine(line string, whole bool) string {
	parts := strings.Split(line, "\r")
	var kept []string
	for i, p := range parts {
		covered := i+1 < len(parts) && utf8.RuneCountInString(strings.TrimSuffix(parts[i+1], "\n")) >= utf8.RuneCountInString(p)
		if i == 0 && !whole || !covered || p == "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\r")
}

// overflow is the file for what a cell writes beyond its limit.
type overflow struct {
	path string
	size int
}

// open makes the file and says where it is.
func (o *overflow) open(limit int) string {
	said := fmt.Sprintf("[graft: this cell wrote more than %d bytes; ", limit)
	f, err := os.CreateTemp("", "graft-output-*.txt")
	if err != nil {
		return said + fmt.Sprintf("the rest is lost: %v]", err)
	}
	f.Close()
	o.path = f.Name()
	return said + "the rest is in " + o.path + "]"
}

func (o *overflow) write(text string) {
	if o.path == "" || o.size > maxKept {
		return
	}
	o.size += len(text)
	if o.size > maxKept {
		text = "\n[graft: more than this is not kept]\n"
	}
	f, err := os.OpenFile(o.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		o.path = ""
		return
	}
	defer f.Close()
	_, _ = f.WriteString(text) // a full disk: the notice above is all that can be done
}
