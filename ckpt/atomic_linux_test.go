package ckpt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// limitFiles lets the system stop this process at the byte of that number, of
// whichever file it writes.
func limitFiles(t *testing.T, bytes string) {
	if bytes == "" {
		return
	}
	n, err := strconv.ParseUint(bytes, 10, 64)
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A writer that is stopped at any byte of its files leaves the checkpoint that
// was there.
func TestStoppedAtByte(t *testing.T) {
	for _, format := range everyFormat {
		path := filepath.Join(t.TempDir(), "model.ckpt")
		save(t, path, format, generation(0))
		for i := range 2 * kills(t) {
			at := rand.IntN(1_200_000) // anywhere in the values
			if i%2 == 0 {
				at = rand.IntN(1000) // in the index or the header too
			}
			cmd := exec.Command(os.Args[0], "-test.run", "^TestWriteForever$")
			cmd.Env = append(os.Environ(), "CKPT_TEST_PATH="+path, "CKPT_TEST_FORMAT="+format, fmt.Sprint("CKPT_TEST_LIMIT=", at))
			if err := cmd.Run(); err == nil {
				t.Fatalf("%s: the writer was not stopped at byte %d", format, at)
			}
			if n := checkWhole(t, path); n != 0 {
				t.Fatalf("%s: stopped at byte %d, generation %d is there", format, at, n)
			}
		}
		checkTidy(t, path, format)
	}
}
