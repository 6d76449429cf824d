package ckpt

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What a user points at is found, whatever it is called.
func TestOpenFinds(t *testing.T) {
	a := []*Tensor{{Name: "a", DType: Uint8, Data: []byte{1}}}
	for _, c := range []struct {
		what, open, format string
		make               func(dir string)
	}{
		{"a run's folder", "", "V2", func(dir string) {
			save(t, filepath.Join(dir, "m-1"), "V2", a)
			if err := UpdateCheckpointState(dir, filepath.Join(dir, "m-1"), nil); err != nil {
				t.Fatal(err)
			}
		}},
		{"a state file of another name", "best", "V1", func(dir string) {
			save(t, filepath.Join(dir, "m"), "V1", a)
			write(t, filepath.Join(dir, "best"), []byte(`model_checkpoint_path: "m"`))
		}},
		{"a SavedModel", "", "V2", func(dir string) {
			if err := os.Mkdir(filepath.Join(dir, "variables"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "saved_model.pb"), []byte{8, 1})
			save(t, filepath.Join(dir, "variables", "variables"), "V2", a)
		}},
		{"its graph", "saved_model.pb", "V2", func(dir string) {
			if err := os.Mkdir(filepath.Join(dir, "variables"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "saved_model.pb"), []byte{8, 1})
			save(t, filepath.Join(dir, "variables", "variables"), "V2", a)
		}},
		{"a folder of one checkpoint", "", "safetensors", func(dir string) { save(t, filepath.Join(dir, "model.safetensors"), "", a) }},
		{"a name without a format", "weights.bin", "npz", func(dir string) { save(t, filepath.Join(dir, "weights.bin"), "npz", a) }},
		{"a wrong ending", "weights.npz", "safetensors", func(dir string) { save(t, filepath.Join(dir, "weights.npz"), "safetensors", a) }},
		{"V1 under the name of an index", "m", "V1", func(dir string) { save(t, filepath.Join(dir, "m.index"), "V1", a) }},
		{"shards by the name they share", "m", "V1", func(dir string) { save(t, filepath.Join(dir, "m-00000-of-00001"), "V1", a) }},
		{"a shard", "m-00000-of-00001", "V1", func(dir string) { save(t, filepath.Join(dir, "m-00000-of-00001"), "V1", a) }},
		{"signs of a pattern in a name", "m[1]*", "V2", func(dir string) { save(t, filepath.Join(dir, "m[1]*"), "V2", a) }},
		{"and over it again", "m[1]*", "V2", func(dir string) {
			save(t, filepath.Join(dir, "m[1]*"), "V2", a)
			save(t, filepath.Join(dir, "m[1]*"), "V2", a)
		}},
	} {
		if runtime.GOOS == "windows" && strings.ContainsAny(c.open, "*") {
			continue
		}
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			c.make(dir)
			r, err := Open(filepath.Join(dir, c.open))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if r.Format() != c.format || !r.Has("a") {
				t.Errorf("%s with %v, want %s", r.Format(), r.Names(), c.format)
			}
		})
	}
}

// What is no checkpoint is called what it is, with what to do.
func TestOpenExplains(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		write(t, path, []byte(content))
		return path
	}
	for path, want := range map[string]string{
		"": "is empty",
		file("x.meta", "\x0a\x0f\x12\x05hello rest"):              "a graph",
		file("m", "\x0a\x04\x12\x02..more and more bytes here"):   "a graph",
		file("h5", "\x89HDF\r\n\x1a\n"+strings.Repeat("\x00", 9)): "graft ckpt convert",
		file("tar", strings.Repeat("\x01", 257)+"ustar  rest"):    "tar archive",
		file("gz", "\x1f\x8b\x08rest"):                            "tar xzf",
		file("s3", "<?xml version='1.0'?><Error>AccessDenied"):    "XML",
		file("pkl", "\x80\x04\x95rest"):                           "Python pickle",
		file("zeros", strings.Repeat("\x00", 2000)):               "all zeros",
		file("lfs", "version https://git-lfs.github.com/spec/v1"): "git lfs pull",
		file("n.data-00000-of-00001", "\x01\x02\x03"):             "put the .index beside it",
		filepath.Join(dir, "n"):                                   "copy the .index too",
		filepath.Join(dir, "absent"):                              "there is no checkpoint",
		filepath.Join(dir, "nowhere", "model"):                    "there is no folder",
		goldenV2(t, t.TempDir()) + "s":                            "did you mean ",
		t.TempDir():                                               "holds no checkpoint",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", filepath.Base(path), err, want)
		}
	}
	var foreign *FormatError
	if _, err := Open(filepath.Join(dir, "lfs")); !errors.As(err, &foreign) || foreign.Hint == "" {
		t.Errorf("got %v", err)
	}
}

// A real index beside a data file that is something else.
func TestForeignData(t *testing.T) {
	prefix := goldenV2(t, t.TempDir())
	write(t, prefix+".data-00000-of-00001", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"))
	r, err := Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Tensor("a"); err == nil || !strings.Contains(err.Error(), "git lfs pull") {
		t.Errorf("got %v", err)
	}
}

// A missing shard is missed at once, not when its first tensor is asked for.
func TestMissingShard(t *testing.T) {
	dir := t.TempDir()
	save(t, filepath.Join(dir, "m-00000-of-00002"), "V1", []*Tensor{{Name: "a", DType: Uint8, Data: []byte{1}}})
	for _, path := range []string{"m", "m-00000-of-00002", "m-?????-of-00002"} {
		if _, err := Open(filepath.Join(dir, path)); err == nil || !strings.Contains(err.Error(), "00001-of-00002 is not there") {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// FuzzOpen reads whatever a file holds: an error or values, in reasonable
// memory.
func FuzzOpen(f *testing.F) {
	f.Add(unhex(f, goldenV1))
	f.Add(unhex(f, goldenIndex))
	f.Add([]byte("model_checkpoint_path: 'x'"))
	for _, path := range []string{"npz/testdata/other.npz", "npz/testdata/one.npy", "pytorch/testdata/alone.pt", "pytorch/testdata/run0.pt"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "file")
		write(t, path, content)
		r, err := Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		_ = r.Verify(nil)
		_ = r.String()
	})
}

func FuzzObjects(f *testing.F) {
	f.Add([]byte("\x0a\x07\x0a\x05\x08\x01\x12\x01a\x0a\x0e\x12\x0c\x0a\x01V\x12\x03a/b\x1a\x02k/"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := parseObjects(b)
		if err != nil {
			return
		}
		for name, key := range o.FullNames() {
			if keys := o.keys(name); len(keys) == 0 || keys[len(keys)-1] != key {
				t.Errorf("%q: %q and %q", name, key, keys)
			}
		}
	})
}
