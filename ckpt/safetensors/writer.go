package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"unicode/utf8"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/spool"
	"graft/ckpt/tensors"
)

// Writer writes a file that appears whole at Close, the wide element types
// first and then by name, as the format's own library does.
type Writer struct {
	path  string
	spool *spool.Spool
	kept  []kept
	seen  map[string]bool
	err   error
}

// kept is a tensor whose values wait in the spool.
type kept struct {
	info  tensors.Info
	dtype string
	place spool.Place
}

// Create starts a file at path. The folder must exist.
func Create(path string) (*Writer, error) {
	s, err := spool.Create(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/safetensors: %w", err)
	}
	return &Writer{path: path, spool: s, seen: map[string]bool{}}, nil
}

// Add writes a tensor. A name given twice, one that is not UTF-8 or is
// "__metadata__", values that do not fit the shape and a type the format does
// not have (strings, complex128, quantised types) are errors; after one, Close
// fails and leaves nothing.
func (w *Writer) Add(t *tensors.Tensor) error {
	if t == nil {
		return t.Check()
	}
	if w.err != nil {
		return w.err
	}
	if err := w.add(t); err != nil {
		w.err = fmt.Errorf("ckpt/safetensors: tensor %q: %w", t.Name, err)
	}
	return w.err
}

func (w *Writer) add(t *tensors.Tensor) error {
	switch {
	case w.seen[t.Name]:
		return fmt.Errorf("the name was added before")
	case t.Name == metadataKey || !utf8.ValidString(t.Name):
		return fmt.Errorf("a name must be UTF-8 and not %s", metadataKey)
	}
	if err := t.Check(); err != nil {
		return err
	}
	for _, d := range dtypes {
		if d.dtype == t.DType {
			w.seen[t.Name] = true
			place, err := w.spool.Put(t.Data)
			w.kept = append(w.kept, kept{t.Info(), d.name, place})
			return err
		}
	}
	return fmt.Errorf("safetensors has no %v: leave it out, or convert the values", t.DType)
}

// Close puts the file in place.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.commit()
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.spool.Remove()
	w.err = errors.New("ckpt/safetensors: the writer is closed")
	return nil
}

func (w *Writer) commit() error {
	values, err := w.spool.Read()
	if err != nil {
		return err
	}
	defer values.Close()
	out, err := atomicfile.Create(w.path)
	if err != nil {
		return err
	}
	defer out.Abort()
	if err := w.write(out, values); err != nil {
		return err
	}
	return out.Commit()
}

func (w *Writer) write(out io.Writer, values *mapped.File) error {
	defer runtime.KeepAlive(values)
	slices.SortFunc(w.kept, func(a, b kept) int {
		return cmp.Or(cmp.Compare(b.info.DType.Size(), a.info.DType.Size()), cmp.Compare(a.info.DType, b.info.DType), cmp.Compare(a.info.Name, b.info.Name))
	})
	header, err := w.header()
	if err != nil {
		return err
	}
	if _, err := out.Write(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)); err != nil {
		return err
	}
	for _, k := range w.kept {
		b, err := values.Bytes(k.place.Offset, k.place.Size)
		if err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// header is the JSON, padded with spaces so that the values begin at a multiple
// of 8.
func (w *Writer) header() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	at := int64(0)
	b.WriteByte('{')
	for i, k := range w.kept {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(k.info.Name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		shape := append([]int{}, k.info.Shape...) // a scalar's is [], not null
		err := enc.Encode(struct {
			DType   string   `json:"dtype"`
			Shape   []int    `json:"shape"`
			Offsets [2]int64 `json:"data_offsets"`
		}{k.dtype, shape, [2]int64{at, at + k.place.Size}})
		if err != nil {
			return nil, err
		}
		at += k.place.Size
	}
	b.WriteByte('}')
	header := bytes.ReplaceAll(b.Bytes(), []byte("\n"), nil) // Encode ends with one, inside strings it is escaped
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	if len(header) > maxHeader {
		return nil, fmt.Errorf("ckpt/safetensors: %d tensors make a header of %d bytes, at most %d are allowed", len(w.kept), len(header), maxHeader)
	}
	return header, nil
}

// Abort gives the file up. After a successful Close it does nothing.
func (w *Writer) Abort() {
	w.spool.Remove()
	if w.err == nil {
		w.err = errors.New("ckpt/safetensors: the writer was aborted")
	}
}
