// Package tensorbundle reads and writes TensorFlow's V2 checkpoints, the
// tensor bundle of core/util/tensor_bundle.
//
//	b, err := tensorbundle.Open("model.ckpt-1000")   // the prefix of the files
//	t, err := b.Tensor("conv1/weights")              // a copy
//	v, err := b.View("conv1/weights")                // where the file is mapped
//
// A bundle is an index and the values:
//
//	PREFIX.index                 a sorted table: name → entry
//	PREFIX.data-00000-of-00001   the elements, one file a shard
//
// The index's first key is empty and holds a BundleHeaderProto:
//
//	1 num_shards, 2 endianness (0 little, 1 big), 3 version {1 producer, 2 min_consumer, 3 bad_consumers}
//
// Every other value is a BundleEntryProto:
//
//	1 dtype, 2 shape, 3 shard_id, 4 offset, 5 size, 6 fixed32 crc32c of the bytes (masked), 7 slices
//
// An entry with slices has no bytes of its own: each slice lies under the key
// that wire.SliceKey makes. Strings are stored as varint lengths, their
// checksum, and the bytes. Two float scalars a=0.5 and b=2 are the 8 bytes
// 0000003f 00000040 and an index of 134 bytes, of which the header is
// 08011a020801 and the entry of a 08011200280435 0638271f.
//
// A Bundle may be used by several goroutines at once.
package tensorbundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/internal/wire"
	"graft/ckpt/tensors"
)

// These constants are part of the format.
const (
	headerKey   = ""
	bigEndian   = 1
	version     = 1 // of kTensorBundleVersion; min_consumer may not be above it
	maxShards   = 99999
	refDType    = 100 // a dtype above this is a reference to dtype-100, never stored
	indexSuffix = ".index"
	dataSuffix  = ".data" // and -00000-of-00001
)

// Bundle is an open checkpoint.
type Bundle struct {
	prefix  string
	shards  int
	big     bool
	names   []string
	entries map[string]*entry

	mu     sync.Mutex // guards what follows
	files  map[int]*mapped.File
	closed bool
}

// entry is a decoded BundleEntryProto.
type entry struct {
	dtype        tensors.DType
	shape        []int
	shard        int
	offset, size int64
	crc          uint32
	slices       []tensors.Slice
	verified     atomic.Bool // the mapped bytes match crc
}

// Exists reports whether prefix names a bundle: whether its index is there.
func Exists(prefix string) bool {
	info, err := os.Stat(prefix + indexSuffix)
	return err == nil && info.Mode().IsRegular()
}

// eager is how many data files Open opens at once.
const eager = 64

// Open reads the index of the bundle at prefix and opens the data files, so
// that what a writer puts in their place afterwards changes nothing; one that
// is not there is an error when it is needed. A damaged index is a
// *tensors.CorruptError.
func Open(prefix string) (*Bundle, error) {
	const tries = 5 // a bundle can hardly be written as often while it is opened
	for try := 1; ; try++ {
		index, err := mapped.Open(prefix + indexSuffix)
		if err != nil {
			return nil, fmt.Errorf("ckpt/tensorbundle: %w", err)
		}
		b := &Bundle{prefix: prefix, entries: map[string]*entry{}, files: map[int]*mapped.File{}}
		err = mapped.Guard(func() error { return b.readIndex(index) })
		index.Close()
		for i := range min(b.shards, eager) {
			if _, err := b.file(i); err != nil {
				continue // as whoever needs it is told
			}
		}
		if index.Replaced() && try < tries {
			b.Close() // its data may be those of the bundle that came
			continue
		}
		if err != nil {
			b.Close()
			return nil, &tensors.CorruptError{Path: prefix + indexSuffix, Err: err}
		}
		return b, nil
	}
}

// readIndex copies all it keeps, so that the file's bytes are free afterwards.
func (b *Bundle) readIndex(f *mapped.File) error {
	defer runtime.KeepAlive(f)
	table, err := sstable.Open(f)
	if err != nil {
		return err
	}
	it := table.Scan("")
	for first := true; it.Next(); first = false {
		key := string(it.Key())
		switch {
		case first && key != headerKey:
			return fmt.Errorf("the index has no header: its first key is %q", key)
		case first:
			err = b.header(it.Value())
		default:
			err = b.entry(key, it.Value())
		}
		if err != nil {
			return err
		}
	}
	if it.Err() == nil && b.shards == 0 {
		return fmt.Errorf("the index is empty")
	}
	return it.Err()
}

