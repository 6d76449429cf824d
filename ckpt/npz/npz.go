// Package npz reads and writes NumPy's files: .npz archives and single .npy
// arrays.
//
//	f, err := npz.Open("weights.npz")
//	t, err := f.Tensor("conv1/kernel")
//
//	w, err := npz.Create("weights.npz")
//	err = w.Add(t)
//	err = w.Close()
//
// An .npz is a zip archive with a member NAME.npy for each array, stored
// (numpy.savez) or deflated (numpy.savez_compressed). An .npy is a header and
// the elements:
//
//	93 "NUMPY", version major and minor, length of the header (u16, from version 2 on u32), header, elements
//
// The header is a Python dictionary padded with spaces to a multiple of 64
// bytes in all:
//
//	{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//
// descr is the byte order, the kind and the bytes of an element: f floats,
// i and u integers, c complex, b1 booleans, S bytes and U UTF-32 text, both
// padded with zeros. Arrays of Python objects are pickles, which can run any
// code, and are refused, as are records and dates.
//
// The checksum of a member is verified once, when its values are first asked
// for; a lone .npy has none. A File may be used by several goroutines at once,
// a Writer by one.
package npz

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"graft/ckpt/internal/archive"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

const suffix = ".npy"

// File is an open archive, or a single array. View and Tensor verify the
// checksum of a member once, when its values are first asked for.
type File struct{ *tensors.Source }

// IsArray reports whether a file that begins with head is an .npy.
func IsArray(head []byte) bool { return strings.HasPrefix(string(head), magic) }

// Members lists what is in the zip archive f, whatever it is of.
func Members(f *mapped.File) ([]string, error) {
	if f == nil {
		return nil, errors.New("ckpt/npz: the file is nil")
	}
	a, err := archive.Open(f)
	if err != nil {
		return nil, err
	}
	return a.Names(), nil
}

// Open reads the directory of the archive at path and the header of each
// array. Damage, a member that is no array and anything unsafe (archive's
// package lists it) is a *tensors.CorruptError.
func Open(path string) (*File, error) { return open(path, readArchive) }

// OpenArray opens the single array at path. It is called what the file is,
// without the ending.
func OpenArray(path string) (*File, error) {
	return open(path, func(s *tensors.Source, file *mapped.File) (tensors.Values, error) {
		return readAlone(s, file, strings.TrimSuffix(filepath.Base(path), suffix))
	})
}

func open(path string, read func(*tensors.Source, *mapped.File) (tensors.Values, error)) (*File, error) {
	s, err := tensors.OpenSource("ckpt/npz", path, read)
	if err != nil {
		return nil, err
	}
	return &File{s}, nil
}

// member is an array in an archive and what its header says.
type member struct {
	header
	zip *archive.Member
}

func readArchive(s *tensors.Source, file *mapped.File) (tensors.Values, error) {
	zip, err := archive.Open(file)
	if err != nil {
		return nil, err
	}
	arrays := map[string]member{}
	for _, path := range zip.Names() {
		name, ok := strings.CutSuffix(path, suffix)
		if !ok {
			return nil, fmt.Errorf("member %q is no array (%s)", path, suffix)
		}
		m, _ := zip.Member(path)
		head, err := zip.Head(m, maxHeader)
		if err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		h, err := add(s, name, head, m.Size)
		if err != nil {
			return nil, err
		}
		arrays[name] = member{h, m}
	}
	return func(name string) (*tensors.Tensor, bool, error) {
		a := arrays[name]
		content, inPlace, err := zip.Bytes(a.zip)
		if err != nil {
			return nil, false, err
		}
		return a.tensor(name, content, inPlace)
	}, nil
}

func readAlone(s *tensors.Source, file *mapped.File, name string) (tensors.Values, error) {
	head, err := file.Bytes(0, min(file.Size(), maxHeader))
	if err != nil {
		return nil, err
	}
	h, err := add(s, name, head, file.Size())
	if err != nil {
		return nil, err
	}
	return func(name string) (*tensors.Tensor, bool, error) {
		content, err := file.Bytes(0, file.Size())
		if err != nil {
			return nil, false, err
		}
		return h.tensor(name, content, file.InPlace())
	}, nil
}

// add announces the array whose file or member begins with head.
func add(s *tensors.Source, name string, head []byte, size int64) (header, error) {
	h, err := parseHeader(head, size)
	if err != nil {
		return h, fmt.Errorf("array %q: %w", name, err)
	}
	return h, s.Add(tensors.Info{Name: name, DType: h.dtype, Shape: h.shape, Bytes: h.bytes})
}
