package mapped

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mapped-file")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBytes(t *testing.T) {
	f, err := Open(file(t, []byte("0123456789")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Bytes(2, 3)
	if err != nil || string(b) != "234" || cap(b) != 3 {
		t.Errorf("got %q of capacity %d, %v", b, cap(b), err)
	}
	for _, c := range [][2]int64{{8, 3}, {-1, 2}, {0, -1}, {1 << 62, 1 << 62}, {0, 11}} {
		if _, err := f.Bytes(c[0], c[1]); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	if b, err := f.Bytes(10, 0); err != nil || len(b) != 0 {
		t.Errorf("nothing at the end: %v, %v", b, err)
	}
	runtime.KeepAlive(f)
}

func TestNotAFile(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("got %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if f, err := Open(file(t, nil)); err != nil || f.Size() != 0 {
		t.Errorf("an empty file: %v", err)
	}
}

// mappings counts this process's mappings of path.
func mappings(t *testing.T, path string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("this system lists no mappings")
	}
	return bytes.Count(maps, []byte(path))
}

// A write to the bytes stays in this process.
func TestWriteStaysHere(t *testing.T) {
	path := file(t, []byte("0123456789"))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Bytes(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 'x'
	runtime.KeepAlive(f)
	if now, err := os.ReadFile(path); err != nil || string(now) != "0123456789" {
		t.Errorf("the file holds %q, %v", now, err)
	}
}

func TestMappingGoesWithItsFile(t *testing.T) {
	path := file(t, make([]byte, 1<<16))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if mappings(t, path) == 0 {
		t.Skip("files are not mapped here")
	}
	b, err := f.Bytes(100, 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	if mappings(t, path) == 0 {
		t.Error("the mapping went while its File was held")
	}
	_ = b[0]
	runtime.KeepAlive(f)
	f = nil
	for range 100 { // cleanups run in their own time after a collection
		runtime.GC()
		if mappings(t, path) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the mapping stayed although nothing holds it")
}

func TestPinnedMappingStays(t *testing.T) {
	path := file(t, []byte("0123456789"))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Bytes(3, 4)
	if err != nil {
		t.Fatal(err)
	}
	f.Pin()
	f = nil
	for range 5 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	if string(b) != "3456" {
		t.Errorf("got %q", b)
	}
}

// A file cut short under its mapping is an error where Guard stands.
func TestCutShortWhileMapped(t *testing.T) {
	path := file(t, make([]byte, 1<<20))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if mappings(t, path) == 0 {
		t.Skip("files are not mapped here")
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	err = Guard(func() error {
		b, err := f.Bytes(1<<19, 1)
		if err == nil {
			_ = bytes.Clone(b)
		}
		return err
	})
	runtime.KeepAlive(f)
	if err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("got %v", err)
	}
}
