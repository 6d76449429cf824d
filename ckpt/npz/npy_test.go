package npz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"

	"graft/ckpt/tensors"
)

// array is an .npy of version 1.
func array(header, data string) []byte {
	b := append([]byte(magic), 1, 0)
	return append(append(binary.LittleEndian.AppendUint16(b, uint16(len(header))), header...), data...)
}

func readArray(t testing.TB, b []byte) (*tensors.Tensor, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := OpenArray(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Tensor("x")
}

// Forms of the header that NumPy's versions have written.
func TestHeaders(t *testing.T) {
	version2 := append([]byte(magic), 2, 0)
	version2 = binary.LittleEndian.AppendUint32(version2, 59)
	version2 = append(version2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n "+"ab"...)
	for name, b := range map[string][]byte{
		"padded":        array("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }            \n", "ab"),
		"Python 2":      array("{'descr': '|u1', 'fortran_order': False, 'shape': (2L,), }\n", "ab"),
		"another order": array(`{"shape":(2,),"fortran_order":True,"descr":"|u1"}`, "ab"),
		"version 2":     version2,
	} {
		got, err := readArray(t, b)
		if err != nil || string(got.Data) != "ab" || len(got.Shape) != 1 || got.Shape[0] != 2 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestBroken(t *testing.T) {
	const good = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }"
	replaced := func(old, with string) []byte { return array(strings.Replace(good, old, with, 1), "ab") }
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":               {nil, "does not begin"},
		"another magic":       {[]byte("\x93NUMPZ\x01\x00\x00\x00"), "does not begin"},
		"version 9":           {[]byte(magic + "\x09\x00\x00\x00"), "version 9.0"},
		"cut header":          {array(good, "")[:20], "cut off"},
		"a huge header":       {[]byte(magic + "\x02\x00\xff\xff\xff\xff"), "cut off"},
		"cut values":          {array(good, "a"), "does not take the 1 bytes"},
		"values left over":    {array(good, "abc"), "does not take the 3 bytes"},
		"pickled objects":     {replaced("|u1", "|O"), "Python objects"},
		"objects of a size":   {replaced("|u1", "|O8"), "can run any code"},
		"records":             {replaced("'|u1'", "[('a', '<f4')]"), "records"},
		"bfloat16":            {replaced("|u1", "<V2"), "bfloat16"},
		"dates":               {replaced("|u1", "<M8[s]"), "none that tensors have"},
		"no byte order":       {replaced("|u1", "u1x"), "no byte order"},
		"empty strings":       {replaced("|u1", "|S0"), "no bytes"},
		"strings of 10^20":    {replaced("|u1", "|S100000000000000000000"), "element type"},
		"a negative size":     {replaced("(2,)", "(-2,)"), "a size"},
		"sizes that overflow": {replaced("(2,)", "(1152921504606846976, 1152921504606846976)"), "does not take"},
		"an expression":       {replaced("(2,)", "(1+1,)"), "should"},
		"a call":              {replaced("False", "print(1)"), "True or False"},
		"an unknown key":      {replaced("'shape'", "'forme'"), "unknown key"},
		"a key twice":         {replaced("'fortran_order': False", "'descr': '|i1'"), "twice"},
		"a key too few":       {array("{'descr': '|u1'}", "ab"), "are wanted"},
		"text after it":       {array(good+" x", "ab"), "the end"},
		"an unclosed string":  {replaced("'|u1'", "'|u1"), "should"},
		"no character":        {array("{'descr': '<U1', 'fortran_order': False, 'shape': (), }", "\xff\xff\xff\x7f"), "no character"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readArray(t, c.file)
			var damaged *tensors.CorruptError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Another library reads what is written.
func TestWrittenArray(t *testing.T) {
	in, err := tensors.FromFloat32s("x", []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := AppendArray(nil, in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := npy.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	if err := r.Read(&got); err != nil || len(got) != 6 || got[5] != 6 || r.Header.Descr.Shape[1] != 3 {
		t.Errorf("got %v of %v, %v", got, r.Header.Descr.Shape, err)
	}
	if start := bytes.IndexByte(b, '\n') + 1; start%64 != 0 {
		t.Errorf("the values begin at %d, which is no multiple of 64", start)
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, c := range []struct {
		tensor tensors.Tensor
		want   string
	}{
		{tensors.Tensor{Name: "../a", DType: tensors.Uint8, Data: []byte{1}}, "no path inside"},
		{tensors.Tensor{Name: "a", DType: tensors.BFloat16, Data: []byte{1, 2}}, "has no bfloat16"},
		{tensors.Tensor{Name: "a", DType: tensors.String, Strings: [][]byte{{0}}}, "zero byte"},
		{tensors.Tensor{Name: "a", DType: tensors.Uint8, Shape: []int{2}, Data: []byte{1}}, "1 bytes given"},
	} {
		w, err := Create(filepath.Join(t.TempDir(), "m"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&c.tensor); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
		w.Abort()
	}
}

func FuzzArray(f *testing.F) {
	f.Add(array("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 1), }\n", "abcdefgh"))
	f.Add(array("{'descr': '<U2', 'fortran_order': False, 'shape': (1,), }\n", "a\x00\x00\x00\xac\x20\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHeader(b, int64(len(b)))
		if err != nil {
			return
		}
		if got, _, err := h.tensor("x", b, false); err == nil && got.Check() != nil {
			t.Errorf("%+v: %v", h, got.Check())
		}
	})
}
