package kernel

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
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
	hurry func() bool // the cell is being interrupted
	limit int

	mu             sync.Mutex
	name           string // of the text that waits
	text           strings.Builder
	last           time.Time
	timer          *time.Timer
	stdout, stderr strings.Builder // what an interrupted cell had still written

	total int // bytes sent
	kept  overflow
}

func newStreams(limit int, hurry func() bool, send func(name, text string)) *streams {
	return &streams{send: send, hurry: hurry, limit: limit}
}

// add takes text. It returns once there is room for it, which may take as
// long as the front ends do.
func (s *streams) add(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hurry() {
		s.addLast(name, text)
		return
	}
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

// addLast takes what an interrupted cell had still written. A loop that wrote
// to both streams would fill thousands of messages with it, and the end of the
// cell would wait for them, so that here each stream is joined for itself.
func (s *streams) addLast(name, text string) {
	b := &s.stdout
	if name == "stderr" {
		b = &s.stderr
	}
	if b.WriteString(text); b.Len() >= maxText {
		s.flush()
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
	s.emit(s.name, &s.text)
	s.emit("stdout", &s.stdout)
	s.emit("stderr", &s.stderr)
}

// emit sends what waits in b, in messages of the allowed size.
func (s *streams) emit(name string, b *strings.Builder) {
	text := collapse(b.String())
	b.Reset()
	for text != "" {
		n := cut(text, maxText)
		s.message(name, text[:n])
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

// message sends one message, or puts it away when the cell has said too much.
func (s *streams) message(name, text string) {
	s.last = time.Now()
	if s.total >= s.limit {
		s.kept.write(text)
		return
	}
	s.total += len(text)
	s.send(name, text)
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
		if strings.Count(line, "\r") >= 2 && !strings.ContainsAny(line, "\x1b\b\t") {
			lines[i] = collapseLine(line, i > 0)
		}
	}
	return strings.Join(lines, "")
}

func collapseLine(line string, whole bool) string {
	parts := strings.Split(line, "\r")
	var kept []string
	for i, p := range parts {
		covered := i+1 < len(parts) && covers(strings.TrimSuffix(parts[i+1], "\n"), p)
		if i == 0 && !whole || !covered || p == "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "\r")
}

// covers is whether over, written upon under, leaves nothing of it, however a
// front end counts: browsers count UTF-16, terminals columns.
func covers(over, under string) bool {
	return len(over) >= len(under) &&
		utf8.RuneCountInString(over) >= utf8.RuneCountInString(under) &&
		len(utf16.Encode([]rune(over))) >= len(utf16.Encode([]rune(under)))
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