func (b *Bundle) header(value []byte) error {
	shards, endianness, minConsumer := uint64(0), uint64(0), int32(0)
	err := wire.Fields(value, func(f wire.Field) error {
		switch f.Number {
		case 1:
			shards = f.Value
		case 2:
			endianness = f.Value
		case 3:
			return wire.Fields(f.Bytes, func(v wire.Field) error { return checkVersion(v, &minConsumer) })
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("header: %w", err)
	case shards < 1 || shards > maxShards:
		return fmt.Errorf("header: %d data shards, want 1 to %d", shards, maxShards)
	case endianness > bigEndian:
		return fmt.Errorf("header: endianness is %d, want 0 (little) or 1 (big)", endianness)
	}
	b.shards, b.big = int(shards), endianness == bigEndian
	return nil
}

func checkVersion(f wire.Field, minConsumer *int32) error {
	switch {
	case f.Number == 2:
		if *minConsumer = int32(f.Value); *minConsumer > version {
			return fmt.Errorf("the file wants a reader of format version %d, this one reads %d", *minConsumer, version)
		}
	case f.Number == 1 && int32(f.Value) < 0:
		return fmt.Errorf("producer version %d is negative", int32(f.Value))
	case f.Number == 3 && f.Bytes == nil && f.Value == version:
		return fmt.Errorf("the file excludes readers of format version %d", version)
	}
	return nil
}

func (b *Bundle) entry(key string, value []byte) error {
	e, err := parseEntry(value)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", key, err)
	}
	if e.shard < 0 || e.shard >= b.shards {
		return fmt.Errorf("tensor %q: shard %d of %d", key, e.shard, b.shards)
	}
	b.entries[key] = e
	if key[0] != 0 { // slice keys start with 00
		b.names = append(b.names, key)
	}
	return nil
}

func parseEntry(value []byte) (*entry, error) {
	e := &entry{}
	err := wire.Fields(value, func(f wire.Field) (err error) {
		switch f.Number {
		case 1:
			if f.Value > refDType {
				return fmt.Errorf("dtype %d is a reference type, which a file cannot hold", f.Value)
			}
			e.dtype = tensors.DType(f.Value)
		case 2:
			e.shape, err = wire.Shape(f.Bytes)
		case 3:
			e.shard = int(int32(f.Value))
		case 4:
			e.offset = int64(f.Value)
		case 5:
			e.size = int64(f.Value)
		case 6:
			e.crc = uint32(f.Value)
		case 7:
			var s tensors.Slice
			s, err = wire.Slice(f.Bytes)
			e.slices = append(e.slices, s)
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case !e.dtype.Known():
		return e, fmt.Errorf("dtype %d is not known", uint8(e.dtype))
	case e.offset < 0 || e.size < 0:
		return e, fmt.Errorf("offset %d and size %d must not be negative", e.offset, e.size)
	}
	return e, e.checkSize()
}

// checkSize holds an entry's byte count against its shape; strings have
// lengths of their own.
func (e *entry) checkSize() error {
	size := int64(e.dtype.Size())
	if n, _ := tensors.Elements(e.shape); size > 0 && len(e.slices) == 0 && n*size != e.size {
		return fmt.Errorf("stored size is %d bytes, %v of shape %v wants %d", e.size, e.dtype, e.shape, n*size)
	}
	return nil
}

// Names lists the tensors, sorted.
func (b *Bundle) Names() []string { return append([]string(nil), b.names...) }

// Info describes a tensor; ok is false if there is none of that name.
func (b *Bundle) Info(name string) (info tensors.Info, ok bool) {
	e, ok := b.entries[name]
	if !ok || name == headerKey {
		return tensors.Info{}, false
	}
	n, _ := tensors.Elements(e.shape)
	info = tensors.Info{Name: name, DType: e.dtype, Shape: e.shape, Bytes: e.size, Slices: e.slices}
	if len(e.slices) > 0 {
		info.Bytes = n * int64(e.dtype.Size())
	}
	return info, true
}

// Files are the paths of the bundle's files, the index first.
func (b *Bundle) Files() []string {
	files := []string{b.prefix + indexSuffix}
	for i := range b.shards {
		files = append(files, shardPath(b.prefix, i, b.shards))
	}
	return files
}

func shardPath(prefix string, i, n int) string {
	return fmt.Sprintf("%s%s-%05d-of-%05d", prefix, dataSuffix, i, n)
}

// Close ends reading: every later call for values is an error. Views that were
// made stay good.
func (b *Bundle) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	var errs []error
	for _, f := range b.files {
		errs = append(errs, f.Close())
	}
	b.files = nil
	return errors.Join(errs...)
}

// order is the byte order of the bundle's fixed-size numbers.
func (b *Bundle) order() binary.ByteOrder {
	if b.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}
