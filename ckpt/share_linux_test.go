package ckpt

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

const (
	sharing   = 30
	sharedMiB = 32
)

// TestHoldPages is not a test but a process of TestProcessesSharePages: it
// pins the weights, reads them, says so, and waits.
func TestHoldPages(t *testing.T) {
	path := os.Getenv("CKPT_TEST_SHARE")
	if path == "" {
		t.Skip("only for TestProcessesSharePages")
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.View("weights")
	if err != nil {
		t.Fatal(err)
	}
	weights := v.Pin()
	r.Close()
	sum := 0
	for _, b := range weights.Data {
		sum += int(b)
	}
	fmt.Printf("held %d\n", sum)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it
}

// Processes that restored one checkpoint hold its pages once between them: their
// proportional shares add up to it, not to thirty of it.
func TestProcessesSharePages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared")
	save(t, path, "V2", []*Tensor{tensors.New(TensorInfo{Name: "weights", DType: Float32, Shape: []int{sharedMiB << 18}})})
	var all []*exec.Cmd
	for range sharing {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestHoldPages$")
		cmd.Env = append(os.Environ(), "CKPT_TEST_SHARE="+path)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait() // after stdin is closed
		defer stdin.Close()
		if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.HasPrefix(line, "held") {
			t.Fatalf("%q, %v", line, err)
		}
		all = append(all, cmd)
	}
	var kilobytes, private int
	for _, cmd := range all {
		p, d := share(t, cmd.Process.Pid, path)
		kilobytes, private = kilobytes+p, private+d
	}
	t.Logf("%d processes hold %d MiB: %d kB in all, %d kB of it private", sharing, sharedMiB, kilobytes, private)
	if kilobytes > 2*sharedMiB<<10 {
		t.Errorf("%d processes hold %d kB of a file of %d kB", sharing, kilobytes, sharedMiB<<10)
	}
}

// share is a process's proportional share of a file's pages, and how many it
// has changed.
func share(t *testing.T, pid int, path string) (pss, dirty int) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		t.Skipf("left out: %v", err)
	}
	defer f.Close()
	ours := false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if strings.Contains(line, "-") && strings.Contains(line, " r") {
			ours = strings.Contains(line, path)
		}
		var n int
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &n); ours && err == nil {
			pss += n
		}
		if _, err := fmt.Sscanf(line, "Private_Dirty: %d kB", &n); ours && err == nil {
			dirty += n
		}
	}
	return pss, dirty
}
