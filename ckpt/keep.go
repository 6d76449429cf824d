package ckpt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Keeper decides which checkpoints of a training run stay on disk, by the
// rules of TensorFlow's Saver, and keeps the folder's `checkpoint` file.
//
//	k := ckpt.Keeper{MaxToKeep: 5, EveryHours: 2}
//	…                                 // write dir/model.ckpt-1000
//	deleted, err := k.Saved("dir/model.ckpt-1000")
//
// A Keeper knows the checkpoints that it was told of and no others. It is used
// by one goroutine.
type Keeper struct {
	// MaxToKeep is how many of the newest checkpoints stay. 0 keeps all, but, as
	// in TensorFlow, only the last one is then in the `checkpoint` file.
	MaxToKeep int
	// EveryHours, if above 0, keeps one checkpoint of every so many hours for
	// good, whatever MaxToKeep says.
	EveryHours float64
	// Since is when the hours begin to count. Default: when Saved is first
	// called.
	Since time.Time

	kept []string
	next time.Time // a checkpoint written after this is kept for good
}

// Saved says that a checkpoint was written at path, a V2 prefix or a V1 file.
// It updates the `checkpoint` file, with paths relative to it, and only then
// deletes what is over, whose paths it returns. A path told before counts as
// new. Errors: files that cannot be written or deleted, a negative setting.
func (k *Keeper) Saved(path string) (deleted []string, err error) {
	if k.MaxToKeep < 0 || !(k.EveryHours >= 0) {
		return nil, fmt.Errorf("ckpt: keep %d checkpoints and one in %v hours: neither may be negative", k.MaxToKeep, k.EveryHours)
	}
	if k.Since.IsZero() {
		k.Since = time.Now()
	}
	if k.next.IsZero() {
		k.next = k.Since.Add(k.interval())
	}
	if k.MaxToKeep > 0 {
		k.kept = append(slices.DeleteFunc(k.kept, func(p string) bool { return p == path }), path)
	}
	over := max(0, len(k.kept)-k.MaxToKeep)
	surplus, kept := k.kept[:over:over], k.kept[over:]
	if err := UpdateCheckpointState(filepath.Dir(path), path, kept); err != nil {
		return nil, err
	}
	k.kept = slices.Clone(kept)
	for _, old := range surplus {
		if written, err := writtenAt(old); k.EveryHours > 0 && err == nil && written.After(k.next) {
			k.next = k.next.Add(k.interval())
			continue
		}
		if err := RemoveCheckpoint(old); err != nil {
			return deleted, err
		}
		deleted = append(deleted, old)
	}
	return deleted, nil
}

func (k *Keeper) interval() time.Duration { return time.Duration(k.EveryHours * float64(time.Hour)) }

// Kept are the checkpoints that the Keeper may still delete, oldest first
// (TensorFlow's last_checkpoints).
func (k *Keeper) Kept() []string { return slices.Clone(k.kept) }

// Recover tells the Keeper of checkpoints that an earlier process wrote, oldest
// first, as GetCheckpointState lists them; those that are gone are left out
// (TensorFlow's recover_last_checkpoints).
func (k *Keeper) Recover(paths []string) {
	k.kept = nil
	for _, p := range paths {
		if checkpointExists(p) {
			k.kept = append(k.kept, p)
		}
	}
}

// RecoverFrom is Recover with the list in dir's `checkpoint` file. One of
// absolute paths that was moved with its folder is understood. A folder without
// one has nothing to recover. Errors: a file that is no state.
func (k *Keeper) RecoverFrom(dir string) error {
	state, err := GetCheckpointState(dir)
	if errors.Is(err, os.ErrNotExist) {
		k.Recover(nil)
		return nil
	}
	if err != nil {
		return err
	}
	for i, p := range state.All {
		if here := filepath.Join(dir, filepath.Base(p)); !checkpointExists(p) && checkpointExists(here) {
			state.All[i] = here
		}
	}
	k.Recover(state.All)
	return nil
}

// writtenAt is when a checkpoint was last changed.
func writtenAt(path string) (time.Time, error) {
	for _, p := range []string{path + ".index", path} {
		if info, err := os.Stat(p); err == nil {
			return info.ModTime(), nil
		}
	}
	return time.Time{}, os.ErrNotExist
}

// RemoveCheckpoint deletes the files of the checkpoint at path: of a V2 one the
// .index first, so that what is left of it after a crash is no checkpoint, then
// the data and the .meta; of a V1 one the file or the shards. Files that are
// gone are no error.
func RemoveCheckpoint(path string) error {
	files := []string{path + ".index"}
	patterns := []string{escape(path) + ".data-?????-of-?????", escape(path) + "-?????-of-?????"}
	if set, count, ok := strings.Cut(path, "-?????-of-"); ok { // a V1 set, by its pattern
		patterns = append(patterns, escape(set)+"-?????-of-"+count)
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return fmt.Errorf("ckpt: %w", err)
		}
		files = append(files, found...)
	}
	for _, f := range append(files, path+".meta", path) {
		if info, err := os.Lstat(f); err != nil || info.IsDir() {
			continue
		}
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("ckpt: delete an old checkpoint: %w", err)
		}
	}
	return nil
}
