package ckpt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/tensorbundle"
)

// State is the content of a `checkpoint` file, which says what checkpoints a
// training run has kept (TensorFlow's CheckpointState). Paths are as a caller
// can open them.
type State struct {
	Latest string   // model_checkpoint_path
	All    []string // all_model_checkpoint_paths, oldest first
}

// GetCheckpointState reads dir's `checkpoint` file. Errors: os.ErrNotExist
// (wrapped) without one, and a text that is no state or names no checkpoint.
func GetCheckpointState(dir string) (*State, error) {
	return readState(filepath.Join(dir, "checkpoint"))
}

// maxState bounds the size of a file that is read as a state: a run that kept
// ten thousand checkpoints has a megabyte.
const maxState = 64 << 20

func readState(path string) (*State, error) {
	dir := filepath.Dir(path)
	if info, err := os.Stat(path); err == nil && (!info.Mode().IsRegular() || info.Size() > maxState) {
		return nil, fmt.Errorf("ckpt: %s is no `checkpoint` file: %v, %d bytes", path, info.Mode(), info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	s, err := parseState(string(text))
	if err != nil {
		return nil, fmt.Errorf("ckpt: %s: %w", path, err)
	}
	s.Latest = join(dir, s.Latest)
	for i, p := range s.All {
		s.All[i] = join(dir, p)
	}
	return s, nil
}

func join(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// LatestCheckpoint is the path of dir's newest checkpoint, as its
// `checkpoint` file says. A file of absolute paths that was moved with its
// folder is found by its name in dir. Errors: no readable state, and a state
// whose checkpoint is not there.
func LatestCheckpoint(dir string) (string, error) { return latestOf(filepath.Join(dir, "checkpoint")) }

// latestOf is LatestCheckpoint of a state file that may have another name.
func latestOf(path string) (string, error) {
	s, err := readState(path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	here := filepath.Join(dir, filepath.Base(s.Latest))
	for _, p := range []string{s.Latest, here} {
		if checkpointExists(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("ckpt: %s names %s, and neither that nor %s is there: %w", path, s.Latest, here, os.ErrNotExist)
}

func checkpointExists(prefix string) bool {
	if tensorbundle.Exists(prefix) || exists(prefix) {
		return true
	}
	for _, pattern := range []string{prefix + ".index", prefix} { // as TensorFlow takes the path
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// UpdateCheckpointState writes dir's `checkpoint` file, at once and whole.
// latest is put last in all if it is not there; paths inside dir are written
// relative to it, so that the folder can move.
func UpdateCheckpointState(dir, latest string, all []string) error {
	if latest == "" {
		return errors.New("ckpt: the latest checkpoint's path is empty")
	}
	var kept []string
	for _, p := range all {
		if p != latest {
			kept = append(kept, p)
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "model_checkpoint_path: %s\n", quote(relative(dir, latest)))
	for _, p := range append(kept, latest) {
		fmt.Fprintf(&text, "all_model_checkpoint_paths: %s\n", quote(relative(dir, p)))
	}
	f, err := atomicfile.Create(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	defer f.Abort()
	if _, err := f.WriteString(text.String()); err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	if err := f.Commit(); err != nil {
		return fmt.Errorf("ckpt: %w", err)
	}
	return nil
}

func relative(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return filepath.ToSlash(rel)
}

// quote writes a text-format string as protocol buffers do: what is not
// printable ASCII as three octal digits.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
