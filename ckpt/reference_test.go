package ckpt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// beside finds a folder that an environment variable names, or that lies at
// path from the folder of go.mod. Reference data is not part of this
// repository.
func beside(t testing.TB, variable, path string) string {
	t.Helper()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(root, "go.mod")) && filepath.Dir(root) != root {
		root = filepath.Dir(root)
	}
	dir := path
	if shared := os.Getenv("GRAFT_SHARED"); shared != "" {
		dir = filepath.Join(shared, filepath.Base(path))
	}
	if named := os.Getenv(variable); named != "" {
		dir = named
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	if !exists(dir) {
		t.Skipf("left out: the reference data %s is not there (%s names its folder)", dir, variable)
	}
	return dir
}

// reference is what real TensorFlow wrote, with manifests.
func reference(t testing.TB, path ...string) string {
	t.Helper()
	dir := filepath.Join(append([]string{beside(t, "GRAFT_REF", "../shared/ref")}, path...)...)
	if !exists(dir) {
		t.Skipf("left out: the reference data has no %s", dir)
	}
	return dir
}

type manifest struct {
	Format    string
	Prefix    string
	Tensors   []wanted
	FullNames map[string]string `json:"full_names"`
	Nodes     []wantedNode
	Files     []struct {
		Name   string
		Size   int64
		SHA256 string
	}
}

type wanted struct {
	Name, DType, SHA256 string
	Shape               []int
	Bytes               int64
	First               []string
	Slices              []struct {
		Start, Length []int64
		Shape         []int
		SHA256        string
	}
}

type wantedNode struct {
	Children   map[string]int
	Attributes [][3]string
	Slots      [][3]any
}

// hash is the manifests': over the elements, strings as u32 length and bytes.
func hash(t *Tensor) string {
	h := sha256.New()
	if _, err := t.WriteTo(h); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(h.Sum(nil))
}

// decodeJSON reads a reference file. Python writes NaN where JSON has none, but
// not in these.
func decodeJSON(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Every tensor of every checkpoint that TensorFlow wrote for us reads with
// the bytes TensorFlow says it has.
func TestReferenceCheckpoints(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(reference(t, "checkpoints"), "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	checkpoints, all := 0, 0
	for _, path := range found {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			var m manifest
			decodeJSON(t, path, &m)
			if len(m.Tensors) == 0 {
				t.Skip("lists no tensors")
			}
			checkManifest(t, filepath.Dir(path), m)
			checkpoints, all = checkpoints+1, all+len(m.Tensors)
		})
	}
	t.Logf("%d checkpoints, %d tensors", checkpoints, all)
}

