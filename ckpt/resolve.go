package ckpt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"graft/ckpt/tensorbundle"
)

var dataFile = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)

// resolve turns what a user points at into the prefix or file to open.
func resolve(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return memberPrefix(path), nil
	}
	if _, err := os.Stat(filepath.Join(path, "checkpoint")); err == nil {
		return LatestCheckpoint(path)
	}
	for _, prefix := range []string{filepath.Join(path, "variables", "variables"), filepath.Join(path, "variables")} {
		if tensorbundle.Exists(prefix) {
			return prefix, nil
		}
	}
	return onlyPrefix(path)
}

// memberPrefix takes the ending off a file of a V2 set.
func memberPrefix(path string) string {
	for _, p := range []string{strings.TrimSuffix(path, ".index"), strings.TrimSuffix(path, ".meta"), dataFile.ReplaceAllString(path, "")} {
		if p != path && (tensorbundle.Exists(p) || !exists(path)) {
			return p
		}
	}
	return path
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// onlyPrefix is for a folder without a `checkpoint` file.
func onlyPrefix(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*.index"))
	if err != nil {
		return "", fmt.Errorf("ckpt: %s: %w", dir, err)
	}
	switch len(found) {
	case 1:
		return strings.TrimSuffix(found[0], ".index"), nil
	case 0:
		return "", fmt.Errorf("ckpt: folder %s holds no checkpoint: neither a `checkpoint` file nor a *.index: %w", dir, os.ErrNotExist)
	}
	return "", fmt.Errorf("ckpt: folder %s holds %d checkpoints and no `checkpoint` file that chooses one: open one of them, such as %s", dir, len(found), strings.TrimSuffix(found[0], ".index"))
}

// foreign lists what people mistake for a checkpoint, by its first bytes.
var foreign = []struct{ prefix, found, hint string }{
	{"<!DOCTYPE", "a web page", "the download went wrong: fetch the file itself, not the page that shows it"},
	{"<html", "a web page", "the download went wrong: fetch the file itself, not the page that shows it"},
	{"version https://git-lfs", "a Git LFS pointer", "run git lfs pull to get the file it stands for"},
	{"\x1f\x8b", "a gzip archive", "unpack it first (tar xzf)"},
	{"PK\x03\x04", "a zip archive (PyTorch and Keras save such)", "unpack it, or export the weights for TensorFlow"},
	{"\x89HDF", "an HDF5 file (Keras weights)", "save the model in TensorFlow's checkpoint format"},
	{"model_checkpoint_path:", "a `checkpoint` file, which only names checkpoints", "open the folder it lies in"},
	{"\x93NUMPY", "a NumPy array", ""},
}

// explain says of a file that could not be read what it is instead.
func explain(path string, err error) error {
	f, openErr := os.Open(path)
	if openErr != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, readErr := io.ReadFull(f, head)
	if readErr != nil && !errors.Is(readErr, io.ErrUnexpectedEOF) && !errors.Is(readErr, io.EOF) {
		return err
	}
	head = bytes.TrimLeft(head[:n], " \r\n\t\ufeff")
	if n == 0 {
		return &FormatError{Path: path, Found: "the file is empty", Hint: "copy or download it again"}
	}
	for _, k := range foreign {
		if len(head) >= len(k.prefix) && strings.EqualFold(string(head[:len(k.prefix)]), k.prefix) {
			return &FormatError{Path: path, Found: "it is " + k.found, Hint: k.hint}
		}
	}
	return notTable(path, err)
}

// notTable tells a damaged table from a file that never was one.
func notTable(path string, err error) error {
	switch {
	case dataFile.MatchString(path):
		return &FormatError{Path: path, Found: "it is the data of a V2 checkpoint whose .index is not there", Hint: "put the .index beside it"}
	case strings.HasSuffix(path, ".meta"):
		return &FormatError{Path: path, Found: "it is a graph (MetaGraphDef), which holds no values", Hint: "its .index and .data files are needed"}
	}
	return err
}
