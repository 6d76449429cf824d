package ckpt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Both checkpoints hold the scalars a=0.5 and b=2 and were written by
// TensorFlow.
const (
	footerZeros = "000000000000000000000000000000000000000000000000000000000000000000000000"
	goldenV1    = "00001c0a1a0a090a01611200180122000a090a01621200180122001202080100050f0061000100120d0a016112001a062a040000003f01040f62000100120d0a016212001a062a040000004000000000010000000016979666" +
		"000000000100000000c0f2a1b0" + "0001020100540000000001000000000ce3965a" + "5908660e" + footerZeros + "57fb808b247547db"
	goldenIndex = "00000608011a02080100010b61080112002804350638271f00010d6208011200200428043510fd784f0000000001000000006c129ef3" +
		"000000000100000000c0f2a1b0" + "000102630031000000000100000000" + "54f2762d" + "3608430e" + footerZeros + "57fb808b247547db"
	goldenData = "0000003f00000040"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func goldenV2(t testing.TB, dir string) string {
	prefix := filepath.Join(dir, "v2.ckpt")
	write(t, prefix+".index", unhex(t, goldenIndex))
	write(t, prefix+".data-00000-of-00001", unhex(t, goldenData))
	return prefix
}

func TestGolden(t *testing.T) {
	dir := t.TempDir()
	v1 := filepath.Join(dir, "v1.ckpt")
	write(t, v1, unhex(t, goldenV1))
	v2 := goldenV2(t, dir)
	for _, path := range []string{v1, v2, v2 + ".index", v2 + ".data-00000-of-00001", v2 + ".meta"} {
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float32{"a": 0.5, "b": 2} {
			tensor, err := r.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tensor.Float32s()
			if err != nil || len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %v (%v), want %v", path, name, got, err, want)
			}
		}
		if !strings.Contains(r.String(), "2 tensors, 2 values, 8 B") {
			t.Errorf("listing:\n%s", r)
		}
		r.Close()
	}
}

func TestWriteGolden(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "m")
	w, err := Create(prefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ name, value string }{{"a", "0000003f"}, {"b", "00000040"}} {
		if err := w.Add(&Tensor{Name: v.name, DType: Float32, Data: unhex(t, v.value)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(prefix + ".index"); err == nil {
		t.Error("the index is there before Close")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(prefix + ".index")
	if hex.EncodeToString(got) != goldenIndex {
		t.Errorf("index is %x", got)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(prefix), "*tempstate*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, c := range []struct {
		tensor Tensor
		want   string
	}{
		{Tensor{Name: "", DType: Float32, Data: make([]byte, 4)}, "name must not be empty"},
		{Tensor{Name: "x", DType: Float32, Shape: []int{2}, Data: make([]byte, 4)}, "4 bytes given"},
		{Tensor{Name: "x", DType: Float32, Shape: []int{-1}}, "is not a shape"},
		{Tensor{Name: "x", DType: String, Shape: []int{3}}, "0 strings given"},
	} {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, "m"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&c.tensor); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
		if err := w.Close(); err == nil {
			t.Error("Close of a failed writer succeeded")
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestNotFound(t *testing.T) {
	r, err := Open(goldenV2(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var missing *NotFoundError
	if _, err := r.Tensor("net/a"); !errors.As(err, &missing) || len(missing.Suggestions) != 1 || missing.Suggestions[0] != "a" {
		t.Errorf("got %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestForeignFiles(t *testing.T) {
	for content, want := range map[string]string{
		"<!doctype html><p>404":                      "a web page",
		"version https://git-lfs.github.com/spec/v1": "git lfs pull",
		"\x1f\x8b\x08rest":                           "gzip",
		"PK\x03\x04":                                 "zip archive",
		"":                                           "empty",
		strings.Repeat("x", 100):                     "a text that begins",
		strings.Repeat("\x01x", 100):                 "not a table",
	} {
		path := filepath.Join(t.TempDir(), "model.ckpt")
		write(t, path, []byte(content))
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.12q: got %v, want %q", content, err, want)
		}
	}
}

func TestCheckpointState(t *testing.T) {
	dir := t.TempDir()
	first, last := filepath.Join(dir, "mödel-1"), goldenV2(t, dir)
	if err := UpdateCheckpointState(dir, last, []string{first}); err != nil {
		t.Fatal(err)
	}
	s, err := GetCheckpointState(dir)
	if err != nil || s.Latest != last || len(s.All) != 2 || s.All[0] != first {
		t.Errorf("got %+v, %v", s, err)
	}
	moved := t.TempDir()
	goldenV2(t, moved)
	write(t, filepath.Join(moved, "checkpoint"), []byte(`model_checkpoint_path: "/gone/v2.ckpt"`))
	if got, err := LatestCheckpoint(moved); err != nil || got != filepath.Join(moved, "v2.ckpt") {
		t.Errorf("moved folder: got %q, %v", got, err)
	}
}

func TestNamesThatComeClosest(t *testing.T) {
	names := []string{"", "net/conv1/biases", "net/conv1/weights", "net/conv10/weights", "net/fc/weights"}
	for name, want := range map[string]string{
		"net/conv1/weights:0": "[net/conv1/weights]",
		"net/conv1/wieghts":   "[net/conv1/weights]",
		"net/conv2/weights":   "[net/conv1/weights net/conv10/weights net/fc/weights]",
		"conv1":               "[net/conv1/biases net/conv1/weights net/conv10/weights]",
		"nothing":             "[]",
	} {
		if got := fmt.Sprint(closest(name, names, 3)); got != want {
			t.Errorf("%s: %s, %s are wanted", name, got, want)
		}
	}
}
