package ckpt

import (
	"path/filepath"
	"slices"
	"testing"
)

// NumPy, safetensors and PyTorch wrote these files (.ci/ckpt_peers.py, with
// .ci/ckpt_peers.txt's versions), and said what is in them.
func TestPeersFiles(t *testing.T) {
	for _, peer := range []string{"npz", "safetensors", "pytorch"} {
		var files map[string][]wanted
		decodeJSON(t, filepath.Join(peer, "testdata", "manifest.json"), &files)
		for file, tensors := range files {
			t.Run(file, func(t *testing.T) {
				r, err := Open(filepath.Join(peer, "testdata", file))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				var names []string
				for _, want := range tensors {
					names = append(names, want.Name)
					checkTensor(t, r, want)
				}
				slices.Sort(names)
				if got := r.Names(); !slices.Equal(got, names) {
					t.Errorf("names %q, want %q", got, names)
				}
				if err := r.Verify(nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A run's checkpoint of PyTorch holds more than tensors, and says so.
func TestNotes(t *testing.T) {
	r, err := Open(filepath.Join("pytorch", "testdata", "run1.pt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range []string{"epoch", "note", "history.0", "optimizer.param_groups.0.lr"} {
		if !slices.Contains(r.Notes(), want) {
			t.Errorf("%q is not among %q", want, r.Notes())
		}
	}
}
