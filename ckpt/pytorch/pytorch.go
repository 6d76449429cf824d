// Package pytorch reads the state dicts that torch.save writes, .pt and .pth.
//
//	f, err := pytorch.Open("resnet18.pth")
//	t, err := f.Tensor("layer1.0.conv1.weight")
//
// Such a file is a Python pickle that builds the objects and names the
// storages that hold the tensors' elements. Reading a pickle usually means
// running what it says; here nothing is run. The pickle may build numbers,
// strings, lists, tuples and dictionaries, and call a list of functions that
// make tensors (calls.go), all of them ours. Any other function or class ends
// the reading with an error that names it: it is either an attack or a model
// saved whole instead of its state_dict.
//
// Since PyTorch 1.6 the file is a zip archive:
//
//	NAME/data.pkl      the pickle; a tensor is a storage's key, an offset, sizes and strides
//	NAME/data/KEY      the elements of a storage
//	NAME/byteorder     "little" or "big"
//
// and before, a sequence of pickles: a magic number, a version, the writer's
// byte order, the objects, the keys of the storages; then for each key its
// number of elements (u64) and the elements.
//
// The tensors of nested dictionaries and lists are called by their path,
// joined with dots: {"state_dict": {"fc.bias": …}} is state_dict.fc.bias. What
// is no tensor is listed by Others. A File may be used by several goroutines
// at once.
package pytorch

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"

	"graft/ckpt/internal/archive"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

// File is an open file.
type File struct {
	path    string
	names   []string
	tensors map[string]tensor
	others  []string
	big     bool

	mu     sync.Mutex
	source *source // nil when closed
}

// source is where the storages lie.
type source struct {
	file     *mapped.File
	zip      *archive.Archive // nil for the older form
	prefix   string           // of the members
	storages map[string]place // of the older form
}

// place is a part of the file.
type place struct{ offset, size int64 }

// Open reads the pickle of the file at path and none of the values. Damage,
// and a pickle that wants to run something, is a *tensors.CorruptError.
func Open(path string) (*File, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/pytorch: %w", err)
	}
	defer runtime.KeepAlive(m)
	f := &File{path: path, tensors: map[string]tensor{}, source: &source{file: m, storages: map[string]place{}}}
	if err := mapped.Guard(f.read); err != nil {
		m.Close()
		return nil, &tensors.CorruptError{Path: path, Err: err}
	}
	return f, nil
}

func (f *File) read() error {
	head, err := f.source.file.Bytes(0, min(f.source.file.Size(), int64(len(legacyStart))))
	if err != nil {
		return err
	}
	var root any
	if IsLegacy(head) {
		root, err = f.readLegacy()
	} else {
		root, err = f.readZip()
	}
	if err != nil {
		return err
	}
	w := walk{file: f, left: max(1000, int(f.source.file.Size()))}
	if err := w.value("", root, 0); err != nil {
		return err
	}
	slices.Sort(f.names)
	return nil
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Others lists by their paths the values that are no tensors, such as an epoch
// or a learning rate.
func (f *File) Others() []string { return slices.Clone(f.others) }

// Info describes a tensor; ok is false if there is none of that name.
func (f *File) Info(name string) (info tensors.Info, ok bool) {
	t, ok := f.tensors[name]
	if !ok {
		return tensors.Info{}, false
	}
	return tensors.Info{Name: name, DType: t.storage.dtype, Shape: t.shape, Bytes: t.bytes()}, true
}

// Files is the path of the file.
func (f *File) Files() []string { return []string{f.path} }

// View gives a tensor's values, where they lie in the file if the tensor has
// them one after the other. The checksum of a storage is verified once; the
// older form has none. Damage is a *tensors.CorruptError, an absent name a
// *tensors.NotFoundError, a closed file os.ErrClosed.
func (f *File) View(name string) (v *tensors.View, err error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, &tensors.NotFoundError{Name: name, Path: f.path}
	}
	f.mu.Lock()
	s := f.source
	f.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("ckpt/pytorch: tensor %q: %s: %w", name, f.path, os.ErrClosed)
	}
	defer runtime.KeepAlive(s)
	err = mapped.Guard(func() error {
		data, inPlace, err := s.storage(t.storage)
		if err == nil {
			v, err = t.view(name, data, f.big, s.file, inPlace)
		}
		return err
	})
	if err == nil {
		return v, nil
	}
	if errors.Is(err, os.ErrClosed) {
		return nil, fmt.Errorf("ckpt/pytorch: tensor %q: %w", name, err)
	}
	return nil, &tensors.CorruptError{Path: f.path, Name: name, Err: err}
}

// storage gives the elements of a storage, which must be as many as the pickle
// says.
func (s *source) storage(ref storage) (data []byte, inPlace bool, err error) {
	want := ref.elements * int64(ref.dtype.Size())
	if s.zip != nil {
		m, ok := s.zip.Member(s.prefix + "data/" + ref.key)
		if !ok {
			return nil, false, fmt.Errorf("its storage %sdata/%s is not in the archive", s.prefix, ref.key)
		}
		if m.Size != want {
			return nil, false, fmt.Errorf("its storage %s has %d bytes, %d elements of %v want %d", m.Name, m.Size, ref.elements, ref.dtype, want)
		}
		return s.zip.Bytes(m)
	}
	p, ok := s.storages[ref.key]
	if !ok || p.size != want {
		return nil, false, fmt.Errorf("its storage %q has %d bytes, %d elements of %v want %d", ref.key, p.size, ref.elements, ref.dtype, want)
	}
	data, err = s.file.Bytes(p.offset, p.size)
	return data, s.file.InPlace(), err
}

// Tensor reads a tensor; see View for the errors.
func (f *File) Tensor(name string) (*tensors.Tensor, error) {
	v, err := f.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// Slice reads the box at s of a tensor. Errors: those of View, a box that does
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
	if f.source == nil {
		return nil
	}
	err := f.source.file.Close()
	f.source = nil
	return err
}
