//go:build !windows

package graph

import "os"

// unnamedFile opens a new file, which ends with the process.
func unnamedFile() (*os.File, error) {
	f, err := os.CreateTemp("", "graft-features-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