func checkManifest(t *testing.T, dir string, m manifest) {
	r, err := Open(filepath.Join(dir, m.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Format() != m.Format {
		t.Errorf("format %s, want %s", r.Format(), m.Format)
	}
	var names []string
	for _, want := range m.Tensors {
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
	checkObjects(t, r, m)
	checkMembers(t, dir, r)
}

func checkTensor(t *testing.T, r *Reader, want wanted) {
	t.Helper()
	got, err := r.Tensor(want.Name)
	if err != nil {
		t.Error(err)
		return
	}
	info, err := r.Info(want.Name)
	if err != nil || info.DType != got.DType || !slices.Equal(info.Shape, got.Shape) {
		t.Errorf("%s: information %+v, %v", want.Name, info, err)
	}
	if got.DType.String() != want.DType || !slices.Equal(got.Shape, want.Shape) || got.Info().Bytes != want.Bytes {
		t.Errorf("%s: %v %v of %d bytes, want %s %v of %d", want.Name, got.DType, got.Shape, got.Info().Bytes, want.DType, want.Shape, want.Bytes)
	}
	if h := hash(got); h != want.SHA256 {
		t.Errorf("%s: sha256 %s, want %s", want.Name, h, want.SHA256)
	}
	if got.DType != String {
		into := make([]byte, len(got.Data))
		if err := r.ReadInto(want.Name, into); err != nil || !bytes.Equal(into, got.Data) {
			t.Errorf("%s: ReadInto differs, %v", want.Name, err)
		}
	}
	for i, s := range want.Slices {
		box := make(Slice, len(s.Start))
		for a := range box {
			box[a] = Extent{Start: s.Start[a], Length: s.Length[a]}
		}
		part, err := r.Slice(want.Name, box)
		if err != nil {
			t.Error(err)
		} else if h := hash(part); h != s.SHA256 || !slices.Equal(part.Shape, s.Shape) {
			t.Errorf("%s: slice %d: %v, sha256 %s, want %v, %s", want.Name, i, part.Shape, h, s.Shape, s.SHA256)
		}
	}
}

// checkObjects compares the object graph, and reads by full names.
func checkObjects(t *testing.T, r *Reader, m manifest) {
	t.Helper()
	o, err := r.Objects()
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Nodes) != len(m.Nodes) {
		t.Fatalf("%d objects, want %d", len(o.Nodes), len(m.Nodes))
	}
	for i, want := range m.Nodes {
		var got wantedNode
		got.Children = map[string]int{}
		for _, c := range o.Nodes[i].Children {
			got.Children[c.Name] = c.Node
		}
		for _, a := range o.Nodes[i].Attributes {
			got.Attributes = append(got.Attributes, [3]string{a.Name, a.FullName, a.Key})
		}
		for _, s := range o.Nodes[i].Slots {
			got.Slots = append(got.Slots, [3]any{float64(s.Variable), s.Name, float64(s.Node)})
		}
		for name, node := range want.Children {
			if got.Children[name] != node {
				t.Errorf("object %d: child %s is %d, want %d", i, name, got.Children[name], node)
			}
		}
		if !slices.Equal(got.Attributes, want.Attributes) || !slices.Equal(got.Slots, want.Slots) {
			t.Errorf("object %d: %v %v, want %v %v", i, got.Attributes, got.Slots, want.Attributes, want.Slots)
		}
	}
	names := o.FullNames()
	for name, key := range m.FullNames {
		if names[name] != key {
			t.Errorf("full name %s is %q, want %q", name, names[name], key)
		}
		if len(o.keys(name)) > 1 {
			continue // not to be asked for by this name
		}
		a, errA := r.Tensor(name)
		b, errB := r.Tensor(key)
		if errA != nil || errB != nil || hash(a) != hash(b) {
			t.Errorf("%s: not what %s is: %v, %v", name, key, errA, errB)
		}
	}
}

// checkMembers opens the checkpoint by each of its files.
func checkMembers(t *testing.T, dir string, r *Reader) {
	t.Helper()
	for _, path := range r.Files() {
		m, err := Open(path)
		if err != nil {
			t.Errorf("by %s: %v", path, err)
			continue
		}
		if !slices.Equal(m.Names(), r.Names()) {
			t.Errorf("by %s: %d tensors, want %d", path, len(m.Names()), len(r.Names()))
		}
		m.Close()
	}
}

// Files of public projects, as they were found: each lists and reads.
func TestReferenceFound(t *testing.T) {
	root := beside(t, "GRAFT_CHECKPOINTS", "../shared/checkpoints")
	n := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r, err := Open(path)
		var foreign *FormatError
		switch {
		case errors.As(err, &foreign), err != nil && errors.Is(err, os.ErrNotExist):
			t.Logf("%v", err)
			return nil
		case err != nil:
			t.Error(err)
			return nil
		}
		defer r.Close()
		n++
		if err := r.Verify(nil); err != nil || len(r.Names()) == 0 {
			t.Errorf("%s: %d tensors, %v", path, len(r.Names()), err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files opened and read", n)
}

// A state file whose checkpoint is not there says so.
func TestReferenceDanglingState(t *testing.T) {
	path := filepath.Join(beside(t, "GRAFT_CHECKPOINTS", "../shared/checkpoints"), "found", "serving", "bad_half_plus_two", "00000123")
	if !exists(path) {
		t.Skip("left out: the folder is not there")
	}
	if _, err := Open(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
