package check

import (
	"os"
	"path/filepath"
	"strings"

	"graft/repl/internal/nb"
)

// A LocalFile is a file of a package beside the notebook.
type LocalFile struct {
	Name   string // in its folder
	Source string
}

// LocalPackage is the base name of a package beside the notebook and its
// files, given its path; ok is false for the path of any other package.
func LocalPackage(path string) (base string, files []LocalFile, ok bool, err error) {
	if !strings.HasPrefix(path, nb.LocalPrefix) {
		return "", nil, false, nil
	}
	dir := localDir(path)
	names, _, err := goFiles(dir)
	if err != nil {
		return "", nil, true, err
	}
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			return "", nil, true, err
		}
		files = append(files, LocalFile{n, string(text)})
	}
	return filepath.Base(dir), files, true, nil
}

// LocalImport is the session's path for an import in a file of the local
// package at path, ok is false when it means a compiled package.
func (s *Session) LocalImport(imported, path string) (at string, ok bool) {
	return s.locals.resolve(imported, localDir(path))
}
