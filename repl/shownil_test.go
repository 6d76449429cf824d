package repl

import "testing"

// A variable whose cell failed is nil; to show it must not end the process.
func TestShowingNil(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `type T struct{ N int }`, `func (t *T) MIME() map[string]string { return map[string]string{"text/plain": fmt.Sprint(t.N)} }`, `kept := 7`)
	for src, want := range map[string]string{
		`var r *ckpt.Reader; r`:                               "=> [<nil>];",
		`var p *slim.RestorePlan; p, err := p, error(nil); p`: "=> [<nil>];",
		`var d display.Rich; d`:                               "=> [];",
		`&T{3}`:                                               "=> [3];",
	} {
		if got := play(t, s, src); got != want {
			t.Errorf("%s: %q, %q is wanted", src, got, want)
		}
	}
	if got := play(t, s, `var t *T; t`, `kept`); got == "" || got[len(got)-7:] != "=> [7];" {
		t.Errorf("a method that panics on nil: %q", got)
	}
}
