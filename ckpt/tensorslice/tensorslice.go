// Package tensorslice reads and writes TensorFlow's V1 checkpoints, the single files of
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
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

const maxVersion = 1 // of TF_CHECKPOINT_VERSION

// Checkpoint is an open V1 checkpoint.
type Checkpoint struct {
	path  string
	paths []string
	names []string
	saved map[string]tensors.Info

	mu    sync.Mutex // guards what follows
	files *files     // nil when closed
}

// files is what the values of a checkpoint lie in.
type files struct {
	open   []*mapped.File
	tables map[string]source // by slice key
	tiled  sync.Map          // names whose slices make up the whole
}

type source struct {
	*sstable.Table
	file *mapped.File
}

func newCheckpoint(path string) *Checkpoint {
	return &Checkpoint{path: path, saved: map[string]tensors.Info{}, files: &files{tables: map[string]source{}}}
}

// Open reads the meta data of the file at path, or of all files that path
// matches as a pattern. A damaged file is a *tensors.CorruptError.
func Open(path string) (*Checkpoint, error) {
	paths, err := expand(path)
	if err != nil {
		return nil, err
	}
	c := newCheckpoint(path)
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
	return paths, whole(path, paths)
}

// whole refuses a pattern such as model.ckpt-?????-of-00003 of which a shard
// is not there.
func whole(pattern string, paths []string) error {
	var n int
	if _, err := fmt.Sscanf(pattern[max(0, len(pattern)-9):], "-of-%05d", &n); err != nil {
		return nil // another pattern, which may match any files
	}
	for i := range n {
		shard := fmt.Sprintf("-%05d-of-%05d", i, n)
		if !slices.ContainsFunc(paths, func(p string) bool { return strings.HasSuffix(p, shard) }) {
			return &tensors.CorruptError{Path: pattern, Err: fmt.Errorf("its shard %s is not there", shard[1:])}
		}
	}
	return nil
}

func (c *Checkpoint) add(path string) error {
	f, err := mapped.Open(path)
	if err != nil {
		return fmt.Errorf("ckpt/tensorslice: %w", err)
	}
	c.paths, c.files.open = append(c.paths, path), append(c.files.open, f)
	if err := mapped.Guard(func() error { return c.load(f) }); err != nil {
		return &tensors.CorruptError{Path: path, Err: err}
	}
	return nil
}

func (c *Checkpoint) load(f *mapped.File) error {
	sorted, err := sstable.Open(f)
	if err != nil {
		return err
	}
	t := source{sorted, f}
	meta, ok, err := t.Get("")
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
				return c.addTensor(t, f.Bytes)
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
func (c *Checkpoint) addTensor(t source, b []byte) error {
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
		if _, twice := c.files.tables[key]; twice {
			return fmt.Errorf("tensor %q: slice %v is saved twice", info.Name, s)
		}
		c.files.tables[key] = t
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
// is nil for a variable saved in one piece, which is written without extents;
// a partitioned variable of one part has them.
func (c *Checkpoint) Info(name string) (info tensors.Info, ok bool) {
	info, ok = c.saved[name]
	if len(info.Slices) == 1 && !slices.ContainsFunc(info.Slices[0], func(e tensors.Extent) bool { return e.Length >= 0 }) {
		info.Slices = nil
	}
	return info, ok
}

// Files are the paths of the checkpoint's files.
func (c *Checkpoint) Files() []string { return slices.Clone(c.paths) }

// Close ends reading: every later call for values is an error. Views that were
// made stay good.
func (c *Checkpoint) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	if c.files != nil {
		for _, f := range c.files.open {
			errs = append(errs, f.Close())
		}
	}
	c.files = nil
	return errors.Join(errs...)
}

// hold gives the files, which stay while the caller has them.
func (c *Checkpoint) hold() (*files, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		return nil, os.ErrClosed
	}
	return c.files, nil
}
