package safetensors

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// file puts a header and values together.
func file(header, values string) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), values...)
}

func openBytes(t testing.TB, b []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return Open(path)
}

// The format's own description begins with this example, but for the values.
func TestExample(t *testing.T) {
	f, err := openBytes(t, file(`{"TENSOR_NAME":{"dtype":"F16","shape":[1,16,2],"data_offsets":[0,64]},"NEXT":{"dtype":"F32","shape":[],"data_offsets":[64,68]}}   `, strings.Repeat("\x00", 66)+"\x80?"))
	if err != nil {
		t.Fatal(err)
	}
	next, err := f.Tensor("NEXT")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := next.Float32s(); err != nil || len(got) != 1 || got[0] != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	var missing *tensors.NotFoundError
	if _, err := f.Tensor("OTHER"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// Each way to break a rule of the format is an error that says which.
func TestBroken(t *testing.T) {
	const one = `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":               {nil, "too few"},
		"header too large":    {binary.LittleEndian.AppendUint64(nil, 1<<62), "claims 4611686018427387904"},
		"header cut off":      {file(one, "")[:20], "claims"},
		"no object":           {file(`["a"]`, ""), "does not begin with '{'"},
		"leading space":       {file(` {}`, ""), "does not begin with '{'"},
		"not UTF-8":           {file("{\"\xff\":1}", ""), "not UTF-8"},
		"cut JSON":            {file(`{"a":{"dtype":"U8"`, ""), "unexpected EOF"},
		"after the JSON":      {file(one+"x", "ab"), "follow the JSON"},
		"values cut off":      {file(one, "a"), "cut off"},
		"values left over":    {file(one, "abc"), "something was added"},
		"a name twice":        {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, "ab"), "twice"},
		"a field twice":       {file(`{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}`, "a"), "twice"},
		"an unknown field":    {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, "a"), `unknown field "x"`},
		"an unknown type":     {file(`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, "a"), `"F4" is not known`},
		"no shape":            {file(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, "a"), "no shape"},
		"a negative size":     {file(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, "a"), "wants"},
		"an overflowing size": {file(`{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, ""), "wants"},
		"a fraction":          {file(`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, "a"), "shape"},
		"one offset":          {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, "a"), "not a begin and an end"},
		"offsets backwards":   {file(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}`, "a"), "not a begin and an end"},
		"a wrong size":        {file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, "abcd"), "wants 8"},
		"a hole":              {file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, "ab"), "no holes"},
		"an overlap":          {file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, "abc"), "no overlaps"},
		"metadata of numbers": {file(`{"__metadata__":{"a":1}}`, ""), "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openBytes(t, c.file)
			var damaged *tensors.CorruptError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, c := range []struct {
		tensor tensors.Tensor
		want   string
	}{
		{tensors.Tensor{Name: "a", DType: tensors.String, Strings: [][]byte{nil}}, "has no string"},
		{tensors.Tensor{Name: "\xff", DType: tensors.Uint8, Data: []byte{1}}, "UTF-8"},
		{tensors.Tensor{Name: "__metadata__", DType: tensors.Uint8, Data: []byte{1}}, "__metadata__"},
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

// Names with quotes, lines and other signs come back.
func TestNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"", "a\nb", `"quoted"\`, "<&>", "ключ"}
	for i, n := range names {
		if err := w.Add(&tensors.Tensor{Name: n, DType: tensors.Uint8, Data: []byte{byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range names {
		if v, err := f.Tensor(n); err != nil || v.Data[0] != byte(i) {
			t.Errorf("%q: %v, %v", n, v, err)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add(file(`{"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, "ab"))
	f.Add(file(`{"b":{"dtype":"BF16","shape":[2,0],"data_offsets":[0,0]}}  `, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := openBytes(t, b)
		if err != nil {
			return
		}
		defer file.Close()
		for _, n := range file.Names() {
			if v, err := file.Tensor(n); err != nil || v.Check() != nil {
				t.Errorf("%q: %v", n, err)
			}
		}
	})
}
