package tutor

import (
	"fmt"
	"html"
	"strings"
)

// State is what became of an answer.
type State string

// The states of a Verdict.
const (
	Right  State = "right"
	Wrong  State = "not right"
	NotYet State = "not yet"
)

// Verdict is what Check says. As the last line of a cell it shows itself.
type Verdict struct {
	Exercise string // such as "02.1"
	State    State
	Text     string // why it is right, what a wrong answer means, or what is asked
	Look     string // where to look next; "" when it is right

	in language
}

// look is how a state is marked: a sign and a colour that do without each
// other (Okabe and Ito's green, vermilion and blue).
type look struct{ sign, colour string }

func (s State) look() look {
	return map[State]look{Right: {"✓", "#009E73"}, Wrong: {"✗", "#D55E00"}, NotYet: {"…", "#0072B2"}}[s]
}

// String is the verdict as text: the state first.
func (v *Verdict) String() string {
	lines := []string{fmt.Sprintf("%s %s: %s", v.State.look().sign, v.in.text(string(v.State)), v.Text)}
	if v.Look != "" {
		lines = append(lines, "  "+v.Look)
	}
	return strings.Join(lines, "\n")
}

// MIME shows the verdict as text and as HTML.
func (v *Verdict) MIME() map[string]string {
	mark := v.State.look()
	var b strings.Builder
	fmt.Fprintf(&b, `<div style="border-left:5px solid %s;padding:2px 10px"><b style="color:%s">%s %s</b>: %s`,
		mark.colour, mark.colour, mark.sign, html.EscapeString(v.in.text(string(v.State))), html.EscapeString(v.Text))
	if v.Look != "" {
		fmt.Fprintf(&b, "<br>%s", html.EscapeString(v.Look))
	}
	b.WriteString("</div>")
	return map[string]string{"text/plain": v.String(), "text/html": b.String()}
}
