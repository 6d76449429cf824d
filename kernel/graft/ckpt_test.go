package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

// run runs `graft ckpt` and gives what it printed.
func runCkpt(args ...string) (out string, err error) {
	cmd := ckptCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	cmd.SetArgs(args)
	err = cmd.Execute()
	return b.String(), err
}

// model writes a small checkpoint: two layers, a step, and names.
func model(t *testing.T, path, format string, weights ...float32) string {
	t.Helper()
	w, err := ckpt.CreateAs(path, format)
	if err != nil {
		t.Fatal(err)
	}
	conv, err := tensors.FromFloat32s("net/conv/weights", weights, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	fc, err := tensors.FromFloat32s("net/fc/biases", []float32{0, 0.5, -1}, 3)
	if err != nil {
		t.Fatal(err)
	}
	step, err := tensors.FromInt64s("global_step", []int64{9007199254740993})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*tensors.Tensor{step, conv, fc, {Name: "names", DType: tensors.String, Shape: []int{2}, Strings: [][]byte{[]byte("one"), nil}}} {
		if err := w.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// want runs a command and compares its lines, blanks apart.
func want(t *testing.T, lines []string, args ...string) {
	t.Helper()
	out, err := runCkpt(args...)
	var bad *failure
	if err != nil && !errors.As(err, &bad) {
		t.Fatalf("%v: %v", args, err)
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("%v:\n%s\nwant\n%s", args, strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestCkptLs(t *testing.T) {
	path := model(t, filepath.Join(t.TempDir(), "m"), "V2", 1, 2, 3, 4)
	want(t, []string{
		path + " (V2): 4 tensors, 10 parameters, 45 B",
		"global_step int64 [] 1 8 B",
		"names string [2] 2 9 B",
		"net/ 7 28 B",
		"conv/ 4 16 B",
		"weights float32 [2,2] 4 16 B",
		"fc/ 3 12 B",
		"biases float32 [3] 3 12 B",
	}, "ls", path)
	// sha256 by sha256sum: of 8 bytes 0100000000002000, and of 03000000 "one" 00000000.
	want(t, []string{
		`{"name":"global_step","dtype":"int64","shape":[],"bytes":8,"sha256":"1fd91507df9f27061eba22953b65842e60b01e11297b0c0441ef932713d9d5d0"}`,
		`{"name":"names","dtype":"string","shape":[2],"bytes":11,"sha256":"a0522aaeb60159807716a369c08a14b9394ca5de21330f28338543d97f8e232f"}`,
	}, "ls", "--json", "--hash", "--exclude", "^net/", path)
}

func TestCkptDiff(t *testing.T) {
	dir := t.TempDir()
	a := model(t, filepath.Join(dir, "a"), "V2", 1, 2, 3, 4)
	b := model(t, filepath.Join(dir, "b"), "V1", 1, 2.5, 3, 3)
	want(t, []string{"! net/conv/weights: float32 [2,2], 2 values differ, by at most 1"}, "diff", a, b)
	want(t, []string{"equal: 3 tensors"}, "diff", a, b, "--exclude", "conv")
	want(t, []string{`{"name":"net/conv/weights","kind":"values","here":"float32 [2,2]","values":2,"max_abs_difference":"1"}`}, "diff", "--json", a, b)
	if _, err := runCkpt("diff", a, b); err == nil {
		t.Error("two that differ end without an error")
	}
	c := filepath.Join(dir, "c.safetensors")
	if _, err := runCkpt("convert", a, c, "--exclude", "names", "--rename", "^net/(.*)=other/$1", "--dtype", "float16"); err != nil {
		t.Fatal(err)
	}
	want(t, []string{
		"- names: only in the first, string [2]",
		"- net/conv/weights: only in the first, float32 [2,2]",
		"- net/fc/biases: only in the first, float32 [3]",
		"+ other/conv/weights: only in the second, float16 [2,2]",
		"+ other/fc/biases: only in the second, float16 [3]",
	}, "diff", a, c)
}

func TestCkptConvert(t *testing.T) {
	dir := t.TempDir()
	from := model(t, filepath.Join(dir, "from"), "V2", 1, 2, 3, 4)
	for _, format := range []string{"V1", "V2", "npz"} {
		to := filepath.Join(dir, "to-"+format)
		if _, err := runCkpt("convert", from, to, "--to", format); err != nil {
			t.Fatal(err)
		}
		want(t, []string{"equal: 4 tensors"}, "diff", from, to)
		if _, err := runCkpt("convert", from, to, "--to", format); err == nil || !strings.Contains(err.Error(), "--force") {
			t.Errorf("over what is there: %v", err)
		}
		if _, err := runCkpt("convert", from, to, "--to", format, "--force"); err != nil {
			t.Error(err)
		}
	}
	sharded := filepath.Join(dir, "sharded")
	if _, err := runCkpt("convert", from, sharded, "--shards", "3"); err != nil {
		t.Fatal(err)
	}
	want(t, []string{"equal: 4 tensors"}, "diff", from, sharded)
	if found, _ := filepath.Glob(sharded + ".data-*-of-00003"); len(found) != 3 {
		t.Errorf("shards: %v", found)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--shards", "2", "--to", "npz"}, "only V2"},
		{[]string{"--shards", "0"}, "want 1 to"},
		{[]string{"--include", "nowhere"}, `--include "nowhere" matches none of the 4 names`},
		{[]string{"--rename", "nowhere=x"}, "matches none"},
		{[]string{"--rename", "x"}, "want regex=replacement"},
		{[]string{"--rename", "(=x"}, "missing closing )"},
		{[]string{"--rename", ".*=same"}, "would both be called"},
		{[]string{"--dtype", "int8"}, "float64 float32 float16 bfloat16"},
		{[]string{"--to", "hdf5"}, "V2, V1, safetensors, npz can"},
		{[]string{"--to", "safetensors"}, "safetensors has no string"},
		{[]string{"--full-names"}, "has none"},
	} {
		to := filepath.Join(dir, "refused")
		_, err := runCkpt(append([]string{"convert", from, to}, c.args...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.args, err, c.want)
		}
		if left, _ := filepath.Glob(to + "*"); len(left) > 0 {
			t.Errorf("%v: left %v", c.args, left)
		}
	}
}

func TestCkptCat(t *testing.T) {
	path := model(t, filepath.Join(t.TempDir(), "m"), "V2", 1, 0.1, 3e10, -4)
	want(t, []string{"1 0.1", "3e+10 -4"}, "cat", path, "net/conv/weights")
	want(t, []string{"0.1", "-4"}, "cat", path, "net/conv/weights", "--slice", "-:1,1")
	want(t, []string{"9007199254740993"}, "cat", path, "global_step")
	want(t, []string{`"one" ""`}, "cat", path, "names")
	if out, err := runCkpt("cat", path, "net/fc/biases", "--as", "raw"); err != nil || out != "\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x80\xbf" {
		t.Errorf("raw: %q, %v", out, err)
	}
	if out, err := runCkpt("cat", path, "net/fc/biases", "--as", "npy"); err != nil || !strings.HasPrefix(out, "\x93NUMPY") {
		t.Errorf("npy: %q, %v", out, err)
	}
	for _, c := range [][2]string{{"1,1", "1 axes"}, {"-:9,9", "does not lie inside"}, {"x", "want a start and a length"}, {"-:-1,2", "want a start"}} {
		if _, err := runCkpt("cat", path, "net/conv/weights", "--slice", c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: got %v, want %q", c[0], err, c[1])
		}
	}
}

func TestCkptStats(t *testing.T) {
	path := model(t, filepath.Join(t.TempDir(), "m"), "V2", 1, 2, 3, 4)
	out, err := runCkpt("stats", "--json", "--include", "net", path)
	if err != nil {
		t.Fatal(err)
	}
	var s summary
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &s); err != nil {
		t.Fatal(err)
	}
	// numpy: std of 1, 2, 3, 4 is 1.118033988749895.
	if *s.Min != 1 || *s.Max != 4 || *s.Mean != 2.5 || *s.Std != 1.118033988749895 || s.Zeros != 0 {
		t.Errorf("got %s", out)
	}
}

func TestCkptVerify(t *testing.T) {
	dir := t.TempDir()
	path := model(t, filepath.Join(dir, "m"), "V2", 1, 2, 3, 4)
	want(t, []string{path + " (V2): 4 tensors, 45 B: every checksum is right"}, "verify", path)
	data := path + ".data-00000-of-00001"
	b, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	b[20] ^= 1
	if err := os.WriteFile(data, b, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := runCkpt("verify", path)
	if err == nil || !strings.Contains(out, "checksum does not match") {
		t.Errorf("got %q, %v", out, err)
	}
}
