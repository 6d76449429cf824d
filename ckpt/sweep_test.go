package ckpt

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// swept are small checkpoints with checksums, by their files. TensorFlow wrote
// the first two and PyTorch the third.
func swept(t *testing.T) map[string]map[string][]byte {
	read := func(path ...string) []byte {
		b, err := os.ReadFile(filepath.Join(path...))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	dir := t.TempDir()
	save(t, filepath.Join(dir, "model"), "npz", []*Tensor{
		{Name: "a", DType: Float32, Shape: []int{3}, Data: unhex(t, "0000803f0000004000004040")},
		{Name: "b", DType: Int64, Data: unhex(t, "0700000000000000")},
	})
	return map[string]map[string][]byte{
		"V1":      {"model": unhex(t, goldenV1)},
		"V2":      {"model.index": unhex(t, goldenIndex), "model.data-00000-of-00001": unhex(t, goldenData)},
		"pytorch": {"model": read("pytorch", "testdata", "alone.pt")},
		"npz":     {"model": read(dir, "model")},
	}
}

// Whatever byte of a checkpoint is changed, taken or added, reading it gives an
// error or exactly what was saved, and takes no memory that the file does not
// account for.
func TestSweep(t *testing.T) {
	for format, files := range swept(t) {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range files {
				write(t, filepath.Join(dir, name), content)
			}
			saved := contents(t, filepath.Join(dir, "model"))
			cases, wrong := 0, 0
			for name, content := range files {
				for at := range len(content) + 1 {
					for _, damaged := range damages(content, at) {
						write(t, filepath.Join(dir, name), damaged)
						cases++
						if err := readsRight(filepath.Join(dir, "model"), saved, len(damaged)); err != nil {
							wrong++
							t.Errorf("%s, byte %d: %v", name, at, err)
						}
					}
					if wrong > 10 {
						t.FailNow()
					}
				}
				write(t, filepath.Join(dir, name), content)
			}
			t.Logf("%d damaged files", cases)
		})
	}
}

// damages are a flipped bit, all bits flipped, the end cut off, and a byte
// added at a place.
func damages(content []byte, at int) (out [][]byte) {
	if at < len(content) {
		for _, x := range []byte{1 << (at % 8), 0xff} {
			flipped := slices.Clone(content)
			flipped[at] ^= x
			out = append(out, flipped)
		}
		out = append(out, content[:at])
	}
	return append(out, slices.Insert(slices.Clone(content), at, 0x5a))
}

func contents(t *testing.T, path string) map[string]string {
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	saved := map[string]string{}
	for _, name := range r.Names() {
		v, err := r.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		saved[name] = describe(v)
	}
	return saved
}

func describe(t *Tensor) string { return t.DType.String() + " " + hash(t) }

type falsehood string

func (f falsehood) Error() string { return string(f) }

// readsRight reads what was saved; its error is a falsehood, none that the
// reader gave.
func readsRight(path string, saved map[string]string, size int) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Open(path)
	if err == nil {
		defer r.Close()
		for name, want := range saved {
			if v, err := r.Tensor(name); err == nil && describe(v) != want {
				return falsehood("tensor " + name + " reads as something else")
			}
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > uint64(2<<20+64*size) {
		return falsehood("reading took more memory than the file accounts for")
	}
	return nil
}
