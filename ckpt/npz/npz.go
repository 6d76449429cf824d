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
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"graft/ckpt/internal/archive"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

const suffix = ".npy"

// File is an open archive, or a single array.
type File struct {
	path    string
	names   []string
	headers map[string]header
	members map[string]*archive.Member // nil for a single array

	mu   sync.Mutex
	file *mapped.File     // nil when closed
	zip  *archive.Archive // nil for a single array
}

// IsArray reports whether a file that begins with head is an .npy.
func IsArray(head []byte) bool { return strings.HasPrefix(string(head), magic) }

// Members lists what is in the zip archive f, whatever it is of.
func Members(f *mapped.File) ([]string, error) {
	a, err := archive.Open(f)
	if err != nil {
		return nil, err
	}
	return a.Names(), nil
}

// Open reads the directory of the archive at path and the header of each
// array. Damage, a member that is no array and anything unsafe (archive's
// package lists it) is a *tensors.CorruptError.
func Open(path string) (*File, error) { return open(path, (*File).readArchive) }

// OpenArray opens the single array at path. It is called what the file is,
// without the ending.
func OpenArray(path string) (*File, error) { return open(path, (*File).readArray) }

func open(path string, read func(*File) error) (*File, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/npz: %w", err)
	}
	defer runtime.KeepAlive(m)
	f := &File{path: path, headers: map[string]header{}, file: m}
	if err := mapped.Guard(func() error { return read(f) }); err != nil {
		m.Close()
		return nil, &tensors.CorruptError{Path: path, Err: err}
	}
	slices.Sort(f.names)
	return f, nil
}

func (f *File) readArchive() (err error) {
	if f.zip, err = archive.Open(f.file); err != nil {
		return err
	}
	f.members = map[string]*archive.Member{}
	for _, member := range f.zip.Names() {
		name, ok := strings.CutSuffix(member, suffix)
		if !ok {
			return fmt.Errorf("member %q is no array (%s)", member, suffix)
		}
		m, _ := f.zip.Member(member)
		head, err := f.zip.Head(m, maxHeader)
		if err != nil {
			return fmt.Errorf("array %q: %w", name, err)
		}
		f.members[name] = m
		if err := f.add(name, head, m.Size); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) readArray() error {
	head, err := f.file.Bytes(0, min(f.file.Size(), maxHeader))
	if err != nil {
		return err
	}
	return f.add(strings.TrimSuffix(filepath.Base(f.path), suffix), head, f.file.Size())
}

func (f *File) add(name string, head []byte, size int64) error {
	h, err := parseHeader(head, size)
	if err != nil {
		return fmt.Errorf("array %q: %w", name, err)
	}
	f.names, f.headers[name] = append(f.names, name), h
	return nil
}

// Names lists the arrays, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Info describes an array; ok is false if there is none of that name.
func (f *File) Info(name string) (info tensors.Info, ok bool) {
	h, ok := f.headers[name]
	if !ok {
		return tensors.Info{}, false
	}
	return tensors.Info{Name: name, DType: h.dtype, Shape: h.shape, Bytes: h.bytes}, true
}

// Files is the path of the file.
func (f *File) Files() []string { return []string{f.path} }

// View gives an array's values, where they lie in the file if they are stored
// plain, little-endian and in C order. Damage is a *tensors.CorruptError, an
// absent name a *tensors.NotFoundError, a closed file os.ErrClosed.
func (f *File) View(name string) (v *tensors.View, err error) {
	h, ok := f.headers[name]
	if !ok {
		return nil, &tensors.NotFoundError{Name: name, Path: f.path}
	}
	f.mu.Lock()
	file, zip := f.file, f.zip
	f.mu.Unlock()
	if file == nil {
		return nil, fmt.Errorf("ckpt/npz: array %q: %s: %w", name, f.path, os.ErrClosed)
	}
	defer runtime.KeepAlive(file)
	err = mapped.Guard(func() error {
		content, inPlace, err := f.content(file, zip, name)
		if err == nil {
			v, err = h.view(name, content, file, inPlace)
		}
		return err
	})
	if err == nil {
		return v, nil
	}
	if errors.Is(err, os.ErrClosed) {
		return nil, fmt.Errorf("ckpt/npz: array %q: %w", name, err)
	}
	return nil, &tensors.CorruptError{Path: f.path, Name: name, Err: err}
}

// content is an array with its header, in the file's own bytes or not.
func (f *File) content(file *mapped.File, zip *archive.Archive, name string) ([]byte, bool, error) {
	if zip == nil {
		b, err := file.Bytes(0, file.Size())
		return b, file.InPlace(), err
	}
	return zip.Bytes(f.members[name])
}

// Tensor reads an array; see View for the errors.
func (f *File) Tensor(name string) (*tensors.Tensor, error) {
	v, err := f.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// Slice reads the box at s of an array. Errors: those of View, a box that does
// not lie inside.
func (f *File) Slice(name string, s tensors.Slice) (*tensors.Tensor, error) {
	v, err := f.View(name)
	if err != nil {
		return nil, err
	}
	return v.Cut(s)
}

// Close ends reading: later calls for values are errors, views stay good.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file, f.zip = nil, nil
	return err
}
