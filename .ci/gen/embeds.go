package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
)

const embedDir = "repl/internal/typedata"

// archive is a zip file to be written: entries by name.
type archive map[string][]byte

// readArchive reads what an earlier run wrote, an empty one when there is none.
func readArchive(name string) (archive, error) {
	a := archive{}
	r, err := zip.OpenReader(name)
	if os.IsNotExist(err) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			return nil, err
		}
		if a[f.Name], err = io.ReadAll(rc); err != nil {
			return nil, err
		}
		rc.Close()
	}
	return a, nil
}

// forget drops the entries of a group's packages.
func (a archive) forget(g group) {
	for name := range a {
		_, p, ok := strings.Cut(name, ":")
		if !ok {
			p = name
		}
		if groupOf(p) == g {
			delete(a, name)
		}
	}
}

func groupOf(path string) group {
	switch {
	case strings.HasPrefix(path, "graft/"):
		return oursGroup
	case slices.Contains(modules, path):
		return modulesGroup
	}
	return goGroup
}

// bytes is the archive with sorted entries and no times, the same for the
// same content.
func (a archive) bytes() ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	for _, n := range sorted(a) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(a[n]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// exportData is a package's types in the format of x/tools, without
// positions: they would be those of this machine.
func exportData(pkg *types.Package) ([]byte, error) {
	var b bytes.Buffer
	if err := gcexportdata.Write(&b, nil, pkg); err != nil {
		return nil, fmt.Errorf("export data of %s: %w", pkg.Path(), err)
	}
	return b.Bytes(), nil
}

// mentioned lists the packages that export data names.
func mentioned(data []byte, path string) ([]string, error) {
	seen := map[string]*types.Package{}
	if _, err := gcexportdata.Read(bytes.NewReader(data), token.NewFileSet(), seen, path); err != nil {
		return nil, fmt.Errorf("export data of %s: %w", path, err)
	}
	return sorted(seen), nil
}

// addTypes adds a package's export data on every platform; on those after the
// first under "os:path", and only where it differs.
func (a archive) addTypes(path string, worlds []*world) error {
	var first []byte
	for i, w := range worlds {
		data, err := exportData(w.types[path])
		if err != nil {
			return err
		}
		switch {
		case i == 0:
			first = data
			a[path] = data
		case !bytes.Equal(data, first):
			a[w.platform.os+":"+path] = data
		}
	}
	return nil
}

// packageName reads a package's name from its export data.
func packageName(data []byte, path string) (string, error) {
	p, err := gcexportdata.Read(bytes.NewReader(data), token.NewFileSet(), map[string]*types.Package{}, path)
	if err != nil {
		return "", fmt.Errorf("export data of %s: %w", path, err)
	}
	return p.Name(), nil
}
