// Package tutor checks the exercises of the tutorials.
//
//	answer := 27
//	tutor.Check("02.1", answer) // the last line of a cell: right, or what differs and where to look
//	tutor.Hint("02.1")
//
// An exercise is known by its notebook and its number there. Answers are compared by what they mean: a list of variables by
// their names, a number whatever its type, an error by what it says.
//
// The tutor speaks English and Chinese: that of the notebook, if the front end
// says its name, as JupyterLab, Notebook, VS Code and `graft run` do
// (JPY_SESSION_NAME: 02-checkpoints.zh.ipynb is Chinese, as are copies of it),
// else that of LC_ALL, LC_MESSAGES or LANG.
package tutor

import (
	"fmt"
	"strings"

	"graft/stdlib/display"
)

// exercise is a question and what is known of its answers.
type exercise struct {
	id   string // notebook and number: "02.1"
	asks string // what is asked, one sentence
	// start is what stands in the cell before anything is filled in; nil: the
	// zero value of whatever is given.
	start wanted
	want  wanted
	// because says why the right answer is right.
	because string
	wrong   []mistake
	// look says where to look when an answer is wrong and none of the known mistakes.
	look string
	hint string
}

// mistake is a typical wrong answer, and what it means.
type mistake struct {
	answer wanted
	means  string
}

// notebook is the exercises of one notebook.
type notebook struct {
	number    string
	exercises []exercise
}

// notebooks are all that have exercises.
func notebooks() []notebook {
	return []notebook{
		{"02", checkpoints()},
		{"03", variables()},
		{"04", scopes()},
		{"05", restoring()},
		{"06", training()},
		{"07", batchNorm()},
		{"08", vgg16()},
		{"09", inception()},
		{"10", rates()},
		{"11", curves()},
		{"12", pictures()},
		{"13", programs()},
	}
}

// Check compares an answer with that of an exercise, such as "02.1", and says
// whether it is right, what a wrong one means, or that nothing is filled in
// yet. A wrong answer is no error. Errors: an exercise that there is not.
func Check(exercise string, answer any) (*Verdict, error) {
	e, err := find(exercise)
	if err != nil {
		return nil, err
	}
	return e.judge(spoken(e.id), answer), nil
}

// Hint is a step towards the answer of an exercise. Errors: an exercise that
// there is not.
func Hint(exercise string) (display.Rich, error) {
	e, err := find(exercise)
	if err != nil {
		return display.Rich{}, err
	}
	in := spoken(e.id)
	return display.Markdown(in.say("Hint for exercise %s: %s", e.id, in.text(e.hint))), nil
}

// find looks an exercise up; the error lists those of its notebook.
func find(id string) (*exercise, error) {
	number, _, _ := strings.Cut(id, ".")
	var numbers []string
	for _, n := range notebooks() {
		numbers = append(numbers, n.number)
		if n.number != number {
			continue
		}
		var ids []string
		for _, e := range n.exercises {
			if e.id == id {
				return &e, nil
			}
			ids = append(ids, e.id)
		}
		return nil, fmt.Errorf("tutor: there is no exercise %q: notebook %s has %s", id, number, strings.Join(ids, ", "))
	}
	return nil, fmt.Errorf("tutor: there is no exercise %q: an exercise is named by its notebook and its number, such as %q; notebooks with exercises are %s",
		id, numbers[0]+".1", strings.Join(numbers, ", "))
}

// judge compares an answer with the right one, then with the known wrong ones.
func (e *exercise) judge(in language, answer any) *Verdict {
	v := &Verdict{Exercise: e.id, in: in}
	helps := in.say("tutor.Hint(%q) helps.", e.id)
	switch {
	case e.want.matches(answer):
		v.State, v.Text = Right, in.text(e.because)
		return v
	case e.untouched(answer):
		v.State, v.Text = NotYet, in.text(e.asks)
		v.Look = in.say("Fill in the cell above and run both again. %s", helps)
		return v
	case !e.want.fits(answer):
		v.State, v.Text = Wrong, in.say("the answer is %s; this is %s", in.text(e.want.kind()), describe(in, answer))
		v.Look = in.text(e.look)
		return v
	}
	v.State = Wrong
	for _, m := range e.wrong {
		if m.answer.matches(answer) {
			v.Text, v.Look = in.text(m.means), helps
			return v
		}
	}
	v.Text, v.Look = e.want.differs(in, answer), in.text(e.look)
	return v
}

// untouched reports whether the answer is what stood in the cell.
func (e *exercise) untouched(answer any) bool {
	if e.start != nil {
		return e.start.matches(answer)
	}
	return empty(answer)
}
