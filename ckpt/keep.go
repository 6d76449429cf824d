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
	// MaxToKeep is how many of the newest checkpoints stay; 0 keeps all.
	MaxToKeep int
	// EveryHours, if above 0, keeps one checkpoint of every so many hours for
	// good, whatever MaxToKeep says.
	EveryHours float64

	kept []string
	next time.Time // a checkpoint written after this is kept for good
}

// Saved says that a checkpoint was written at path, a V2 prefix or a V1 file.
// It updates the `checkpoint` file, with paths relative to it, and only then
// deletes what is over, whose paths it returns. A path told before counts as
// new. Errors: files that cannot be written or deleted.
func (k *Keeper) Saved(path string) (deleted []string, err error) {
	if k.next.IsZero() {
		k.next = time.Now().Add(k.interval())
	}
	k.kept = append(slices.DeleteFunc(k.kept, func(p string) bool { return p == path }), path)
	var surplus []string
	if over := len(k.kept) - k.MaxToKeep; k.MaxToKeep > 0 && over > 0 {
		surplus, k.kept = k.kept[:over:over], slices.Clone(k.kept[over:])
	}
	if err := UpdateCheckpointState(filepath.Dir(path), path, k.kept); err != nil {
		return nil, err
	}
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

// Kept are the checkpoints that the Keeper may still delete, oldest first.
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
