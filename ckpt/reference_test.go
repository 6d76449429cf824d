package ckpt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared finds the reference data that real TensorFlow wrote; it is not part
// of this repository.
func shared(t testing.TB, path ...string) string {
	t.Helper()
	dir := os.Getenv("GRAFT_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	full := filepath.Join(append([]string{dir}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("left out: the reference data %s is not there (GRAFT_SHARED names its folder)", full)
	}
	return full
}

type manifest struct {
	Format  string
	Prefix  string
	Tensors []struct {
		Name, DType, SHA256 string
		Shape               []int
		Bytes               int64
	}
}

// hash is the manifests': over the elements, strings as u32 length and bytes.
func hash(t *Tensor) string {
	data := t.Data
	for _, s := range t.Strings {
		data = append(binary.LittleEndian.AppendUint32(data, uint32(len(s))), s...)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Every tensor of every checkpoint that TensorFlow wrote for us reads with
// the bytes TensorFlow says it has.
func TestReferenceCheckpoints(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(shared(t, "ref", "checkpoints"), "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) { checkManifest(t, path) })
	}
}

func checkManifest(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Tensors) == 0 {
		t.Skip("lists no tensors")
	}
	r, err := Open(filepath.Join(filepath.Dir(path), m.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, want := range m.Tensors {
		got, err := r.Tensor(want.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got.DType.String() != want.DType {
			t.Errorf("%s: dtype %v, want %s", want.Name, got.DType, want.DType)
		}
		if h := hash(got); h != want.SHA256 {
			t.Errorf("%s: sha256 %s, want %s", want.Name, h, want.SHA256)
		}
	}
	t.Logf("%s: %d tensors", m.Format, len(m.Tensors))
}

// Files of public projects, as they were found: each lists and reads. The one
// folder whose state file names files that are not there says so.
func TestFoundCheckpoints(t *testing.T) {
	root := shared(t, "checkpoints")
	paths := []string{filepath.Join(root, "found", "nxt-tensorflow", "video_weights.ckpt")}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".index") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		rel, _ := filepath.Rel(root, path)
		t.Run(rel, func(t *testing.T) { readAll(t, path) })
	}
	_, err = Open(filepath.Join(root, "found", "serving", "bad_half_plus_two", "00000123"))
	if err == nil {
		t.Error("a state file that names files which are not there opened")
	} else {
		t.Log(err)
	}
}

func readAll(t *testing.T, path string) {
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, name := range r.Names() {
		if _, err := r.Tensor(name); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%s: %d tensors", r.Format(), len(r.Names()))
}

// What this package writes of a bundle of one shard is what TensorFlow wrote.
func TestWriteAsTensorFlow(t *testing.T) {
	dir := shared(t, "ref", "checkpoints", "mixed_v2")
	r, err := Open(filepath.Join(dir, "model.ckpt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	prefix := filepath.Join(t.TempDir(), "model.ckpt")
	w, err := Create(prefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range r.Names() { // the Saver wrote in name order too
		tensor, err := r.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(tensor); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{".index", ".data-00000-of-00001"} {
		got, _ := os.ReadFile(prefix + suffix)
		want, _ := os.ReadFile(filepath.Join(dir, "model.ckpt"+suffix))
		if string(got) != string(want) {
			t.Errorf("%s differs from TensorFlow's: %d bytes, want %d", suffix, len(got), len(want))
		}
	}
}
