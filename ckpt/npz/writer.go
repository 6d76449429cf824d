package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/internal/crc"
	"graft/ckpt/tensors"
)

// Writer writes an archive as numpy.savez does, uncompressed, so that its
// values can be mapped. It appears whole at Close.
type Writer struct {
	file *atomicfile.File
	zip  *zip.Writer
	seen map[string]bool
	err  error
}

// Create starts an archive at path. The folder must exist.
func Create(path string) (*Writer, error) {
	f, err := atomicfile.Create(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/npz: %w", err)
	}
	return &Writer{file: f, zip: zip.NewWriter(f), seen: map[string]bool{}}, nil
}

// Add writes a tensor as the array of its name. A name given twice or that
// would lead out of the archive, values that do not fit the shape, a type
// NumPy does not have (bfloat16, 8-bit floats, quantised types) and strings
// that end in a zero byte, which NumPy cannot tell from padding, are errors;
// after one, Close fails and leaves nothing.
func (w *Writer) Add(t *tensors.Tensor) error {
	if t == nil {
		return t.Check()
	}
	if w.err != nil {
		return w.err
	}
	if err := w.add(t); err != nil {
		w.err = fmt.Errorf("ckpt/npz: array %q: %w", t.Name, err)
	}
	return w.err
}

func (w *Writer) add(t *tensors.Tensor) error {
	switch name := t.Name + suffix; {
	case w.seen[t.Name]:
		return fmt.Errorf("the name was added before")
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") || strings.Contains(name, ":/"):
		return fmt.Errorf("the name is no path inside an archive")
	}
	if err := t.Check(); err != nil {
		return err
	}
	w.seen[t.Name] = true
	descr, data, err := describe(t)
	if err != nil {
		return err
	}
	head := appendHeader(nil, descr, t.Shape)
	size := uint64(len(head) + len(data))
	sum := crc.IEEE().Update(crc.IEEE().Sum(head), data)
	const utf8Name = 1 << 11
	out, err := w.zip.CreateRaw(&zip.FileHeader{
		Name: t.Name + suffix, Method: zip.Store, Flags: utf8Name, CRC32: sum, CompressedSize64: size, UncompressedSize64: size,
	})
	if err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	_, err = out.Write(data)
	return err
}

// describe gives descr and the elements.
func describe(t *tensors.Tensor) (descr string, data []byte, err error) {
	if t.DType == tensors.String {
		return pad(t.Strings)
	}
	for kind, d := range kinds {
		if d != t.DType {
			continue
		}
		if d.Size() == 1 {
			return "|" + kind, t.Data, nil
		}
		return "<" + kind, t.Data, nil
	}
	return "", nil, fmt.Errorf("NumPy has no %v: leave it out, or convert the values", t.DType)
}

// pad makes the strings one length.
func pad(elements [][]byte) (descr string, data []byte, err error) {
	longest := 1
	for i, s := range elements {
		if bytes.HasSuffix(s, []byte{0}) {
			return "", nil, fmt.Errorf("string %d ends in a zero byte, which NumPy drops", i)
		}
		longest = max(longest, len(s))
	}
	for _, s := range elements {
		data = append(append(data, s...), make([]byte, longest-len(s))...)
	}
	return fmt.Sprintf("|S%d", longest), data, nil
}

// appendHeader writes an .npy header of version 1.
func appendHeader(b []byte, descr string, shape []int) []byte {
	tuple := ""
	for _, d := range shape {
		tuple += fmt.Sprintf("%d, ", d)
	}
	tuple = strings.TrimSuffix(tuple, " ") // (3,) as Python has it
	if len(shape) != 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	dictionary := fmt.Appendf(nil, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	const fixed = len(magic) + 2 + 2
	for (fixed+len(dictionary)+1)%64 != 0 {
		dictionary = append(dictionary, ' ')
	}
	dictionary = append(dictionary, '\n')
	b = append(append(b, magic...), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dictionary))) // 254 axes of 20 digits fit
	return append(b, dictionary...)
}

// AppendArray appends a tensor as an .npy file has it.
func AppendArray(b []byte, t *tensors.Tensor) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	descr, data, err := describe(t)
	if err != nil {
		return nil, fmt.Errorf("ckpt/npz: array %q: %w", t.Name, err)
	}
	return slices.Concat(appendHeader(b, descr, t.Shape), data), nil
}

// Close puts the archive in place.
func (w *Writer) Close() error {
	if w.err == nil {
		w.err = w.zip.Close()
	}
	if w.err == nil {
		w.err = w.file.Commit()
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	w.err = errors.New("ckpt/npz: the writer is closed")
	return nil
}

// Abort gives the archive up. After a successful Close it does nothing.
func (w *Writer) Abort() {
	w.file.Abort()
	if w.err == nil {
		w.err = errors.New("ckpt/npz: the writer was aborted")
	}
}
