package tensors

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"

	"graft/ckpt/internal/mapped"
)

// Source is an open file of tensors. The formats that are one file (npz,
// safetensors, pytorch) read their directory at once and the values when they
// are asked for; the rest is the same for all of them and stands here. It may
// be used by several goroutines at once.
type Source struct {
	format string // the package's name, for errors
	path   string
	infos  map[string]Info
	names  []string

	mu     sync.Mutex
	file   *mapped.File // nil when closed
	values Values
}

// Values reads the values of the tensor of a name that was announced with Add.
// inPlace says that they lie in the mapped file, to which the View then holds.
type Values func(name string) (t *Tensor, inPlace bool, err error)

// OpenSource opens the file at path for the package called format. read reads
// its directory, calls Add for each tensor and returns what reads values; its
// error becomes a *CorruptError. It is for packages that read a format.
func OpenSource(format, path string, read func(s *Source, file *mapped.File) (Values, error)) (*Source, error) {
	file, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	defer runtime.KeepAlive(file)
	s := &Source{format: format, path: path, infos: map[string]Info{}, file: file}
	err = mapped.Guard(func() (err error) {
		s.values, err = read(s, file)
		return err
	})
	if err != nil {
		file.Close()
		return nil, &CorruptError{Path: path, Err: err}
	}
	slices.Sort(s.names)
	return s, nil
}

// Add announces a tensor. A name given twice is an error.
func (s *Source) Add(info Info) error {
	if _, twice := s.infos[info.Name]; twice {
		return fmt.Errorf("tensor %q is there twice", info.Name)
	}
	s.infos[info.Name], s.names = info, append(s.names, info.Name)
	return nil
}

// Names lists the tensors, sorted by bytes.
func (s *Source) Names() []string { return slices.Clone(s.names) }

// Info describes a tensor; ok is false if there is none of that name.
func (s *Source) Info(name string) (info Info, ok bool) {
	info, ok = s.infos[name]
	return info, ok
}

// Files is the path of the file.
func (s *Source) Files() []string { return []string{s.path} }

// View gives a tensor's values, where they lie in the file if they are stored
// as they are used. A checksum, if the format has one, is verified once. Damage
// is a *CorruptError, an absent name a *NotFoundError, a closed file
// os.ErrClosed (wrapped).
func (s *Source) View(name string) (*View, error) {
	if _, ok := s.infos[name]; !ok {
		return nil, &NotFoundError{Name: name, Path: s.path}
	}
	s.mu.Lock()
	file, values := s.file, s.values
	s.mu.Unlock()
	if file == nil {
		return nil, fmt.Errorf("%s: tensor %q: %s: %w", s.format, name, s.path, os.ErrClosed)
	}
	defer runtime.KeepAlive(file)
	var v *View
	err := mapped.Guard(func() error {
		t, inPlace, err := values(name)
		switch {
		case err != nil:
			return err
		case inPlace:
			v = NewView(t, file)
		default:
			v = NewView(t, nil)
		}
		return nil
	})
	if err == nil {
		return v, nil
	}
	if errors.Is(err, os.ErrClosed) { // under a plain read
		return nil, fmt.Errorf("%s: tensor %q: %w", s.format, name, err)
	}
	return nil, &CorruptError{Path: s.path, Name: name, Err: err}
}

// Tensor reads a tensor into memory; see View for the errors.
func (s *Source) Tensor(name string) (*Tensor, error) {
	v, err := s.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// Slice reads the box at b of a tensor. Errors: those of View, a box that does
// not lie inside.
func (s *Source) Slice(name string, b Slice) (*Tensor, error) {
	v, err := s.View(name)
	if err != nil {
		return nil, err
	}
	return v.Cut(b)
}

// Close ends reading: later calls for values are errors, views stay good.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file, s.values = nil, nil
	return err
}
