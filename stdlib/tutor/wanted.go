package tutor

import (
	"math"
	"slices"
	"strings"
)

// wanted is an answer of some kind: the right one, or one that is known to be
// wrong.
type wanted interface {
	kind() string                           // "a whole number"
	fits(answer any) bool                   // whether the answer is of that kind
	matches(answer any) bool                // whether it is this one
	differs(in language, answer any) string // what differs, for one that fits
}

// whole is a whole number, of any type.
type whole int64

func (w whole) kind() string         { return "a whole number" }
func (w whole) fits(answer any) bool { _, ok := asInt(answer); return ok }
func (w whole) matches(answer any) bool {
	n, ok := asInt(answer)
	return ok && n == int64(w)
}

// differs does not give the answer away, but which way it lies.
func (w whole) differs(in language, answer any) string {
	n, _ := asInt(answer)
	if n < int64(w) {
		return in.say("%d is too few", n)
	}
	return in.say("%d is too many", n)
}

// decimal is a number that may be a little off.
type decimal struct{ value, tolerance float64 }

func (d decimal) kind() string         { return "a number" }
func (d decimal) fits(answer any) bool { _, ok := asFloat(answer); return ok }
func (d decimal) matches(answer any) bool {
	x, ok := asFloat(answer)
	return ok && math.Abs(x-d.value) <= d.tolerance
}

func (d decimal) differs(in language, answer any) string {
	x, _ := asFloat(answer)
	if x < d.value {
		return in.say("%.4g is too small", x)
	}
	if x > d.value {
		return in.say("%.4g is too large", x)
	}
	return in.say("%.4g is no number that can be compared", x)
}

// text is a string, such as a name; a ":0" behind it does not count.
type text string

func (t text) kind() string         { return "a text between quotes" }
func (t text) fits(answer any) bool { _, ok := asText(answer); return ok }
func (t text) matches(answer any) bool {
	s, ok := asText(answer)
	return ok && s == string(t)
}

func (t text) differs(in language, answer any) string {
	s, _ := asText(answer)
	if strings.EqualFold(s, string(t)) {
		return in.say("%q differs in capitals only", s)
	}
	return in.say("%q is not it", s)
}

// shape is a list of whole numbers in order.
type shape []int

func (s shape) kind() string         { return "a shape, such as []int{3, 3}" }
func (s shape) fits(answer any) bool { _, ok := asInts(answer); return ok }
func (s shape) matches(answer any) bool {
	got, ok := asInts(answer)
	return ok && slices.Equal(got, s)
}

func (s shape) differs(in language, answer any) string {
	got, _ := asInts(answer)
	if len(got) != len(s) {
		return in.say("%v has %d numbers, %d are wanted", got, len(got), len(s))
	}
	for i := range got {
		if got[i] != s[i] {
			return in.say("%v: number %d is not %d", got, i+1, got[i])
		}
	}
	return ""
}

// names are those of variables, nodes or tensors, in any order.
type names []string

func (n names) kind() string         { return "a list of variables, or of their names" }
func (n names) fits(answer any) bool { _, ok := asNames(answer); return ok }
func (n names) matches(answer any) bool {
	got, ok := asNames(answer)
	return ok && slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(n)))
}

func (n names) differs(in language, answer any) string {
	got, _ := asNames(answer)
	var parts []string
	if more := without(got, n); len(more) > 0 {
		parts = append(parts, in.say("%d too many, such as %s", len(more), more[0]))
	}
	if less := without(n, got); len(less) > 0 {
		parts = append(parts, in.say("%d missing", len(less)))
	}
	if len(parts) == 0 {
		parts = append(parts, in.say("one of them stands there twice"))
	}
	return in.say("of these %d, %s", len(got), strings.Join(parts, in.say(", and ")))
}

// without are the elements of a that are not in b.
func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// inOrder are names whose order counts.
type inOrder []string

func (n inOrder) kind() string         { return names(n).kind() }
func (n inOrder) fits(answer any) bool { return names(n).fits(answer) }
func (n inOrder) matches(answer any) bool {
	got, ok := asNames(answer)
	return ok && slices.Equal(got, n)
}

func (n inOrder) differs(in language, answer any) string {
	if names(n).matches(answer) {
		return in.say("these are the right ones in another order")
	}
	return names(n).differs(in, answer)
}

// many is any list of so many names: what a wrong pattern gives.
type many int

func (m many) kind() string         { return names(nil).kind() }
func (m many) fits(answer any) bool { return names(nil).fits(answer) }
func (m many) matches(answer any) bool {
	got, ok := asNames(answer)
	return ok && len(got) == int(m)
}

func (m many) differs(in language, answer any) string {
	got, _ := asNames(answer)
	return whole(m).differs(in, len(got))
}

// values are those of a tensor of some shape.
type values struct {
	shape     []int
	values    []float64
	tolerance float64
}

func (v values) kind() string         { return "a tensor" }
func (v values) fits(answer any) bool { _, _, ok := asTensor(answer); return ok }
func (v values) matches(answer any) bool {
	s, x, ok := asTensor(answer)
	return ok && slices.Equal(s, v.shape) && v.first(x) < 0
}

// first is the place of the first value that differs, -1 if none does.
func (v values) first(x []float64) int {
	for i := range x {
		if !(math.Abs(x[i]-v.values[i]) <= v.tolerance) {
			return i
		}
	}
	return -1
}

func (v values) differs(in language, answer any) string {
	s, x, _ := asTensor(answer)
	if !slices.Equal(s, v.shape) {
		return in.say("the shape is %v, %v is wanted", s, v.shape)
	}
	i := v.first(x)
	return in.say("value %d is %.4g, %.4g is wanted", i, x[i], v.values[i])
}

// says is an error whose text has all of these.
type says []string

func (s says) kind() string         { return "an error: the second result of a call, as in _, err := …" }
func (s says) fits(answer any) bool { _, ok := answer.(error); return ok }
func (s says) matches(answer any) bool {
	err, ok := answer.(error)
	return ok && err != nil && !slices.ContainsFunc(s, func(part string) bool { return !strings.Contains(err.Error(), part) })
}

func (s says) differs(in language, answer any) string {
	return in.say("another error: %v", answer)
}
