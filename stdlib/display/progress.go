package display

import (
	"fmt"
	"html"
	"strings"
	"sync"
	"time"

	"graft/stdlib/host"
)

// Progress is one line that says how far a loop has come, with the time that
// is left. It is one output, replaced at most ten times a second; in a
// terminal only its last state is shown. All methods may be called from
// several goroutines, and do nothing on a nil Progress.
type Progress struct {
	mu     sync.Mutex
	now    func() time.Time
	handle *Handle
	label  string
	total  int
	value  int
	from   int // the steps that were done before
	says   string
	start  time.Time
	drawn  time.Time
	done   bool
	text   string
}

// interval is the time between two drawings, in a session and without one,
// where each drawing is a new line of standard output.
const (
	interval      = 100 * time.Millisecond
	plainInterval = 10 * time.Second
)

// NewProgress shows a progress bar of total steps. A total of 0 or less means
// that it is not known: only the steps done are counted. An interrupted cell
// shows nothing.
func NewProgress(total int, label string) *Progress {
	return newProgress(total, label, time.Now)
}

func newProgress(total int, label string, now func() time.Time) *Progress {
	p := &Progress{now: now, label: label, total: max(0, total), start: now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw()
	return p
}

// Add counts n more steps; a negative n takes steps back.
func (p *Progress) Add(n int) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.move(p.value + n)
	}
}

// Set counts the steps as value; below 0 is 0.
func (p *Progress) Set(value int) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.move(value)
	}
}

// Begin counts the steps that were done before, in another run: the time left
// is judged by what is done from here on.
func (p *Progress) Begin(value int) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.value, p.from, p.start = max(0, value), max(0, value), p.now()
	}
}

// Say puts a text behind the count, such as the loss. It shows with the next
// step.
func (p *Progress) Say(text string) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.says = text
	}
}

// Done ends the progress with a text, such as what came out; "" leaves the
// count. It always draws.
func (p *Progress) Done(text string) {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.done, p.text = true, text
		p.draw()
	}
}

func (p *Progress) move(value int) {
	p.value = max(0, value)
	wait := interval
	if host.Render("") == nil {
		wait = plainInterval
	}
	if !p.done && p.now().Sub(p.drawn) >= wait {
		p.draw()
	}
}

// draw shows the state. What can fail is an interrupt, which the loop that
// reports its progress sees by itself.
func (p *Progress) draw() {
	p.drawn = p.now()
	r := p.rich()
	if p.handle == nil {
		p.handle, _ = Show(r)
		return
	}
	_ = p.handle.Update(r)
}

// MIME shows the progress as it is now.
func (p *Progress) MIME() map[string]string {
	if p == nil {
		return Text("<nil>").MIME()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rich().MIME()
}

func (p *Progress) rich() Rich {
	line := p.line()
	bar := ""
	switch {
	case p.total > 0:
		bar = fmt.Sprintf(`<progress value="%d" max="%d" style="width:16em;vertical-align:middle"></progress> `, min(p.value, p.total), p.total)
	case !p.done:
		bar = `<progress style="width:16em;vertical-align:middle"></progress> `
	}
	return Rich{map[string]string{typeText: line, typeHTML: "<div>" + bar + html.EscapeString(line) + "</div>"}}
}

// line is "label: 30 of 100 (30 %), 0:07 left".
func (p *Progress) line() string {
	var parts []string
	elapsed := p.now().Sub(p.start)
	switch {
	case p.total > 0:
		parts = append(parts, fmt.Sprintf("%d of %d (%d %%)", p.value, p.total, int(100*float64(p.value)/float64(p.total))))
	default:
		parts = append(parts, fmt.Sprint(p.value))
	}
	switch {
	case p.done:
		parts = append(parts, clock(elapsed))
		if p.text != "" {
			parts = append(parts, p.text)
		}
	case p.total > 0 && p.value > p.from && p.value < p.total && elapsed >= time.Second:
		left := time.Duration(float64(elapsed) * float64(p.total-p.value) / float64(p.value-p.from))
		parts = append(parts, clock(left)+" left")
	}
	if p.says != "" && !p.done {
		parts = append(parts, p.says)
	}
	line := strings.Join(parts, ", ")
	if p.label != "" {
		line = p.label + ": " + line
	}
	return line
}

// clock is minutes and seconds, hours where there are any.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
