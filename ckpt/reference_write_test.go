package ckpt

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What this package writes of a checkpoint of one file is, byte for byte, what
// TensorFlow wrote, partitioned variables in their slices.
func TestReferenceWrittenAsTensorFlow(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(reference(t, "checkpoints"), "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range found {
		var m manifest
		decodeJSON(t, path, &m)
		dir := filepath.Dir(path)
		if len(m.Tensors) == 0 || len(m.Nodes) > 0 {
			continue // TF2 writes objects in an order of its own
		}
		t.Run(filepath.Base(dir), func(t *testing.T) { checkRewritten(t, filepath.Join(dir, m.Prefix), m.Format) })
		n++
	}
	t.Logf("%d checkpoints", n)
}

func checkRewritten(t *testing.T, source, format string) {
	r, err := Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	suffixes := map[string][]string{"V1": {""}, "V2": {".index", ".data-00000-of-00001"}}[format]
	if len(r.Files()) != len(suffixes) {
		t.Skip("in several shards, whose number this writer chooses")
	}
	path := filepath.Join(t.TempDir(), "model.ckpt")
	w, err := CreateAs(path, format)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range r.Names() { // the Saver wrote in name order too
		if err := copyTensor(r, w, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range suffixes {
		got, _ := os.ReadFile(path + suffix)
		want, _ := os.ReadFile(source + suffix)
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from TensorFlow's: %d bytes, want %d", suffix, len(got), len(want))
		}
	}
}

// copyTensor writes a tensor as it is stored, in one piece or in slices.
func copyTensor(r *Reader, w TensorWriter, name string) error {
	info, err := r.Info(name)
	if err != nil {
		return err
	}
	if len(info.Slices) == 0 {
		tensor, err := r.Tensor(name)
		if err != nil {
			return err
		}
		return w.Add(tensor)
	}
	for _, s := range info.Slices {
		part, err := r.Slice(name, s)
		if err == nil {
			err = w.(SliceWriter).AddSlice(info, s, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
