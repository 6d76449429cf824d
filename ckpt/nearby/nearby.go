// Package nearby says what stands near a path that is not there: the file or
// folder that was meant by a misspelt one.
package nearby

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hbollon/go-edlib"
)

// Explain adds to an error about a file that is not there what was probably
// meant; errors.Is and errors.As find the error as before. Any other error, and
// nil, is returned as it is.
func Explain(err error) error {
	var at *fs.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &at) {
		return err
	}
	if hint := Hint(at.Path); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// Hint is, for a path that is not there, "did you mean data/train.gz?" or else
// "there is no folder data/trian", and "" where nothing can be said: the folder
// is there and holds nothing of a name like it.
func Hint(path string) string {
	path = filepath.Clean(path)
	there, missing := path, ""
	for !exists(there) { // up to the first folder that is there
		parent := filepath.Dir(there)
		if parent == there {
			return ""
		}
		there, missing = parent, filepath.Join(filepath.Base(there), missing)
	}
	if missing == "" {
		return ""
	}
	name, rest, _ := strings.Cut(missing, string(filepath.Separator))
	wanted := filepath.Join(there, name)
	switch near := nearest(name, there); {
	case near != "" && exists(filepath.Join(there, near, rest)):
		return "did you mean " + filepath.Join(there, near, rest) + "?"
	case near != "" && rest != "":
		return fmt.Sprintf("there is no folder %s; did you mean %s?", wanted, filepath.Join(there, near))
	case rest != "":
		return "there is no folder " + wanted
	}
	return ""
}

// maxEntries bounds how much of a folder is looked at.
const maxEntries = 10_000

// nearest is the name in a folder that few slips of the keyboard turn into
// name, "" for none.
func nearest(name, folder string) string {
	f, err := os.Open(folder)
	if err != nil {
		return ""
	}
	defer f.Close()
	entries, _ := f.Readdirnames(maxEntries) // what could be read
	best, least := "", 1+max(1, min(3, len(name)/4))
	for _, entry := range entries {
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(name), strings.ToLower(entry)); d < least || d == least && best != "" && entry < best {
			best, least = entry, d
		}
	}
	return best
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
