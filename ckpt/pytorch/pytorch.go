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
	"fmt"
	"slices"

	"graft/ckpt/internal/archive"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

// File is an open file. View and Tensor verify the checksum of a storage once;
// the older form has none.
type File struct {
	*tensors.Source
	others []string
}

// Open reads the pickle of the file at path and none of the values. Damage,
// and a pickle that wants to run something, is a *tensors.CorruptError.
func Open(path string) (f *File, err error) {
	f = &File{}
	if f.Source, err = tensors.OpenSource("ckpt/pytorch", path, f.read); err != nil {
		return nil, err
	}
	return f, nil
}

// Others lists by their paths the values that are no tensors, such as an epoch
// or a learning rate.
func (f *File) Others() []string { return slices.Clone(f.others) }

func (f *File) read(src *tensors.Source, file *mapped.File) (tensors.Values, error) {
	head, err := file.Bytes(0, min(file.Size(), int64(len(legacyStart))))
	if err != nil {
		return nil, err
	}
	s := &storages{file: file, places: map[string]place{}}
	read := s.readZip
	if IsLegacy(head) {
		read = s.readLegacy
	}
	root, err := read()
	if err != nil {
		return nil, err
	}
	w := walk{tensors: map[string]tensor{}, left: max(1000, int(file.Size()))}
	if err := w.value("", root, 0); err != nil {
		return nil, err
	}
	f.others = w.others
	for name, t := range w.tensors {
		if err := src.Add(tensors.Info{Name: name, DType: t.storage.dtype, Shape: t.shape, Bytes: t.bytes()}); err != nil {
			return nil, err
		}
	}
	return func(name string) (*tensors.Tensor, bool, error) {
		t := w.tensors[name]
		data, inPlace, err := s.bytes(t.storage)
		if err != nil {
			return nil, false, err
		}
		out, inPlace := t.tensor(name, data, s.big, inPlace)
		return out, inPlace, nil
	}, nil
}

// storages are where the elements lie.
type storages struct {
	file   *mapped.File
	big    bool             // the byte order of the elements
	zip    *archive.Archive // nil for the older form
	prefix string           // of the members
	places map[string]place // of the older form
}

// place is a part of the file.
type place struct{ offset, size int64 }

// bytes gives the elements of a storage, which must be as many as the pickle
// says.
func (s *storages) bytes(ref storage) (data []byte, inPlace bool, err error) {
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
	p, ok := s.places[ref.key]
	if !ok || p.size != want {
		return nil, false, fmt.Errorf("its storage %q has %d bytes, %d elements of %v want %d", ref.key, p.size, ref.elements, ref.dtype, want)
	}
	data, err = s.file.Bytes(p.offset, p.size)
	return data, s.file.InPlace(), err
}
