package pytorch

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// saved puts a pickle and storages into an archive as torch.save does.
func saved(t testing.TB, pickle string, storages map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	put := func(name, content string) {
		m, err := w.CreateHeader(&zip.FileHeader{Name: "m/" + name})
		if err == nil {
			_, err = m.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put("data.pkl", pickle)
	put("byteorder", "little")
	for key, content := range storages {
		put("data/"+key, content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBytes(t testing.TB, b []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.pt")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(path)
}

// A tensor of shape (2,) in a storage "0" of two bytes, as a pickle of protocol
// 2 builds it; the parts can be replaced.
const (
	storageOf = "(X\x07\x00\x00\x00storagectorch\nByteStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ"
	rebuilt   = "ctorch._utils\n_rebuild_tensor_v2\n(" + storageOf + "K\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
	one       = "\x80\x02}X\x01\x00\x00\x00a" + rebuilt + "s."
)

func TestPickle(t *testing.T) {
	f, err := openBytes(t, saved(t, one, map[string]string{"0": "ab"}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Tensor("a")
	if err != nil || string(got.Data) != "ab" {
		t.Errorf("got %+v, %v", got, err)
	}
	f.Close()
	if _, err := f.Tensor("a"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Pickles that want something done, or are damaged behind right checksums, are
// errors that name what was wanted. Nothing happens.
func TestRefused(t *testing.T) {
	replaced := func(old, with string) string { return strings.Replace(one, old, with, 1) }
	deep := "\x80\x02" + strings.Repeat("]", 200) + strings.Repeat("a", 199) + "."
	laughs := "\x80\x02]q\x00" // each list holds the one before ten times
	for i := range 20 {
		laughs += "](" + strings.Repeat("h"+string(rune(i)), 10) + "eq" + string(rune(i+1))
	}
	for name, c := range map[string]struct{ pickle, want string }{
		"os.system":           {"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R.", "os.system"},
		"posix.system":        {"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04echo\x85R.", "posix.system"},
		"builtins.eval":       {"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.", "__builtin__.eval"},
		"builtins.getattr":    {"\x80\x02cbuiltins\ngetattr\n.", "builtins.getattr"},
		"a class":             {"\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81.", "torch.nn.modules.linear.Linear"},
		"a dotted name":       {"\x80\x04\x8c\x05torch\x8c\x11storage.os.system\x93.", "torch.storage.os.system"},
		"an instance":         {"\x80\x02ccollections\nOrderedDict\n)\x81.", "opcode 0x81"},
		"INST":                {"(ios\nsystem\n.", "opcode 0x69"},
		"OBJ":                 {"\x80\x02(ccollections\nOrderedDict\no.", "opcode 0x6f"},
		"an extension":        {"\x80\x02\x82\x01.", "opcode 0x82"},
		"a call of a type":    {"\x80\x02ctorch\nTensor\n)R.", "calls torch.Tensor"},
		"a call of text":      {"\x80\x02X\x01\x00\x00\x00a)R.", "calls what is no function"},
		"something outside":   {"\x80\x02K\x01Q.", "no storage"},
		"a cut pickle":        {one[:40], "cut off"},
		"a long string":       {"\x80\x02X\xff\xff\xff\x7fa.", "cut off"},
		"a longer string":     {"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.", "cut off"},
		"an empty stack":      {"\x80\x02.", "more from its stack"},
		"no mark":             {"\x80\x02t.", "no mark"},
		"an unknown memory":   {"\x80\x02h\x07.", "did not remember"},
		"a future protocol":   {"\x80\x09N.", "protocol 9"},
		"a tensor too long":   {replaced("K\x02\x85K\x01\x85", "K\x03\x85K\x01\x85"), "leaves its storage"},
		"an offset":           {replaced("K\x00K\x02\x85", "K\x01K\x02\x85"), "leaves its storage"},
		"a negative size":     {replaced("K\x02\x85K\x01\x85", "J\xff\xff\xff\xff\x85K\x01\x85"), "is none"},
		"a negative stride":   {replaced("K\x02\x85K\x01\x85", "K\x02\x85J\xff\xff\xff\xff\x85"), "leaves its storage"},
		"a huge expansion":    {replaced("K\x02\x85K\x01\x85", "J\x00\x00\x00\x40\x85K\x00\x85"), "repeats"},
		"sizes that overflow": {replaced("K\x02\x85K\x01\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85K\x01\x85"), "is none"},
		"strides too few":     {replaced("K\x02\x85K\x01\x85", "K\x02\x85)"), "does not take"},
		"a quantised storage": {replaced("ByteStorage", "QInt8Storage"), "torch.QInt8Storage"},
		"one name twice":      {"\x80\x02}X\x01\x00\x00\x00a" + rebuilt + "sX\x01\x00\x00\x00a" + rebuilt + "s.", "twice"},
		"a deep nest":         {deep, "100 deep"},
		"a billion laughs":    {laughs + ".", "more often"},
		"itself":              {"\x80\x02]q\x00h\x00a.", "100 deep"},
		"more after the end":  {one + "x", "follow the pickle"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openBytes(t, saved(t, c.pickle, map[string]string{"0": "ab"}))
			var damaged *tensors.CorruptError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDamagedStorage(t *testing.T) {
	for name, c := range map[string]struct {
		storages map[string]string
		want     string
	}{
		"absent": {nil, "is not in the archive"},
		"short":  {map[string]string{"0": "a"}, "has 1 bytes"},
		"long":   {map[string]string{"0": "abc"}, "has 3 bytes"},
	} {
		f, err := openBytes(t, saved(t, one, c.storages))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Tensor("a"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// Every way to cut the older form short is an error.
func TestLegacyCut(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "run0.pt"))
	if err != nil {
		t.Fatal(err)
	}
	for n := len(legacyStart); n < len(whole); n += 7 {
		if _, err := openBytes(t, whole[:n]); err == nil {
			t.Errorf("cut at %d of %d: no error", n, len(whole))
		}
	}
	if _, err := openBytes(t, append(whole, 0)); err == nil || !strings.Contains(err.Error(), "follow the last storage") {
		t.Errorf("got %v", err)
	}
}

func TestTorchScript(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"m/data.pkl", "m/code/__torch__.py", "m/constants.pkl"} {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openBytes(t, b.Bytes()); err == nil || !strings.Contains(err.Error(), "TorchScript") {
		t.Errorf("got %v", err)
	}
}

// Whatever a pickle says, it ends in tensors that can be read or an error.
func FuzzPickle(f *testing.F) {
	f.Add(one, "ab")
	f.Add("\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01G@\x00\x00\x00\x00\x00\x00\x00e.", "")
	f.Fuzz(func(t *testing.T, pickle, storage string) {
		file, err := openBytes(t, saved(t, pickle, map[string]string{"0": storage}))
		if err != nil {
			return
		}
		defer file.Close()
		for _, n := range file.Names() {
			if v, err := file.Tensor(n); err == nil && v.Check() != nil {
				t.Errorf("%q: %v", n, v.Check())
			}
		}
	})
}

func FuzzLegacy(f *testing.F) {
	whole, err := os.ReadFile(filepath.Join("testdata", "run0.pt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[len(legacyStart):])
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := openBytes(t, append([]byte(legacyStart), b...))
		if err != nil {
			return
		}
		defer file.Close()
		for _, n := range file.Names() {
			_, _ = file.Tensor(n)
		}
	})
}
