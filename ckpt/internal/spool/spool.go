// Package spool keeps what a writer can only place at the end: values whose
// file begins with what is known last.
package spool

import (
	"bufio"

	"graft/ckpt/internal/atomicfile"
	"graft/ckpt/internal/mapped"
)

// Spool is a file beside the one that is written, gone at the end.
type Spool struct {
	file *atomicfile.File
	buf  *bufio.Writer
	at   int64
}

// Place is where a value waits.
type Place struct{ Offset, Size int64 }

// Create makes the spool of the file at path; the folder must exist.
func Create(path string) (*Spool, error) {
	f, err := atomicfile.Create(path + ".spool")
	if err != nil {
		return nil, err
	}
	return &Spool{file: f, buf: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Put appends the parts of a value.
func (s *Spool) Put(parts ...[]byte) (Place, error) {
	begin := s.at
	for _, p := range parts {
		n, err := s.buf.Write(p)
		s.at += int64(n)
		if err != nil {
			return Place{}, err
		}
	}
	return Place{begin, s.at - begin}, nil
}

// Read gives what was put; whoever holds bytes of it holds the File.
func (s *Spool) Read() (*mapped.File, error) {
	if err := s.buf.Flush(); err != nil {
		return nil, err
	}
	return mapped.Open(s.file.Name())
}

// Remove deletes the file.
func (s *Spool) Remove() { s.file.Abort() }
