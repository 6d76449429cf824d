package tensorbundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// bytesOf is a uint8 tensor.
func bytesOf(name, data string, shape ...int) *tensors.Tensor {
	return &tensors.Tensor{Name: name, DType: tensors.Uint8, Shape: shape, Data: []byte(data)}
}

// A variable written in slices, in another order and over several shards,
// reads as one and by any box; the shards balance.
func TestSlicesAndShards(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "m")
	w, err := CreateSharded(prefix, 3)
	if err != nil {
		t.Fatal(err)
	}
	whole := tensors.Info{Name: "v", DType: tensors.Uint8, Shape: []int{2, 4}}
	all := tensors.Extent{Length: -1}
	err = errors.Join(
		w.AddSlice(whole, tensors.Slice{all, {Start: 2, Length: 2}}, bytesOf("", "cdgh", 2, 2)),
		w.AddSlice(whole, tensors.Slice{all, {Start: 0, Length: 2}}, bytesOf("", "abef", 2, 2)),
		w.Add(bytesOf("x", "1234", 4)),
		w.Close())
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if v, err := b.Tensor("v"); err != nil || string(v.Data) != "abcdefgh" {
		t.Errorf("got %v, %v", v, err)
	}
	if v, err := b.Slice("v", tensors.Slice{{Start: 1, Length: 1}, {Start: 1, Length: 2}}); err != nil || string(v.Data) != "fg" {
		t.Errorf("got %v, %v", v, err)
	}
	for _, path := range b.Files()[1:] {
		if info, err := os.Stat(path); err != nil || info.Size() != 4 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

// A slice reads although the rest of its variable is damaged.
func TestSliceWithoutTheWhole(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "m")
	w, err := CreateSharded(prefix, 2)
	if err != nil {
		t.Fatal(err)
	}
	whole := tensors.Info{Name: "v", DType: tensors.Uint8, Shape: []int{4}}
	err = errors.Join(
		w.AddSlice(whole, tensors.Slice{{Start: 0, Length: 2}}, bytesOf("", "ab", 2)),
		w.AddSlice(whole, tensors.Slice{{Start: 2, Length: 2}}, bytesOf("", "cd", 2)),
		w.Close())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shardPath(prefix, 1, 2), []byte("XX"), 0o644); err != nil { // a wrong checksum
		t.Fatal(err)
	}
	b, err := Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if v, err := b.Slice("v", tensors.Slice{{Start: 0, Length: 2}}); err != nil || string(v.Data) != "ab" {
		t.Errorf("the sound slice: %v, %v", v, err)
	}
	if _, err := b.Tensor("v"); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("the whole: %v", err)
	}
}

func TestSlicesRefused(t *testing.T) {
	whole := tensors.Info{Name: "v", DType: tensors.Uint8, Shape: []int{4}}
	first := tensors.Slice{{Start: 0, Length: 2}}
	for name, c := range map[string]struct {
		add  func(w *Writer) error
		want string
	}{
		"a part missing": {func(w *Writer) error { return nil }, "hold 2 elements"},
		"an overlap": {func(w *Writer) error {
			return w.AddSlice(whole, tensors.Slice{{Start: 1, Length: 2}}, bytesOf("", "bc", 2))
		}, "covers what"},
		"another shape": {func(w *Writer) error {
			return w.AddSlice(tensors.Info{Name: "v", DType: tensors.Uint8, Shape: []int{5}}, tensors.Slice{{Start: 2, Length: 2}}, bytesOf("", "cd", 2))
		}, "[4]"},
		"a part of another shape": {func(w *Writer) error {
			return w.AddSlice(whole, tensors.Slice{{Start: 2, Length: 2}}, bytesOf("", "cde", 3))
		}, "want uint8 of shape [2]"},
		"beyond the end": {func(w *Writer) error {
			return w.AddSlice(whole, tensors.Slice{{Start: 3, Length: 2}}, bytesOf("", "de", 2))
		}, "does not lie inside"},
		"whole as well": {func(w *Writer) error { return w.Add(bytesOf("v", "abcd", 4)) }, "added before"},
	} {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, "m"))
		if err != nil {
			t.Fatal(err)
		}
		err = w.AddSlice(whole, first, bytesOf("", "ab", 2))
		if err == nil {
			err = errors.Join(c.add(w), w.Close())
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}
