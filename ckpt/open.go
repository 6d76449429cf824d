package ckpt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"graft/ckpt/nearby"
	"graft/ckpt/npz"
	"graft/ckpt/pytorch"
	"graft/ckpt/safetensors"
	"graft/ckpt/tensorbundle"
	"graft/ckpt/tensorslice"
)

// Open opens the checkpoint at path, told by its content and not by its name:
//
//   - a V2 checkpoint by its prefix or any of its files
//   - a V1 checkpoint, its pattern (model.ckpt-?????-of-00002), any of its
//     shards, or the name they have in common
//   - a `checkpoint` file or a folder with one: the latest it names
//   - a SavedModel's folder or its saved_model.pb
//   - a folder that holds a single checkpoint
//   - a file of safetensors, npz, npy or PyTorch
//
// Errors: os.ErrNotExist (wrapped) when nothing is there, *FormatError with
// what to do for another kind of file, *CorruptError for a damaged one.
func Open(path string) (*Reader, error) {
	found, err := locate(path)
	if err != nil {
		return nil, err
	}
	f, err := openers[found.kind](found.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, missing(path, found.path)
	}
	if err != nil {
		return nil, err
	}
	return &Reader{path: found.path, kind: found.kind, f: f, objects: readObjects(found.path, f)}, nil
}

// place is what a path turned out to be.
type place struct{ path, kind string }

// openers are the formats by their names.
var openers = map[string]func(path string) (format, error){
	"V2":          func(path string) (format, error) { return orNil(tensorbundle.Open(path)) },
	"V1":          func(path string) (format, error) { return orNil(tensorslice.Open(path)) },
	"safetensors": func(path string) (format, error) { return orNil(safetensors.Open(path)) },
	"npz":         func(path string) (format, error) { return orNil(npz.Open(path)) },
	"npy":         func(path string) (format, error) { return orNil(npz.OpenArray(path)) },
	"pytorch":     func(path string) (format, error) { return orNil(pytorch.Open(path)) },
}

// orNil keeps a nil pointer from becoming an interface that is not nil.
func orNil[T format](f T, err error) (format, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

func missing(given, looked string) error {
	at := ""
	if given != looked {
		at = fmt.Sprintf(" (looked for %s)", looked)
	}
	left := ""
	if temporary, err := filepath.Glob(escape(looked) + "*tempstate*"); err == nil && len(temporary) > 0 {
		left = fmt.Sprintf(" (%s is what a crash left of one)", temporary[0])
	}
	what := fmt.Sprintf(": a V2 one has files %s.index and %s.data-…, a V1 one is a single file or %s-00000-of-…", looked, looked, looked)
	hint := closeTo(looked)
	if strings.Contains(hint, "did you mean") {
		what = ""
	}
	return notThere("ckpt: there is no checkpoint at " + given + at + what + left + hint)
}

// notThere is the error of a path at which there is no checkpoint; it is
// os.ErrNotExist for errors.Is.
type notThere string

func (e notThere) Error() string { return string(e) }

func (notThere) Unwrap() error { return os.ErrNotExist }

// closeTo says what stands where a checkpoint was looked for: the one that was
// meant, or that not even the folder is there.
func closeTo(looked string) string {
	dir := filepath.Dir(looked)
	if _, err := os.Stat(dir); err != nil {
		if hint := nearby.Hint(looked); hint != "" {
			return "; " + hint
		}
		return ""
	}
	found, err := checkpointsIn(dir)
	if err != nil {
		return ""
	}
	var names []string
	for _, p := range found {
		names = append(names, filepath.Base(p.path))
	}
	if near := closest(filepath.Base(looked), names, 1); len(near) > 0 {
		return "; did you mean " + filepath.Join(dir, near[0]) + "?"
	}
	return ""
}
