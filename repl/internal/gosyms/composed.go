package gosyms

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"reflect"
)

// composed lists interfaces that compiled code asks for a second one: a
// cell's type that has both is passed as a wrapper with both.
func composed() []composition {
	return []composition{
		{"io/io", "Reader", reflect.TypeFor[readerWriterTo]()},
		{"io/io", "Writer", reflect.TypeFor[writerReaderFrom]()},
		{"net/http/http", "ResponseWriter", reflect.TypeFor[responseWriterHijacker]()},
	}
}

type composition struct {
	pkg, name string
	wrapper   reflect.Type
}

// readerWriterTo is an io.Reader that io.Copy asks for io.WriterTo.
type readerWriterTo struct {
	IValue   any
	WRead    func(p []byte) (int, error)
	WWriteTo func(w io.Writer) (int64, error)
}

func (r readerWriterTo) Read(p []byte) (int, error)         { return r.WRead(p) }
func (r readerWriterTo) WriteTo(w io.Writer) (int64, error) { return r.WWriteTo(w) }

// writerReaderFrom is an io.Writer that io.Copy asks for io.ReaderFrom.
type writerReaderFrom struct {
	IValue    any
	WWrite    func(p []byte) (int, error)
	WReadFrom func(r io.Reader) (int64, error)
}

func (w writerReaderFrom) Write(p []byte) (int, error)         { return w.WWrite(p) }
func (w writerReaderFrom) ReadFrom(r io.Reader) (int64, error) { return w.WReadFrom(r) }

// responseWriterHijacker is an http.ResponseWriter that may be an
// http.Hijacker.
type responseWriterHijacker struct {
	IValue       any
	WHeader      func() http.Header
	WWrite       func(p []byte) (int, error)
	WWriteHeader func(status int)
	WHijack      func() (net.Conn, *bufio.ReadWriter, error)
}

func (w responseWriterHijacker) Header() http.Header         { return w.WHeader() }
func (w responseWriterHijacker) Write(p []byte) (int, error) { return w.WWrite(p) }
func (w responseWriterHijacker) WriteHeader(status int)      { w.WWriteHeader(status) }
func (w responseWriterHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.WHijack()
}
