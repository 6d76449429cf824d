package ckpt

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"graft/ckpt/tensorbundle"
)

var (
	dataFile  = regexp.MustCompile(`\.data-\d{5}-of-\d{5}$`)
	shardFile = regexp.MustCompile(`-\d{5}-of-(\d{5})$`)
)

// locate finds what a user points at.
func locate(path string) (place, error) {
	if path == "" {
		return place{}, fmt.Errorf("ckpt: the path of the checkpoint is empty")
	}
	info, err := os.Stat(path)
	switch {
	case tensorbundle.Exists(path):
		return bundleOrTable(path)
	case err == nil && info.IsDir():
		return locateFolder(path)
	case err == nil && info.Mode().IsRegular():
		return locateFile(path)
	case err == nil:
		return place{}, &FormatError{Path: path, Found: "it is neither a file nor a folder", Hint: "copy it to a file first"}
	}
	return locateName(path)
}

// bundleOrTable is for a prefix whose index is there: sometimes the "index" is
// a V1 checkpoint that somebody named so.
func bundleOrTable(prefix string) (place, error) {
	kind, err := sniff(prefix + ".index")
	switch {
	case err != nil:
		return place{}, err
	case kind == "V1":
		return place{prefix + ".index", "V1"}, nil
	case kind == indexOnly:
		return place{prefix, "V2"}, nil
	}
	return place{prefix + ".index", kind}, nil
}

// locateFile is for a file that is there.
func locateFile(path string) (place, error) {
	for _, prefix := range []string{strings.TrimSuffix(path, ".index"), strings.TrimSuffix(path, ".meta"), dataFile.ReplaceAllString(path, "")} {
		if prefix != path && tensorbundle.Exists(prefix) {
			return bundleOrTable(prefix)
		}
	}
	switch filepath.Base(path) {
	case "saved_model.pb", "saved_model.pbtxt":
		return locateFolder(filepath.Dir(path))
	}
	kind, err := sniff(path)
	switch {
	case err != nil:
		return place{}, err
	case kind == stateFile:
		latest, err := latestOf(path)
		if err != nil {
			return place{}, err
		}
		return locate(latest)
	case kind == "V1" && shardFile.MatchString(path):
		return place{shardFile.ReplaceAllString(path, "-?????-of-$1"), "V1"}, nil
	case kind == indexOnly:
		return place{}, &FormatError{Path: path, Found: "it is the index of a V2 checkpoint under another name", Hint: "name it PREFIX.index, beside PREFIX.data-00000-of-00001"}
	}
	return place{path, kind}, nil
}

// locateName is for a path where no file is: a member of a set that is not
// whole, a pattern, or the name that the shards of a V1 checkpoint share.
func locateName(path string) (place, error) {
	for _, prefix := range []string{strings.TrimSuffix(path, ".index"), strings.TrimSuffix(path, ".meta"), dataFile.ReplaceAllString(path, "")} {
		if prefix != path && tensorbundle.Exists(prefix) {
			return bundleOrTable(prefix)
		}
	}
	if found, err := filepath.Glob(path + ".index"); err == nil && len(found) == 1 {
		return bundleOrTable(strings.TrimSuffix(found[0], ".index"))
	}
	if found, err := filepath.Glob(path); err == nil && len(found) > 0 {
		return place{path, "V1"}, nil
	}
	shards, err := filepath.Glob(escape(path) + "-?????-of-?????")
	if err != nil || len(shards) == 0 {
		return notWhole(path)
	}
	var counts []string
	for _, s := range shards {
		if m := shardFile.FindStringSubmatch(s); m != nil && !slices.Contains(counts, m[1]) {
			counts = append(counts, m[1])
		}
	}
	if len(counts) != 1 {
		return place{}, fmt.Errorf("ckpt: at %s lie V1 checkpoints of %s shards: choose one, such as %s-?????-of-%s", path, strings.Join(counts, " and of "), path, counts[len(counts)-1])
	}
	return place{path + "-?????-of-" + counts[0], "V1"}, nil
}

// notWhole is for a prefix that has data files and no index, or nothing.
func notWhole(path string) (place, error) {
	data, err := filepath.Glob(escape(path) + ".data-?????-of-?????")
	if err == nil && len(data) > 0 {
		return place{}, &FormatError{Path: path, Found: fmt.Sprintf("it has %s and no %s.index, which says what is in it", filepath.Base(data[0]), filepath.Base(path)), Hint: "copy the .index too"}
	}
	return place{path, "V1"}, nil // whose opener says that nothing is there
}

// escape makes a pattern of a path that may hold a pattern's signs.
func escape(path string) string {
	if os.PathSeparator == '\\' { // which cannot be escaped there, nor stand in a name
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// locateFolder is for a training run's folder, a SavedModel's, or one that
// holds a single checkpoint.
func locateFolder(path string) (place, error) {
	if _, err := os.Stat(filepath.Join(path, "checkpoint")); err == nil {
		latest, err := LatestCheckpoint(path)
		if err != nil {
			return place{}, err
		}
		return locate(latest)
	}
	for _, prefix := range []string{filepath.Join(path, "variables", "variables"), filepath.Join(path, "variables")} {
		if tensorbundle.Exists(prefix) {
			return bundleOrTable(prefix)
		}
	}
	found, err := checkpointsIn(path)
	switch {
	case err != nil:
		return place{}, err
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return place{}, fmt.Errorf("ckpt: folder %s holds no checkpoint: %w", path, os.ErrNotExist)
	}
	return place{}, fmt.Errorf("ckpt: folder %s holds %d checkpoints and no `checkpoint` file that chooses one: open one of them, such as %s", path, len(found), found[0].path)
}

// checkpointsIn lists what in a folder can be opened, each set once.
func checkpointsIn(dir string) ([]place, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ckpt: %w", err)
	}
	var found []place
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		if !f.Type().IsRegular() || strings.Contains(f.Name(), "tempstate") {
			continue
		}
		p, err := locateFile(path)
		if err == nil && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	return found, nil
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }
