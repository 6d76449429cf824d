package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"graft/ckpt/nearby"
)

// Compression is how a TFRecord file is packed.
type Compression string

// The ways that TensorFlow packs (TFRecordCompressionType).
const (
	NoCompression Compression = ""
	GZIP          Compression = "GZIP"
	ZLIB          Compression = "ZLIB"
)

// RecordReader reads the records of a TFRecord file, one after the other:
//
//	length    8 bytes, little end first
//	checksum  4 bytes, of the length
//	record
//	checksum  4 bytes, of the record
//
// Checksums are CRC-32C, masked as TensorFlow masks them.
type RecordReader struct {
	path   string
	close  func() error
	in     *bufio.Reader
	packed Compression
	limit  int64 // bytes that are left at most; for files that are not packed
	number int
	at     int64 // where the next record begins, unpacked
}

// OpenRecords opens a TFRecord file, packed or not: its first bytes say.
func OpenRecords(path string) (*RecordReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	r, err := newRecords(f)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	r.path, r.close = path, f.Close
	if info, err := f.Stat(); err == nil && r.packed == NoCompression {
		r.limit = info.Size()
	}
	return r, nil
}

func newRecords(f io.Reader) (*RecordReader, error) {
	in := bufio.NewReaderSize(f, 1<<16)
	head, _ := in.Peek(12)
	r := &RecordReader{in: in, limit: 1 << 62}
	switch {
	case len(head) == 12 && masked(head[:8]) == binary.LittleEndian.Uint32(head[8:]):
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		r.in, r.packed = bufio.NewReader(z), GZIP
	case len(head) > 1 && head[0]&15 == 8 && binary.BigEndian.Uint16(head)%31 == 0:
		z, err := zlib.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		r.in, r.packed = bufio.NewReader(z), ZLIB
	}
	return r, nil
}

// Compression is how the file is packed.
func (r *RecordReader) Compression() Compression { return r.packed }

// Next is the next record, io.EOF after the last. Errors say which record and
// where: a checksum that is wrong, a file that ends within a record.
func (r *RecordReader) Next() ([]byte, error) {
	b, err := r.next()
	if err == io.EOF {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("data: %s: record %d at byte %d: %w", r.path, r.number, r.at, err)
	}
	r.number++
	r.at += int64(len(b)) + 16
	return b, nil
}

func (r *RecordReader) next() ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r.in, head[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = fmt.Errorf("the file ends within its length")
		}
		return nil, err
	}
	length := binary.LittleEndian.Uint64(head[:8])
	if err := checked(head[:8], head[8:], "its length"); err != nil {
		return nil, err
	}
	if length > uint64(max(0, r.limit-r.at-16)) {
		return nil, fmt.Errorf("its length is %d, the file ends before", length)
	}
	// A packed file may say anything: memory grows with what is there.
	var b bytes.Buffer
	if n, err := io.CopyN(&b, r.in, int64(length)+4); err != nil {
		if err == io.EOF {
			err = fmt.Errorf("the file ends after %d of its %d bytes", n, length)
		}
		return nil, err
	}
	record := b.Bytes()[:length:length]
	return record, checked(record, b.Bytes()[length:], "its data")
}

// Close closes the file.
func (r *RecordReader) Close() error { return r.close() }

func checked(b, sum []byte, what string) error {
	if got, want := masked(b), binary.LittleEndian.Uint32(sum); got != want {
		return fmt.Errorf("the checksum of %s is %08x, %08x is stored", what, got, want)
	}
	return nil
}

// masked is CRC-32C, turned and moved, so that a checksum of data with
// checksums is another (TensorFlow's lib/hash/crc32c.h).
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

// RecordWriter writes a TFRecord file.
type RecordWriter struct {
	f   io.WriteCloser
	out *bufio.Writer
	z   io.WriteCloser // nil when it is not packed
}

// CreateRecords makes a TFRecord file; one that is there is replaced. Another
// Compression than those of this package is an error.
func CreateRecords(path string, c Compression) (*RecordWriter, error) {
	if c != NoCompression && c != GZIP && c != ZLIB {
		return nil, fmt.Errorf("data: %s: there is no compression %q; there are GZIP and ZLIB", path, string(c))
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	w := &RecordWriter{f: f, out: bufio.NewWriter(f)}
	switch c {
	case GZIP:
		w.z = gzip.NewWriter(w.out)
	case ZLIB:
		w.z = zlib.NewWriter(w.out)
	}
	return w, nil
}

// Write adds a record.
func (w *RecordWriter) Write(record []byte) error {
	head := binary.LittleEndian.AppendUint64(nil, uint64(len(record)))
	head = binary.LittleEndian.AppendUint32(head, masked(head))
	for _, b := range [][]byte{head, record, binary.LittleEndian.AppendUint32(nil, masked(record))} {
		if _, err := w.to().Write(b); err != nil {
			return fmt.Errorf("data: %w", err)
		}
	}
	return nil
}

func (w *RecordWriter) to() io.Writer {
	if w.z != nil {
		return w.z
	}
	return w.out
}

// Close writes what is left and closes the file.
func (w *RecordWriter) Close() error {
	var first error
	keep := func(err error) {
		if first == nil && err != nil {
			first = fmt.Errorf("data: %w", err)
		}
	}
	if w.z != nil {
		keep(w.z.Close())
	}
	keep(w.out.Flush())
	keep(w.f.Close())
	return first
}
