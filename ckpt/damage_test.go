package ckpt

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type damageCase struct {
	Case, Base, Prefix string
	Restored           []string
	Edits              []edit
	Tensors            map[string]json.RawMessage
}

type edit struct {
	File, Op, Hex, With, From string
	At, Len, Xor              int
}

// Whatever TensorFlow refuses, or dies of, is an error here too or reads as
// what was saved; whatever is sound reads; nothing panics.
func TestReferenceDamage(t *testing.T) {
	root := reference(t, "corrupt")
	var cases []damageCase
	decodeJSON(t, filepath.Join(root, "cases.json"), &cases)
	saved := map[string]map[string]*Tensor{}
	for _, c := range cases {
		if saved[c.Base] == nil {
			saved[c.Base] = baseTensors(t, filepath.Join(root, c.Base))
		}
		t.Run(c.Case, func(t *testing.T) { checkDamage(t, root, c, saved[c.Base]) })
	}
	t.Logf("%d cases", len(cases))
}

func checkDamage(t *testing.T, root string, c damageCase, saved map[string]*Tensor) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, c.Base))); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Edits {
		apply(t, dir, e)
	}
	names := c.Restored
	if names == nil {
		for name := range saved {
			names = append(names, name)
		}
	}
	r, err := Open(filepath.Join(dir, c.Prefix))
	if err == nil {
		defer r.Close()
		err = errors.Join(r.Verify(nil), compare(t, r, names, saved, c))
	}
	switch {
	case strings.Contains(c.Case, "sound") && err != nil:
		t.Errorf("sound, but: %v", err)
	case err == nil:
	case strings.Contains(err.Error(), dir), strings.Contains(err.Error(), "tensor"):
	default:
		t.Errorf("the error names neither file nor tensor: %v", err)
	}
}

// compare reads the tensors that a restore asks for. One that reads as what it
// was not is refused by whoever knows its type and shape, or is a silent
// falsehood, unless TensorFlow reads it so too: then only the values tell.
func compare(t *testing.T, r *Reader, names []string, saved map[string]*Tensor, c damageCase) error {
	var errs []error
	for _, name := range names {
		got, err := r.Tensor(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		was := saved[name]
		if was == nil || got.DType != was.DType || !slices.Equal(got.Shape, was.Shape) || hash(got) == hash(was) {
			continue
		}
		if strings.Contains(string(c.Tensors[name]), "wrong, no error") {
			t.Logf("%s reads as something else, and TensorFlow reads it so too", name)
			continue
		}
		t.Errorf("%s reads without an error as what was not saved", name)
	}
	return errors.Join(errs...)
}

func baseTensors(t *testing.T, dir string) map[string]*Tensor {
	r, err := Open(filepath.Join(dir, "m.ckpt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all := map[string]*Tensor{}
	for _, name := range r.Names() {
		if all[name], err = r.Tensor(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// apply makes one edit of the reference's little language.
func apply(t *testing.T, dir string, e edit) {
	t.Helper()
	path := filepath.Join(dir, e.File)
	data, _ := os.ReadFile(path) // "replace" and "mkdir" need no file
	raw, err := hex.DecodeString(e.Hex)
	if err != nil {
		t.Fatal(err)
	}
	edits := map[string]func(){
		"truncate": func() { data = data[:e.At] },
		"flip":     func() { data[e.At] ^= byte(e.Xor) },
		"zero":     func() { clear(data[e.At : e.At+e.Len]) },
		"insert":   func() { data = append(data[:e.At:e.At], append(raw, data[e.At:]...)...) },
		"append":   func() { data = append(data, raw...) },
		"replace":  func() { data = raw },
		"copy":     func() { data, err = os.ReadFile(filepath.Join(dir, e.From)) },
	}
	switch f := edits[e.Op]; {
	case f != nil:
		f()
		if err == nil {
			err = os.WriteFile(path, data, 0o644)
		}
	case e.Op == "delete":
		err = os.RemoveAll(path)
	case e.Op == "mkdir":
		if err = os.RemoveAll(path); err == nil {
			err = os.Mkdir(path, 0o755)
		}
	case e.Op == "swap":
		err = swapFiles(path, filepath.Join(dir, e.With))
	default:
		t.Fatalf("unknown edit %q", e.Op)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func swapFiles(a, b string) error {
	for _, m := range [][2]string{{a, a + ".swap"}, {b, a}, {a + ".swap", b}} {
		if err := os.Rename(m[0], m[1]); err != nil {
			return err
		}
	}
	return nil
}
