package graph

import "io"

// spill is a file of rows of one length, for what finds no room in memory. It
// has no name, or loses it with the process that wrote it, and nobody else
// reads it. It is in the system's folder for temporary files ($TMPDIR).
//
// It never fails a run: what cannot be written is not remembered, what cannot
// be read is computed again. err is the first error, for the report.
type spill struct {
	file interface { // an *os.File: closed, and thereby gone, when the collector finds it unused
		io.ReaderAt
		io.WriterAt
		io.Closer
	}
	err error
}

func newSpill() *spill {
	f, err := unnamedFile()
	if err != nil {
		return &spill{err: err}
	}
	return &spill{file: f}
}

// write writes row number n.
func (s *spill) write(n int, row []float32) bool {
	if s.err != nil {
		return false
	}
	b := bytesOf(row)
	_, s.err = s.file.WriteAt(b, int64(n)*int64(len(b)))
	return s.err == nil
}

// read reads row number n.
func (s *spill) read(n int, row []float32) bool {
	b := bytesOf(row)
	if _, err := s.file.ReadAt(b, int64(n)*int64(len(b))); err != nil {
		s.err = err
		return false
	}
	return true
}

func (s *spill) close() {
	if s.file != nil {
		_ = s.file.Close() // what was in it is not wanted any more
	}
}
