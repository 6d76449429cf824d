package archive

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"graft/ckpt/internal/mapped"
)

// build makes an archive; change may spoil each header.
func build(t testing.TB, method uint16, content []byte, change func(*zip.FileHeader), names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		h := &zip.FileHeader{Name: n, Method: method}
		if change != nil {
			change(h)
		}
		m, err := w.CreateHeader(h)
		if err == nil {
			_, err = m.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) ([]byte, error) {
	a, err := Open(mapped.Memory("test.zip", b))
	if err != nil {
		return nil, err
	}
	m, _ := a.Member(a.Names()[0])
	content, _, err := a.Bytes(m)
	return content, err
}

func TestReads(t *testing.T) {
	text := bytes.Repeat([]byte("weights "), 100)
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		got, err := read(build(t, method, text, nil, "a/b.npy"))
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("method %d: %d bytes, %v", method, len(got), err)
		}
	}
}

// What no archive of arrays needs, and attacks do, is refused by name.
func TestRefuses(t *testing.T) {
	text := []byte("content")
	link := func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }
	pipe := func(h *zip.FileHeader) { h.SetMode(fs.ModeNamedPipe | 0o666) }
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"up and out":       {build(t, zip.Store, text, nil, "../../etc/passwd"), "leads out"},
		"in the middle":    {build(t, zip.Store, text, nil, "a/../../b.npy"), "leads out"},
		"absolute":         {build(t, zip.Store, text, nil, "/etc/passwd"), "leads out"},
		"backslashes":      {build(t, zip.Store, text, nil, `..\..\b.npy`), "leads out"},
		"a drive":          {build(t, zip.Store, text, nil, "C:/b.npy"), "leads out"},
		"a zero byte":      {build(t, zip.Store, text, nil, "a\x00.npy"), "leads out"},
		"a link":           {build(t, zip.Store, text, link, "a.npy"), "symbolic link"},
		"a pipe":           {build(t, zip.Store, text, pipe, "a.npy"), "no file"},
		"a name twice":     {build(t, zip.Store, text, nil, "a.npy", "a.npy"), "twice"},
		"encrypted":        {spoil(t, func(h *zip.FileHeader) { h.Flags |= 1 }), "encrypted"},
		"a strange method": {spoil(t, func(h *zip.FileHeader) { h.Method = 12 }), "method 12"},
		"a bomb":           {spoil(t, func(h *zip.FileHeader) { h.Method, h.UncompressedSize64 = zip.Deflate, 1<<40 }), "refused"},
		"more than it has": {spoil(t, func(h *zip.FileHeader) { h.UncompressedSize64 = 1 << 20 }), "claims"},
		"a wrong checksum": {spoil(t, func(h *zip.FileHeader) { h.CRC32++ }), "checksum"},
		"a real bomb":      {build(t, zip.Deflate, make([]byte, 80<<20), nil, "zeros.npy"), "more than 100 times"},
		"no archive":       {[]byte("PK\x03\x04 and nothing"), "not a valid zip"},
		"shared bytes":     {overlapping(t), "share bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := read(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// spoil writes a header that does not fit what follows it.
func spoil(t *testing.T, change func(*zip.FileHeader)) []byte {
	t.Helper()
	content := []byte("content")
	h := &zip.FileHeader{Name: "a.npy", CompressedSize64: 7, UncompressedSize64: 7, CRC32: crc32.ChecksumIEEE(content)}
	change(h)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m, err := w.CreateRaw(h)
	if err == nil {
		_, err = m.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// overlapping has two members in one place, as an archive that grows without
// being compressed has: the second entry of the directory points at the first
// member.
func overlapping(t *testing.T) []byte {
	b := build(t, zip.Store, []byte("content"), nil, "a", "b")
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	copy(b[at+42:at+46], []byte{0, 0, 0, 0})
	return b
}

func FuzzArchive(f *testing.F) {
	f.Add(build(f, zip.Store, []byte("content"), nil, "a", "b"))
	f.Add(build(f, zip.Deflate, bytes.Repeat([]byte("ab"), 50), nil, "a.npy"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Open(mapped.Memory("fuzz", b))
		if err != nil {
			return
		}
		for _, n := range a.Names() {
			m, _ := a.Member(n)
			_, _ = a.Head(m, 100)
			content, _, err := a.Bytes(m)
			if err == nil && int64(len(content)) != m.Size {
				t.Errorf("%q: %d bytes, %d claimed", n, len(content), m.Size)
			}
		}
	})
}
