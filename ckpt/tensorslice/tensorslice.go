// Package tensorslice reads TensorFlow's V1 checkpoints, the single files of
// util/tensor_slice_reader that the 2016 model zoo was published in.
//
//	c, err := tensorslice.Open("vgg_16.ckpt")
//	t, err := c.Tensor("vgg_16/fc8/biases")
//
// A checkpoint is one sorted table, or several that a pattern such as
// "model.ckpt-?????-of-00002" names. The empty key holds the meta data, a
// SavedTensorSlices message whose field 1 is
//
//	SavedTensorSliceMeta {1 repeated tensor {1 name, 2 shape, 3 dtype, 4 repeated slice}, 2 versions}
//
// Every other key is that of a slice (wire.SliceKey) and holds field 2,
//
//	SavedSlice {1 name, 2 slice, 3 TensorProto}
//
// in which the TensorProto carries nothing but packed values, in the list of
// its type: 5 float, 6 double, 7 int, 8 string, 9 complex64, 10 int64,
// 11 bool, 12 complex128, 13 half (the bits). The type itself stands in the
// meta data only. The scalars a=0.5 and b=2 make a file of 169 bytes.
//
// A Checkpoint may be used by several goroutines at once.
package tensorslice

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

const maxVersion = 1 // of TF_CHECKPOINT_VERSION

// Checkpoint is an open V1 checkpoint.
type Checkpoint struct {
	path   string
	files  []*os.File
	names  []string
	saved  map[string]tensors.Info
	tables map[string]*sstable.Table // by slice key
}

// Open reads the meta data of the file at path, or of all files that path
// matches as a pattern. A damaged file is a *tensors.CorruptError.
func Open(path string) (*Checkpoint, error) {
	paths, err := expand(path)
	if err != nil {
		return nil, err
	}
	c := &Checkpoint{path: path, saved: map[string]tensors.Info{}, tables: map[string]*sstable.Table{}}
	for _, p := range paths {
		if err := c.add(p); err != nil {
			c.Close()
			return nil, err
		}
	}
	for name := range c.saved {
		c.names = append(c.names, name)
	}
	slices.Sort(c.names)
	return c, nil
}

func expand(path string) ([]string, error) {
	if _, err := os.Stat(path); err == nil {
		return []string{path}, nil
	}
	paths, err := filepath.Glob(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/tensorslice: %s: %w", path, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("ckpt/tensorslice: no file matches %s: %w", path, os.ErrNotExist)
	}
	return paths, nil
}

func (c *Checkpoint) add(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("ckpt/tensorslice: %w", err)
	}
	c.files = append(c.files, f)
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("ckpt/tensorslice: %w", err)
	}
	if err := c.load(f, info.Size()); err != nil {
		return &tensors.CorruptError{Path: path, Err: err}
	}
	return nil
}

func (c *Checkpoint) load(r io.ReaderAt, size int64) error {
	table, err := sstable.Open(r, size)
	if err != nil {
		return err
	}
	meta, ok, err := table.Get("")
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the table has no meta data: it is not a V1 checkpoint")
	}
	return wire.Fields(meta, func(f wire.Field) error {
		if f.Number != 1 {
			return nil
		}
		return wire.Fields(f.Bytes, func(f wire.Field) error {
			switch f.Number {
			case 1:
				return c.addTensor(table, f.Bytes)
			case 2:
				return wire.Fields(f.Bytes, checkVersion)
			}
			return nil
		})
	})
}

func checkVersion(f wire.Field) error {
	if f.Number == 2 && int32(f.Value) > maxVersion {
		return fmt.Errorf("the file wants a reader of format version %d, this one reads %d", int32(f.Value), maxVersion)
	}
	return nil
}

// addTensor takes one SavedSliceMeta. The files of a sharded checkpoint may
// each hold some slices of one tensor; they must agree on the rest.
func (c *Checkpoint) addTensor(table *sstable.Table, b []byte) error {
	info, err := parseMeta(b)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", info.Name, err)
	}
	old, seen := c.saved[info.Name]
	if seen {
		if old.DType != info.DType || !slices.Equal(old.Shape, info.Shape) {
			return fmt.Errorf("tensor %q is saved as %v of shape %v and as %v of shape %v", info.Name, old.DType, old.Shape, info.DType, info.Shape)
		}
	}
	for _, s := range info.Slices {
		key := string(wire.SliceKey(info.Name, s))
		if c.tables[key] != nil {
			return fmt.Errorf("tensor %q: slice %v is saved twice", info.Name, s)
		}
		c.tables[key] = table
	}
	info.Slices = append(old.Slices, info.Slices...)
	c.saved[info.Name] = info
	return nil
}

func parseMeta(b []byte) (info tensors.Info, err error) {
	err = wire.Fields(b, func(f wire.Field) (err error) {
		switch f.Number {
		case 1:
			info.Name = string(f.Bytes)
		case 2:
			info.Shape, err = wire.Shape(f.Bytes)
		case 3:
			if info.DType = tensors.DType(min(f.Value, 255)); !info.DType.Known() {
				return fmt.Errorf("dtype %d is not known", f.Value)
			}
		case 4:
			var s tensors.Slice
			s, err = wire.Slice(f.Bytes)
			info.Slices = append(info.Slices, s)
		}
		return err
	})
	if err != nil {
		return info, err
	}
	for _, s := range info.Slices {
		if _, _, err := s.Resolve(info.Shape); err != nil {
			return info, err
		}
	}
	if info.DType == 0 {
		return info, errors.New("it has no dtype")
	}
	n, _ := tensors.Elements(info.Shape)
	info.Bytes = n * int64(info.DType.Size())
	return info, nil
}

// Names lists the tensors, sorted.
func (c *Checkpoint) Names() []string { return slices.Clone(c.names) }

// Info describes a tensor; ok is false if there is none of that name. Slices
// is nil for a variable saved in one piece.
func (c *Checkpoint) Info(name string) (info tensors.Info, ok bool) {
	info, ok = c.saved[name]
	if len(info.Slices) == 1 && info.Slices[0].IsFull(info.Shape) {
		info.Slices = nil
	}
	return info, ok
}

// Files are the paths of the checkpoint's files.
func (c *Checkpoint) Files() []string {
	paths := make([]string, len(c.files))
	for i, f := range c.files {
		paths[i] = f.Name()
	}
	return paths
}

// Close closes the files.
func (c *Checkpoint) Close() error {
	var errs []error
	for _, f := range c.files {
		errs = append(errs, f.Close())
	}
	c.files = nil
	return errors.Join(errs...)
}
