package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What a crash left long ago goes with the next writing of the same file; a
// file that is being written, another's and other names stay.
func TestLeftoversGo(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * stale)
	for name, at := range map[string]time.Time{
		"m.index.tempstate123": old, "m.index.tempstate9": time.Now(), "m.index.tempstateX": old,
		"m.index": old, "n.index.tempstate123": old, "m.data.tempstate123": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Create(filepath.Join(dir, "m.index"))
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 5 {
		t.Errorf("left %v, %v", left, err)
	}
	for _, e := range left {
		if e.Name() == "m.index.tempstate123" {
			t.Error("the leftover stayed")
		}
	}
}
