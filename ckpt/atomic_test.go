package ckpt

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// generation is what the writer below saves again and again: n everywhere.
func generation(n byte) []*Tensor {
	var out []*Tensor
	for i := range 4 {
		t := &Tensor{Name: fmt.Sprintf("layer%d/weights", i), DType: Uint8, Shape: []int{300, 1000}, Data: make([]byte, 300_000)}
		for j := range t.Data {
			t.Data[j] = n
		}
		out = append(out, t)
	}
	return out
}

// TestWriteForever is not a test but the process that TestKilledWriter kills and
// TestStoppedAtByte stops.
func TestWriteForever(t *testing.T) {
	path, format := os.Getenv("CKPT_TEST_PATH"), os.Getenv("CKPT_TEST_FORMAT")
	if path == "" {
		t.Skip("only for TestKilledWriter and TestStoppedAtByte")
	}
	limitFiles(t, os.Getenv("CKPT_TEST_LIMIT"))
	fmt.Println("writing")
	for n := byte(1); ; n++ {
		save(t, path, format, generation(n))
	}
}

// kills is how often TestKilledWriter kills: a few times, or GRAFT_KILLS in all
// (.ci/slow).
func kills(t *testing.T) int {
	text := os.Getenv("GRAFT_KILLS")
	if text == "" {
		return 6
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("GRAFT_KILLS=%s: %v", text, err)
	}
	return n
}

// A writer that is killed at any moment leaves a checkpoint that is whole: the
// one before or its own.
func TestKilledWriter(t *testing.T) {
	for _, format := range everyFormat {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "model.ckpt")
			save(t, path, format, generation(0))
			seen := map[byte]bool{}
			for range kills(t) {
				cmd := exec.Command(os.Args[0], "-test.run", "^TestWriteForever$")
				cmd.Env = append(os.Environ(), "CKPT_TEST_PATH="+path, "CKPT_TEST_FORMAT="+format)
				out, err := cmd.StdoutPipe()
				if err == nil {
					err = cmd.Start()
				}
				if err != nil {
					t.Fatal(err)
				}
				if line, err := bufio.NewReader(out).ReadString('\n'); line != "writing\n" {
					t.Fatalf("the writer says %q, %v", line, err)
				}
				time.Sleep(time.Duration(rand.IntN(80_000)) * time.Microsecond)
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait() // it was killed, and says so
				seen[checkWhole(t, path)] = true
			}
			t.Logf("%d generations seen", len(seen))
			checkTidy(t, path, format)
		})
	}
}

// checkTidy holds that a save after crashes leaves one set of files and what
// the crashes left under temporary names, which goes when it is old.
func checkTidy(t *testing.T, path, format string) {
	t.Helper()
	left, err := filepath.Glob(path + "*tempstate*")
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	for _, f := range left {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	save(t, path, format, generation(7))
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) > 3 || checkWhole(t, path) != 7 {
		t.Errorf("left %q, %v", files, err)
	}
}

// While a checkpoint is written over again and again, whoever opens it gets
// one generation, whole, and keeps it.
func TestReadWhileWrittenOver(t *testing.T) {
	for _, format := range everyFormat {
		path := filepath.Join(t.TempDir(), "model.ckpt")
		save(t, path, format, generation(0))
		done := make(chan bool)
		go func() {
			defer close(done)
			for n := range byte(20) {
				save(t, path, format, generation(n))
			}
		}()
		for reading := true; reading; {
			select {
			case <-done:
				reading = false
			default:
			}
			checkWhole(t, path)
		}
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range byte(3) {
			save(t, path, format, generation(50+n))
		}
		if v, err := r.Tensor("layer0/weights"); err != nil || v.Data[0] != 19 {
			t.Errorf("%s: an open checkpoint after three more were written over it: %v", format, err)
		}
		r.Close()
	}
}

// checkWhole reads all of one generation.
func checkWhole(t *testing.T, path string) byte {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Names()) != 4 {
		t.Fatalf("%d tensors", len(r.Names()))
	}
	var n byte
	for i, name := range r.Names() {
		v, err := r.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			n = v.Data[0]
		}
		if slices.ContainsFunc(v.Data, func(b byte) bool { return b != n }) {
			t.Fatalf("%s is of two generations", name)
		}
	}
	return n
}

// Saving over a checkpoint leaves one set of files, whatever was there.
func TestSavedOver(t *testing.T) {
	for _, format := range everyFormat {
		dir := t.TempDir()
		path := filepath.Join(dir, "model.ckpt")
		for n := range byte(5) {
			save(t, path, format, generation(n))
			if got := checkWhole(t, path); got != n {
				t.Errorf("%s: generation %d, want %d", format, got, n)
			}
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, f := range files {
			names = append(names, f.Name())
		}
		if len(names) > 3 || strings.Contains(strings.Join(names, " "), "tempstate") {
			t.Errorf("%s: left %v", format, names)
		}
	}
}

// A writer whose checkpoint is given up leaves nothing and what was there.
func TestAborted(t *testing.T) {
	for _, format := range everyFormat {
		dir := t.TempDir()
		path := filepath.Join(dir, "model.ckpt")
		save(t, path, format, generation(1))
		before, _ := os.ReadDir(dir)
		w, err := CreateAs(path, format)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(generation(2)[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(generation(3)[0]); err == nil || !strings.Contains(err.Error(), "added before") {
			t.Errorf("%s: a name given twice: %v", format, err)
		}
		if err := w.Close(); err == nil {
			t.Errorf("%s: Close after an error succeeded", format)
		}
		w.Abort()
		if after, _ := os.ReadDir(dir); len(after) != len(before) {
			t.Errorf("%s: left %v", format, after)
		}
		if checkWhole(t, path) != 1 {
			t.Errorf("%s: the old checkpoint is gone", format)
		}
	}
}
