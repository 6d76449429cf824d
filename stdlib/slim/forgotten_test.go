package slim

import (
	"context"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/host"
)

// shown is a host that keeps what is displayed.
type shown struct {
	host.Host
	texts []string
}

func (s *shown) Context() context.Context        { return context.Background() }
func (s *shown) Display(_ string, b host.Bundle) { s.texts = append(s.texts, b["text/plain"]) }
func (s *shown) take() (texts []string)          { texts, s.texts = s.texts, nil; return texts }
func fetch(t *testing.T, g *graph.Graph) *graph.Variable {
	return must[*graph.Variable](t)(g.Variable("net/conv1/weights"))
}

// A restore that was made ready and never done is told by the first run that
// uses what it was for: TF-Slim trains random weights then, and says nothing.
func TestForgottenRestore(t *testing.T) {
	h := &shown{}
	defer host.Install(h)()
	path := checkpoint(t, net...)
	for name, ready := range map[string]func(g *graph.Graph, s *Selection) func(*graph.Session) error{
		"a plan": func(_ *graph.Graph, s *Selection) func(*graph.Session) error { return plan(t, path, s).Apply },
		"a function": func(_ *graph.Graph, s *Selection) func(*graph.Session) error {
			return must[func(*graph.Session) error](t)(AssignFromCheckpointFn(path, s.Variables, RestoreOptions{}))
		},
		"an assignment": func(_ *graph.Graph, s *Selection) func(*graph.Session) error {
			return must[*Assignment](t)(AssignFromCheckpoint(path, s.Variables, false)).Run
		},
	} {
		g := small(t, net...)
		apply := ready(g, must[*Selection](t)(VariablesToRestore(g, Exclude("net/logits"))))
		sess := must[*graph.Session](t)(graph.NewSession(g))
		head := must[*graph.Variable](t)(g.Variable("net/logits/weights"))
		if _, err := sess.Run(nil, head); err != nil || len(h.take()) > 0 {
			t.Errorf("%s: a run of what is not to be restored warns, or fails: %v", name, err)
		}
		for i := range 2 {
			if _, err := sess.Run(nil, fetch(t, g)); err != nil {
				t.Fatal(err)
			}
			texts := h.take()
			if want := 1 - i; len(texts) != want {
				t.Errorf("%s: %d warnings in run %d: %q", name, len(texts), i, texts)
			} else if i == 0 && (!strings.Contains(texts[0], path) || !strings.Contains(texts[0], "2 variables (net/conv1/biases is the first)")) {
				t.Errorf("%s: %q", name, texts[0])
			}
		}
		again := must[*graph.Session](t)(graph.NewSession(g)) // as when the cell that makes it is run again
		if len(again.Unrestored()) != 1 {
			t.Errorf("%s: another session does not tell", name)
		}
		if err := apply(again); err != nil || len(again.Unrestored()) > 0 {
			t.Errorf("%s: it is said to be unrestored behind its restore (%v)", name, err)
		}
	}
}

// Who changes their mind and restores less, or from another file, is not told
// off for the first plan.
func TestAbandonedPlan(t *testing.T) {
	h := &shown{}
	defer host.Install(h)()
	g := small(t, net...)
	plan(t, checkpoint(t, net...), must[*Selection](t)(VariablesToRestore(g)))
	sess := must[*graph.Session](t)(graph.NewSession(g))
	if err := plan(t, checkpoint(t, net...), must[*Selection](t)(VariablesToRestore(g, Exclude("net/logits")))).Apply(sess); err != nil {
		t.Fatal(err)
	}
	if _, err := sess.Run(nil, fetch(t, g)); err != nil || len(h.take()) > 0 || len(sess.Unrestored()) > 0 {
		t.Errorf("warned of a plan whose variables were restored by another (%v)", err)
	}
	if err := sess.Init(must[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, ""))...); err != nil || len(sess.Unrestored()) > 0 {
		t.Errorf("warned of values that were thrown away by name (%v)", err)
	}
}
