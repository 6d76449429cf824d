package ckpt

import (
	"fmt"
	"path/filepath"
	"strings"

	"graft/ckpt/npz"
	"graft/ckpt/safetensors"
	"graft/ckpt/tensorbundle"
	"graft/ckpt/tensorslice"
)

// TensorWriter writes a checkpoint of some format. Nothing is there under its
// name before Close, and then all of it; what was there before stays whole
// until then. After an error Close fails and leaves nothing.
type TensorWriter interface {
	// Add writes a tensor. What the format cannot hold is an error.
	Add(t *Tensor) error
	// Close puts the checkpoint in place.
	Close() error
	// Abort gives it up. After a successful Close it does nothing.
	Abort()
}

// SliceWriter is a TensorWriter that can write a partitioned variable by its
// parts: those of V1 and V2 are.
type SliceWriter interface {
	TensorWriter
	// AddSlice writes the values of the box at s of the variable that whole
	// describes by name, type and shape.
	AddSlice(whole TensorInfo, s Slice, part *Tensor) error
}

// CreateSharded starts a V2 checkpoint whose values are divided among that many
// data files, 1 to 99998. The folder must exist.
func CreateSharded(prefix string, shards int) (*Writer, error) {
	return tensorbundle.CreateSharded(prefix, shards)
}

// creators are the formats that can be written, with the endings of names that
// mean them.
var creators = []struct {
	name    string
	endings []string
	create  func(path string) (TensorWriter, error)
}{
	{"V2", nil, func(path string) (TensorWriter, error) { return tensorbundle.Create(path) }},
	{"V1", nil, func(path string) (TensorWriter, error) { return tensorslice.Create(path) }},
	{"safetensors", []string{".safetensors"}, func(path string) (TensorWriter, error) { return safetensors.Create(path) }},
	{"npz", []string{".npz"}, func(path string) (TensorWriter, error) { return npz.Create(path) }},
}

// CreateAs starts a checkpoint in a format: "V2", "V1", "safetensors" or
// "npz", in any case of letters, or "" for what the path's ending means and V2
// without one. path is the prefix of a V2 checkpoint, the file of another. The
// folder must exist.
func CreateAs(path, format string) (TensorWriter, error) {
	var known []string
	for _, c := range creators {
		if strings.EqualFold(c.name, format) || format == "" && endsIn(path, c.endings) {
			return whole(c.create(path))
		}
		known = append(known, c.name)
	}
	if format == "" {
		return whole(tensorbundle.Create(path))
	}
	return nil, fmt.Errorf("ckpt: format %q cannot be written; %s can", format, strings.Join(known, ", "))
}

// whole is no writer where there is an error, not a nil one of some format.
func whole(w TensorWriter, err error) (TensorWriter, error) {
	if err != nil {
		return nil, err
	}
	return w, nil
}

func endsIn(path string, endings []string) bool {
	for _, e := range endings {
		if strings.EqualFold(filepath.Ext(path), e) {
			return true
		}
	}
	return false
}
