package slim_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"graft/stdlib/graph"
)

const classroom = 30

// pss is this process's proportional share of the memory, in kB: its own pages,
// and of shared ones its part.
func pss(t *testing.T) (kilobytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kilobytes); err == nil {
			return kilobytes
		}
	}
	t.Skip("left out: /proc/self/smaps_rollup has no Pss")
	return 0
}

// TestRestoreAndHold is not a test but a process of TestClassroomSharesWeights:
// it says its share of memory before and after it restored and ran the layer,
// each when it is asked.
func TestRestoreAndHold(t *testing.T) {
	path := os.Getenv("SLIM_TEST_SHARE")
	if path == "" {
		t.Skip("only for TestClassroomSharesWeights")
	}
	in := bufio.NewScanner(os.Stdin)
	say := func() {
		fmt.Println("ready")
		in.Scan() // all are
		fmt.Println("pss", pss(t))
		in.Scan() // all have looked
	}
	g, x, y, plan := dense(t, path)
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	say()
	if err := plan.Apply(sess); err != nil {
		t.Fatal(err)
	}
	if cpu := ok[string](t)(graph.CPU()); !strings.HasPrefix(cpu, "plain Go") { // the portable kernels pack weights into memory of their own
		feed := graph.Feeds{x: ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, wide), 1, wide))}
		out := ok[[]*graph.Tensor](t)(sess.Run(feed, y))
		if got := out[0].Data().([]float32); got[0] != 0 {
			t.Errorf("got %v", got[0])
		}
	}
	say()
}

// Processes that restored one checkpoint, and use it, hold its weights once
// between them.
func TestClassroomSharesWeights(t *testing.T) {
	pss(t) // or skip
	path := saved(t)
	type child struct {
		out *bufio.Scanner
		in  func()
	}
	var children []child
	for range classroom {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestRestoreAndHold$")
		cmd.Env = append(os.Environ(), "SLIM_TEST_SHARE="+path, "GOMAXPROCS=1")
		stdin := ok[interface {
			Write([]byte) (int, error)
			Close() error
		}](t)(cmd.StdinPipe())
		stdout := ok[interface {
			Read([]byte) (int, error)
			Close() error
		}](t)(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait() // after stdin is closed
		defer stdin.Close()
		children = append(children, child{bufio.NewScanner(stdout), func() { fmt.Fprintln(stdin) }})
	}
	// sum is what all hold at a moment when all are ready.
	sum := func() (total int) {
		for _, c := range children {
			if c.out.Scan(); c.out.Text() != "ready" {
				t.Fatalf("a process says %q", c.out.Text())
			}
		}
		for _, c := range children {
			var n int
			c.in()
			c.out.Scan()
			if _, err := fmt.Sscanf(c.out.Text(), "pss %d", &n); err != nil {
				t.Fatalf("a process says %q: %v", c.out.Text(), err)
			}
			total += n
		}
		for _, c := range children {
			c.in()
		}
		return total
	}
	before := sum()
	grown := sum() - before
	file := wide * 4 // kB
	t.Logf("%d processes restored and ran %d kB: they hold %d kB more in all", classroom, file, grown)
	if grown > 6*file {
		t.Errorf("%d processes that restored %d kB hold %d kB more: they do not share it", classroom, file, grown)
	}
}
