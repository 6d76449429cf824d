package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated wants the assembly in stdlib/internal/picture/pixels to be what this
// command writes.
func TestGenerated(t *testing.T) {
	dir := t.TempDir()
	files := []string{"pixels_amd64.s", "stubs_amd64.go"}
	run := exec.Command("go", "run", ".", "-pkg", "pixels", "-out", filepath.Join(dir, files[0]), "-stubs", filepath.Join(dir, files[1]))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range files {
		fresh, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "stdlib", "internal", "picture", "pixels", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(body(fresh), body(kept)) {
			t.Errorf("%s is not what the generator writes: run it as its documentation says", name)
		}
	}
}

// body is all but the first line, which has the command.
func body(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest
}
