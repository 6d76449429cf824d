// Package mapped gives the bytes of a file: as a mapping where the system has
// one, by plain reads elsewhere.
//
//	f, err := mapped.Open(path)
//	b, err := f.Bytes(offset, n)     // checked against the file's size
//	…
//	runtime.KeepAlive(f)
//
// The mapping goes when its File is unreachable, not before: whoever holds
// bytes holds the File. It is private and writable, so that a stray write to
// bytes ends in a copy of the page and neither in the file nor in a fault.
// Pages nobody wrote to are the page cache's own and shared by all processes.
//
// A file that another program cuts short while it is mapped takes the bytes
// away: the system then raises SIGBUS, which Guard turns into an error.
// Replacing a file by rename, as the writers of ckpt do, takes nothing away.
package mapped

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"
)

// File is an open file. It may be used by several goroutines at once.
type File struct {
	path    string
	size    int64
	info    os.FileInfo
	data    []byte   // the mapping, or memory; nil when reads are plain
	file    *os.File // open for plain reads only
	cleanup runtime.Cleanup
	pin     sync.Once
}

// Open opens the regular file at path. Anything else, such as a folder or a
// pipe, is an error; so is an absent file (os.ErrNotExist, wrapped).
func Open(path string) (*File, error) {
	info, err := os.Stat(path) // before opening, which waits on a pipe
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file but a %s", path, kind(info.Mode()))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, err
	}
	f := &File{path: path, size: info.Size(), info: info}
	if f.data, err = mmap(file, f.size); err != nil {
		f.file, f.data = file, nil
		return f, nil
	}
	if f.size > 0 {
		f.cleanup = runtime.AddCleanup(f, unmap, f.data)
	}
	return f, file.Close()
}

func kind(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&os.ModeNamedPipe != 0:
		return "pipe"
	}
	return "device or socket"
}

// Memory is a File of bytes that are in memory already.
func Memory(path string, b []byte) *File { return &File{path: path, size: int64(len(b)), data: b} }

// Path is the name the file was opened under.
func (f *File) Path() string { return f.path }

// Size is the file's size in bytes when it was opened.
func (f *File) Size() int64 { return f.size }

// Replaced reports whether its path leads to another file by now. A path that
// leads nowhere does not.
func (f *File) Replaced() bool {
	now, err := os.Stat(f.path)
	return err == nil && !(os.SameFile(f.info, now) && f.info.ModTime().Equal(now.ModTime()))
}

// InPlace reports whether Bytes gives the file's own bytes; otherwise it gives
// a copy that belongs to the caller.
func (f *File) InPlace() bool { return f.file == nil }

// Contains reports whether b is part of the mapping or memory.
func (f *File) Contains(b []byte) bool {
	if len(b) == 0 || len(f.data) == 0 {
		return false
	}
	at, from := uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(unsafe.SliceData(f.data)))
	return at >= from && at-from < uintptr(len(f.data))
}

// Bytes are n bytes at offset, which must lie inside the file. The capacity is
// n too, so that appending copies.
func (f *File) Bytes(offset, n int64) ([]byte, error) {
	if offset < 0 || n < 0 || n > f.size || offset > f.size-n {
		return nil, fmt.Errorf("bytes %d to %d are wanted of %s, which has %d: the file is cut off", offset, uint64(offset)+uint64(n), f.path, f.size)
	}
	if f.file == nil {
		return f.data[offset : offset+n : offset+n], nil
	}
	b := make([]byte, n)
	if _, err := f.file.ReadAt(b, offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	if f.file != nil {
		return f.file.ReadAt(p, offset)
	}
	if offset < 0 || offset >= f.size {
		return 0, io.EOF
	}
	n := copy(p, f.data[offset:])
	runtime.KeepAlive(f)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Pin keeps the mapping for the life of the process, for bytes that somebody
// holds without the File.
func (f *File) Pin() { f.pin.Do(f.cleanup.Stop) }

// Close ends plain reads. A mapping stays until the File is unreachable.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// Guard runs read, which reads bytes of a mapping, and makes an error of the
// fault that follows when the file was cut short under it.
func Guard(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if fault, ok := r.(interface{ Addr() uintptr }); ok {
			err = fmt.Errorf("the file changed while it was read: address %#x of its mapping is gone", fault.Addr())
		} else if r != nil {
			panic(r)
		}
	}()
	return read()
}
