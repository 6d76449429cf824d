package ckpt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A run of seven saves, as TensorFlow's Saver(max_to_keep=2,
// keep_checkpoint_every_n_hours=1) treats them when each is 40 minutes after
// the one before: every second one that falls out is older than the next hour
// begins, and stays.
func TestKeeper(t *testing.T) {
	for _, format := range []string{"V2", "V1"} {
		dir := t.TempDir()
		k := Keeper{MaxToKeep: 2, EveryHours: 1}
		start := time.Now()
		for step := range 7 {
			path := filepath.Join(dir, fmt.Sprintf("model.ckpt-%d", step))
			save(t, path, format, []*Tensor{{Name: "x", DType: Uint8, Data: []byte{byte(step)}}})
			for _, f := range []string{path, path + ".index"} {
				if exists(f) {
					at := start.Add(time.Duration(step) * 40 * time.Minute)
					if err := os.Chtimes(f, at, at); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := k.Saved(path); err != nil {
				t.Fatal(err)
			}
		}
		var left []int
		for step := range 7 {
			if checkpointExists(filepath.Join(dir, fmt.Sprintf("model.ckpt-%d", step))) {
				left = append(left, step)
			}
		}
		// Kept for good: the first after 60 minutes (80) and the first after
		// 120 (160, for 120 itself is not after it).
		if !slices.Equal(left, []int{2, 4, 5, 6}) {
			t.Errorf("%s: steps %v are left", format, left)
		}
		s, err := GetCheckpointState(dir)
		if err != nil || filepath.Base(s.Latest) != "model.ckpt-6" || len(s.All) != 2 {
			t.Errorf("%s: state %+v, %v", format, s, err)
		}
		again := Keeper{MaxToKeep: 1}
		again.Recover(append(s.All, filepath.Join(dir, "gone")))
		if got := again.Kept(); !slices.Equal(got, s.All) {
			t.Errorf("%s: recovered %v, want %v", format, got, s.All)
		}
		deleted, err := again.Saved(s.Latest)
		if err != nil || len(deleted) != 1 || filepath.Base(deleted[0]) != "model.ckpt-5" {
			t.Errorf("%s: deleted %v, %v", format, deleted, err)
		}
	}
}

func TestRemoveShards(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"m-00000-of-00002", "m-00001-of-00002", "m.meta", "mm-00000-of-00001", "m.data-00000-of-00001", "other"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if err := RemoveCheckpoint(filepath.Join(dir, "m-?????-of-00002")); err != nil {
		t.Fatal(err)
	}
	if err := RemoveCheckpoint(filepath.Join(dir, "m")); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}
