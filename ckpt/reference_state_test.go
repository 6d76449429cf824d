package ckpt

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type moved struct {
	Before      wantedState                `json:"before_move"`
	After       wantedState                `json:"after_move"`
	Checkpoints map[string]json.RawMessage // by name: tensors
}

type wantedState struct {
	Latest *string `json:"latest_checkpoint"`
	Model  string  `json:"model_checkpoint_path"`
	All    []string
}

// A run's folder that was moved still has its latest checkpoint, also where
// TensorFlow no longer finds it because the paths are absolute.
func TestReferenceMovedFolders(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(reference(t, "checkpoints"), "*", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range found {
		var m moved
		decodeJSON(t, path, &m)
		if m.After.Model == "" {
			continue
		}
		n++
		dir := filepath.Dir(path)
		s, err := GetCheckpointState(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		own := func(p string) string { return strings.Replace(p, "DIR", dir, 1) }
		if s.Latest != own(m.After.Model) || len(s.All) != len(m.After.All) {
			t.Errorf("%s: latest %s of %d, want %s of %d", dir, s.Latest, len(s.All), own(m.After.Model), len(m.After.All))
		}
		r, err := Open(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		latest := filepath.Base(m.After.Model)
		if filepath.Base(r.Path()) != latest {
			t.Errorf("%s: opens %s, want %s", dir, r.Path(), latest)
		}
		var tensors []wanted
		if err := json.Unmarshal(m.Checkpoints[latest], &tensors); err != nil {
			t.Fatal(err)
		}
		for _, want := range tensors {
			checkTensor(t, r, want)
		}
		r.Close()
	}
	t.Logf("%d folders", n)
}

type stateCase struct {
	Case, Text string
	State      json.RawMessage
	Latest     json.RawMessage `json:"latest_checkpoint"`
}

// What TensorFlow reads from the text of a `checkpoint` file is read here too;
// what it refuses is refused.
func TestReferenceStateTexts(t *testing.T) {
	source := reference(t, "checkpoints", "state_texts")
	var m struct{ Cases []stateCase }
	decodeJSON(t, filepath.Join(source, "manifest.json"), &m)
	dir := filepath.Join(t.TempDir(), "state_texts") // which a text names
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Cases {
		t.Run(c.Case, func(t *testing.T) { checkState(t, dir, c) })
	}
	t.Logf("%d texts", len(m.Cases))
}

func checkState(t *testing.T, dir string, c stateCase) {
	path := filepath.Join(dir, "checkpoint")
	os.Remove(path)
	write(t, path, []byte(c.Text))
	own := func(p string) string { return strings.ReplaceAll(p, "DIR", dir) }
	var want struct {
		Error string
		Model string `json:"model_checkpoint_path"`
		All   []string
	}
	got, err := GetCheckpointState(dir)
	readable := json.Unmarshal(c.State, &want) == nil && want.Error == "" && string(c.State) != "null"
	switch {
	case readable && err != nil:
		t.Errorf("TensorFlow reads %s; here: %v", c.State, err)
	case !readable && err == nil:
		t.Errorf("TensorFlow says %s; here: %+v", c.State, got)
	case readable:
		if filepath.Clean(got.Latest) != filepath.Clean(own(want.Model)) || len(got.All) != len(want.All) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	var latest string
	if json.Unmarshal(c.Latest, &latest) != nil || latest == "" {
		return // a checkpoint that TensorFlow does not find may be found by its name
	}
	if got, err := LatestCheckpoint(dir); err != nil || filepath.Clean(got) != filepath.Clean(own(latest)) {
		t.Errorf("latest is %q, %v, want %q", got, err, own(latest))
	}
}
