package ckpt

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"graft/ckpt/fetch"
)

// The types of Fetch; package fetch documents them.
type (
	// FetchOptions change how Fetch works; the zero value, and the environment,
	// do.
	FetchOptions = fetch.Options
	// FetchProgress is how far it has come.
	FetchProgress = fetch.Progress
	// UnavailableError says that no source has what is fetched, and how to get
	// it by hand.
	UnavailableError = fetch.UnavailableError
	// ChecksumError says that what was fetched is another file than it should be.
	ChecksumError = fetch.ChecksumError
)

// Fetch gets a published checkpoint or data set by name and returns the path
// that Open takes or, of data, the folder. What was fetched before is taken
// from the cache. Names are those of TF-Slim's nets and releases, such as
// "vgg_16", "inception_v3", "mobilenet_v1_0.25_128", and "flowers"; package
// fetch lists them, and describes the cache and the environment (GRAFT_CACHE,
// GRAFT_MIRROR, GRAFT_OFFLINE).
//
// Errors: a name that is none; those of fetch.Get, among them
// *fetch.UnavailableError without a network, which says how to get the file by
// hand.
func Fetch(name string) (string, error) { return FetchWith(name, FetchOptions{}) }

// FetchWith is Fetch with options: a context to end it by, whom to tell of the
// progress, another cache.
func FetchWith(name string, opt FetchOptions) (string, error) {
	r, err := fetch.Find(name)
	if err != nil {
		return "", err
	}
	dir, err := fetch.Get(r, opt)
	if err != nil {
		return "", err
	}
	if r.Parameters == 0 {
		return single(dir)
	}
	return inside(dir)
}

// single is the folder that is all there is in dir, or dir.
func single(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("ckpt: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	if len(entries) == 1 && entries[0].IsDir() {
		return filepath.Join(dir, entries[0].Name()), nil
	}
	return dir, nil
}

// inside finds the checkpoint in an archive's folder. Some archives hold one
// with the variables and one with their moving averages, in a folder ema: the
// averages are the better ones, and those that the accuracies are of.
func inside(dir string) (string, error) {
	var found, averages []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		here, err := checkpointsIn(path)
		for _, p := range here {
			if !slices.Contains(found, p.path) {
				found = append(found, p.path)
				if filepath.Base(path) == "ema" {
					averages = append(averages, p.path)
				}
			}
		}
		return err
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("ckpt: %w", err)
	case len(found) == 1:
		return found[0], nil
	case len(averages) == 1:
		return averages[0], nil
	case len(found) == 0:
		return "", fmt.Errorf("ckpt: the archive unpacked in %s holds no checkpoint: %w", dir, os.ErrNotExist)
	}
	return "", fmt.Errorf("ckpt: the archive unpacked in %s holds %d checkpoints: open one of %s", dir, len(found), strings.Join(found, ", "))
}
