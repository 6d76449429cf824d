package ckpt

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type damageCase struct {
	Case, Base, Prefix string
	Restored           []string
	Edits              []edit
	Open, Restore      json.RawMessage
	Crash              json.RawMessage
}

type edit struct {
	File, Op, Hex, With, From string
	At, Len, Xor              int
}

// unseen are cases whose bytes are right for what the file says.
var unseen = map[string]string{
	"crafted: big endian":               "only the values tell that the header lies about the byte order",
	"crafted: a/weights: dtype int32":   "reads as int32; a restore into a float variable refuses it",
	"crafted: a/weights: 254 dims of 1": "a lawful shape that NumPy has no room for",
}

// Whatever TensorFlow refuses, or dies of, is an error here too; whatever is
// sound reads; nothing panics.
func TestDamagedCheckpoints(t *testing.T) {
	root := shared(t, "ref", "corrupt")
	text, err := os.ReadFile(filepath.Join(root, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []damageCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Case, func(t *testing.T) { checkDamage(t, root, c) })
	}
}

func checkDamage(t *testing.T, root string, c damageCase) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, c.Base))); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Edits {
		apply(t, dir, e)
	}
	names := c.Restored
	if !strings.HasPrefix(c.Case, "crafted") { // crafted files hold tensors of their own
		names = baseNames(t, root, c.Base)
	}
	err := readEverything(filepath.Join(dir, c.Prefix), names)
	fine := string(c.Open) == `"ok"` && string(c.Restore) == `"ok"`
	switch {
	case strings.Contains(c.Case, "sound") && err != nil:
		t.Errorf("sound, but: %v", err)
	case unseen[c.Case] != "":
		t.Log(unseen[c.Case])
	case !fine && err == nil:
		t.Errorf("TensorFlow says open %s, restore %s; no error here", c.Open, c.Restore)
	}
}

// baseNames are the tensors that a restore of the case asks for.
func baseNames(t *testing.T, root, base string) []string {
	prefix := filepath.Join(root, base, "m.ckpt")
	if base == "base_sharded_v1" {
		prefix += "-?????-of-?????"
	}
	r, err := Open(prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return r.Names()
}

func readEverything(prefix string, names []string) error {
	r, err := Open(prefix)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, name := range append(names, r.Names()...) {
		if _, err := r.Tensor(name); err != nil {
			return err
		}
	}
	return nil
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
