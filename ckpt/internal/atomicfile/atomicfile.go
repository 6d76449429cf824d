// Package atomicfile writes files that appear whole under their names or not
// at all, whenever the process or the machine stops.
//
//	f, err := atomicfile.Create(path)
//	…
//	err = f.Commit()     // or f.Abort()
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const temporary = ".tempstate"

// File is a file under a temporary name beside its own. TensorFlow's name for
// the leftovers of a crash is kept: NAME.tempstate and a number.
type File struct {
	*os.File
	path string
	done bool
}

// stale is the age at which a temporary file is taken for what a crash left: no
// writer pauses for a day.
const stale = 24 * time.Hour

// Create makes the temporary file; the folder must exist. What crashes have
// left of the same file is removed.
func Create(path string) (*File, error) {
	sweep(path)
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+temporary)
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// sweep removes stale temporary files of the file at path. They harm nobody:
// what cannot be removed stays.
func sweep(path string) {
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return // as CreateTemp will say
	}
	for _, f := range files {
		number, ok := strings.CutPrefix(f.Name(), filepath.Base(path)+temporary)
		if _, err := strconv.ParseUint(number, 10, 64); !ok || err != nil || !f.Type().IsRegular() {
			continue
		}
		if info, err := f.Info(); err == nil && time.Since(info.ModTime()) > stale {
			os.Remove(filepath.Join(filepath.Dir(path), f.Name()))
		}
	}
}

// Commit syncs the content, gives it its name and syncs that.
func (f *File) Commit() error { return f.CommitAs(f.path) }

// CommitAs is Commit under a name found out after Create, in the same folder.
func (f *File) CommitAs(path string) error {
	f.done = true
	err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// Abort removes the temporary file; after Commit it does nothing.
func (f *File) Abort() {
	if !f.done {
		f.done = true
		f.Close()
		os.Remove(f.Name())
	}
}

// syncFolder makes a rename last. Systems that cannot sync a folder (Windows)
// say so when it is opened or synced; there the rename is as good as it gets.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	return unlessUnsyncable(d.Sync())
}
