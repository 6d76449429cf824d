package train

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"graft/stdlib/graph"
)

// killedOptions are the run that is killed: it saves every second step, and the
// best whenever there is a better one.
func killedOptions(t *testing.T, n *little, dir string) Options {
	o := n.options(t)
	o.Vars, o.Dir, o.SaveEvery, o.EvaluateEvery, o.Epochs, o.Steps = nil, dir, 2, 3, 0, 200
	return o
}

// TestKilledChild is the process that TestKilled kills.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("GRAFT_KILLED_DIR")
	if dir == "" {
		t.Skip("it runs as a child of TestKilled")
	}
	o := killedOptions(t, newLittle(t, 3, true), dir)
	o.OnStep = func(r StepRecord) error {
		fmt.Printf("\nstep %d\n", r.Step)
		return nil
	}
	ok[*History](t)(Run(o))
	fmt.Println("\nfinished")
}

// TestKilled kills a training process at random moments, again and again, each
// time going on with what the one before left. Whatever the moment, the folder
// has a checkpoint that loads and is not older than two steps before the last
// one that was reported. GRAFT_KILLS is how often; .ci/slow says 200.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts processes")
	}
	kills := 6
	if s := os.Getenv("GRAFT_KILLS"); s != "" {
		kills = ok[int](t)(strconv.Atoi(s))
	}
	whole := newLittle(t, 3, true)
	want := everything(t, whole, ok[*History](t)(Run(killedOptions(t, whole, t.TempDir()))))
	r := rand.New(rand.NewPCG(uint64(kills), 1))
	dir, ended, ends := t.TempDir(), 0, 0
	for i := range kills {
		reported, finished := killOne(t, dir, time.Duration(r.IntN(250))*time.Millisecond)
		if reported == 0 && ended == 0 { // killed before its first step
			continue
		}
		ended = lookAt(t, dir, max(reported-2, ended))
		if finished {
			ends++
			other := newLittle(t, 3, true)
			o := killedOptions(t, other, dir)
			if got := everything(t, other, ok[*History](t)(Run(o))); got != want {
				t.Fatalf("kill %d: the run that was killed again and again ended otherwise:\n%s", i, firstDifference(got, want))
			}
			dir, ended = t.TempDir(), 0
		}
	}
	t.Logf("%d kills, %d runs finished in spite of them, the last stands at step %d", kills, ends, ended)
	other := newLittle(t, 3, true)
	if got := everything(t, other, ok[*History](t)(Run(killedOptions(t, other, dir)))); got != want {
		t.Fatalf("the run that was killed again and again ended otherwise:\n%s", firstDifference(got, want))
	}
}

// killOne starts the child, kills it a while after its first step at the
// latest, and returns the last step it reported.
func killOne(t *testing.T, dir string, after time.Duration) (last int, finished bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledChild$")
	cmd.Env = append(os.Environ(), "GRAFT_KILLED_DIR="+dir)
	out := ok[io.ReadCloser](t)(cmd.StdoutPipe())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, is := strings.CutPrefix(lines.Text(), "step "); is {
			last, _ = strconv.Atoi(n)
		}
		finished = finished || lines.Text() == "finished"
	}
	_ = cmd.Wait() // it was killed
	return last, finished
}

// lookAt loads what a killed process left, and returns its step.
func lookAt(t *testing.T, dir string, promised int) int {
	t.Helper()
	path, err := LatestCheckpoint(dir)
	if err != nil {
		if promised <= 0 {
			return 0
		}
		t.Fatalf("after step %d: %v", promised, err)
	}
	n := newLittle(t, 3, true)
	o := killedOptions(t, n, dir)
	whole := ok[Options](t)(o.complete())
	ok[*runNodes](t)(whole.nodes())
	if err := ok[*Saver](t)(NewSaver(n.g)).Restore(n.sess, path); err != nil {
		t.Fatal(err)
	}
	step := ok[int](t)(stepOf(n.sess))
	if step < promised {
		t.Fatalf("the checkpoint is of step %d, one of %d or later was promised", step, promised)
	}
	h := ok[*History](t)(ReadHistory(dir + "/history.json"))
	if err := h.cut(step); err != nil {
		t.Fatal(err)
	}
	if best := dir + "/best"; h.Best() != nil {
		ok[string](t)(LatestCheckpoint(best))
	}
	for _, v := range ok[[]*graph.Variable](t)(n.g.Collection(graph.TrainableVariables, "")) {
		if i := slices.IndexFunc(values(t, n.sess, v), func(x float32) bool { return x-x != 0 }); i >= 0 {
			t.Fatalf("%s[%d] is not finite", v.Name(), i)
		}
	}
	return step
}
