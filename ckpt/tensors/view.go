package tensors

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"

	"graft/ckpt/internal/mapped"
)

// View is a tensor whose values lie where the file is mapped: making one reads
// and copies nothing beyond the checksum. The mapping lives until its last View
// is unreachable, whatever becomes of the reader, so a View stays good after
// the checkpoint is closed or its files are deleted.
//
// Values that cannot be used as they are stored (strings, the parts of a
// partitioned variable, numbers of the other byte order, packed integers) are
// in memory instead; nothing else differs. A View may be used by several
// goroutines at once.
type View struct {
	t    Tensor
	file Mapping // what t.Data points into; nil when it is memory
}

// Mapping is what a View keeps reachable. Pin keeps it for good.
type Mapping interface{ Pin() }

// NewView makes a View of t, whose Data lie in file; nil stands for memory.
// It is for packages that read a format.
func NewView(t *Tensor, file Mapping) *View { return &View{*t, file} }

// Info describes the tensor; see Tensor.Info.
func (v *View) Info() Info { return v.t.Info() }

// InPlace reports whether the values lie in a mapping.
func (v *View) InPlace() bool { return v.file != nil }

// Use calls f with the values, which must not be changed and are there until f
// returns: bytes kept longer may go with the View. The error is f's, or says
// that the file was cut short and took the bytes away.
func (v *View) Use(f func(t *Tensor) error) error {
	defer runtime.KeepAlive(v)
	t := v.t
	if v.file == nil {
		return f(&t)
	}
	var err error
	if fault := mapped.Guard(func() error {
		err = f(&t)
		return nil
	}); fault != nil {
		return fmt.Errorf("ckpt: tensor %q: %w", t.Name, fault)
	}
	return err
}

// Tensor copies the values. The error is that of Use.
func (v *View) Tensor() (out *Tensor, err error) {
	err = v.Use(func(t *Tensor) error {
		if out = t; v.file != nil {
			t.Data = bytes.Clone(t.Data)
		}
		return nil
	})
	return out, err
}

// Pin gives the values without a copy and for good: their mapping stays as
// long as the process. It is for weights that are kept: processes that pinned
// the same checkpoint share its memory.
func (v *View) Pin() *Tensor {
	if v.file != nil {
		v.file.Pin()
	}
	t := v.t
	return &t
}

// Borrow gives the values without a copy for as long as the View is reachable:
// it is for who keeps both. They must not be changed, and if the file is cut
// short meanwhile, to touch them ends the process.
func (v *View) Borrow() *Tensor {
	t := v.t
	return &t
}

// Reshape is the same values under another shape; one with another number of
// elements is an error.
func (v *View) Reshape(shape ...int) (*View, error) {
	if n, ok := Elements(shape); !ok || n != v.t.Elements() {
		return nil, fmt.Errorf("ckpt: tensor %q: shape %v does not fill shape %v", v.t.Name, v.t.Shape, shape)
	}
	out := *v
	out.t.Shape = slices.Clone(shape)
	return &out, nil
}

// ReadInto copies the elements to dst, which must be exactly as long. Strings
// have no such form. Errors: those, and that of Use.
func (v *View) ReadInto(dst []byte) error {
	return v.Use(func(t *Tensor) error {
		if err := t.fits(dst); err != nil {
			return err
		}
		copy(dst, t.Data)
		return nil
	})
}

func (t *Tensor) fits(dst []byte) error {
	if t.DType == String {
		return fmt.Errorf("ckpt: tensor %q holds strings, which have no fixed size", t.Name)
	}
	if len(dst) != len(t.Data) {
		return fmt.Errorf("ckpt: tensor %q has %d bytes (%v of shape %v), the slice given has %d", t.Name, len(t.Data), t.DType, t.Shape, len(dst))
	}
	return nil
}

// WriteTo writes the values; see Tensor.WriteTo and Use for the errors.
func (v *View) WriteTo(w io.Writer) (n int64, err error) {
	err = v.Use(func(t *Tensor) error {
		n, err = t.WriteTo(w)
		return err
	})
	return n, err
}

// Cut copies the box at s, one extent an axis. Errors: a box that does not lie
// inside, and that of Use.
func (v *View) Cut(s Slice) (out *Tensor, err error) {
	err = v.Use(func(t *Tensor) error {
		out, err = t.Cut(s)
		return err
	})
	return out, err
}
