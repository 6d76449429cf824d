package tensors

import (
	"fmt"
	"strings"
)

// NotFoundError says that a checkpoint has no tensor of a name.
type NotFoundError struct {
	Name        string
	Path        string
	Suggestions []string // names in the checkpoint that look alike, best first
}

func (e *NotFoundError) Error() string {
	msg := fmt.Sprintf("ckpt: tensor %q not found in checkpoint %s", e.Name, e.Path)
	if len(e.Suggestions) > 0 {
		msg += "; did you mean " + strings.Join(e.Suggestions, " or ") + "?"
	}
	return msg
}

// CorruptError says that a checkpoint file is damaged, and where.
type CorruptError struct {
	Path string
	Name string // the tensor concerned, or ""
	Err  error
}

func (e *CorruptError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("ckpt: %s is damaged: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("ckpt: %s is damaged: tensor %q: %v", e.Path, e.Name, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// FormatError says that a path holds something other than a checkpoint.
type FormatError struct {
	Path  string
	Found string // what it looks like
	Hint  string // what to do
}

func (e *FormatError) Error() string {
	msg := fmt.Sprintf("ckpt: %s is not a checkpoint: %s", e.Path, e.Found)
	if e.Hint != "" {
		msg += "; " + e.Hint
	}
	return msg
}
