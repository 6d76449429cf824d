package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// zeros is a gzip stream of a member of n zero bytes: a bomb.
func zeros(t *testing.T, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "zeros", Size: n, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zero{}, n); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zero struct{}

func (zero) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// trailing is a whole archive, and a bomb behind its end.
func trailing(t *testing.T) []byte {
	var b bytes.Buffer
	b.Write(pack(t, regular("net.ckpt", []byte("x"))))
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zero{}, harmless+1); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Hostile and damaged archives are errors that name the member, and nothing
// appears outside the cache, nor in it.
func TestHostileArchives(t *testing.T) {
	link := func(flag byte, name, to string) packed {
		return packed{tar.Header{Name: name, Typeflag: flag, Linkname: to, Mode: 0o777}, nil}
	}
	good := regular("net.ckpt", noise(5000))
	many := slices.Repeat([]packed{{tar.Header{Name: "./", Typeflag: tar.TypeDir}, nil}}, maxFiles+1)
	whole := pack(t, good)
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"a parent folder":         {pack(t, good, regular("../escaped", []byte("x"))), `member "../escaped": its name leads out`},
		"a parent folder, inside": {pack(t, good, regular("a/../../escaped", []byte("x"))), "leads out"},
		"an absolute path":        {pack(t, good, regular("/tmp/escaped", []byte("x"))), "leads out"},
		"a Windows path":          {pack(t, good, regular(`C:\escaped`, []byte("x"))), "leads out"},
		"a backslash":             {pack(t, good, regular(`..\escaped`, []byte("x"))), "leads out"},
		"a symbolic link":         {pack(t, link(tar.TypeSymlink, "out", "/etc"), regular("out/escaped", []byte("x"))), `member "out": it is a symbolic link`},
		"a hard link":             {pack(t, good, link(tar.TypeLink, "passwd", "/etc/passwd")), "it is a hard link"},
		"a device":                {pack(t, good, link(tar.TypeChar, "null", "")), "it is a device"},
		"a pipe":                  {pack(t, good, link(tar.TypeFifo, "pipe", "")), "it is a pipe"},
		"a file twice":            {pack(t, good, good), "it is there twice"},
		"a file as a folder":      {pack(t, good, regular("net.ckpt/x", nil)), `member "net.ckpt/x"`},
		"a name without end":      {pack(t, good, regular(strings.Repeat("a/", 600)+"b", nil)), "more than"},
		"too many members":        {pack(t, many...), "more than 100000 members"},
		"a bomb":                  {zeros(t, harmless+1), "more than an archive of this size may"},
		"a bomb behind the end":   {trailing(t), "more follows the last member"},
		"cut off":                 {whole[:len(whole)-100], "unexpected EOF"},
		"only the head":           {whole[:10], "EOF"},
		"a flipped bit":           {flip(whole, len(whole)-6), "checksum"},
		"no tar":                  {gz(t, bytes.Repeat([]byte("text"), 300)), "invalid tar header"},
		"empty":                   {pack(t), "it holds no file"},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, c.archive)
			opt := options(t)
			_, err := Get(o.release(), opt)
			var bad *ArchiveError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v", err)
			}
			says(t, err, c.want)
			left, _ := os.ReadDir(opt.Dir)
			if len(left) != 2 { // downloads, net.lock
				t.Errorf("left %v", left)
			}
			if out, _ := filepath.Glob(filepath.Join(filepath.Dir(opt.Dir), "escaped*")); len(out) != 0 {
				t.Errorf("escaped: %q", out)
			}
			if _, err := os.Stat("/tmp/escaped"); err == nil {
				t.Error("escaped to /tmp")
			}
		})
	}
}

func flip(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }

func gz(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Text compresses, and a small archive of it is no bomb.
func TestSmallTextIsNoBomb(t *testing.T) {
	o := serve(t, pack(t, regular("graph.pbtxt", bytes.Repeat([]byte("node { name: 'conv' }\n"), 100_000))))
	if _, err := Get(o.release(), options(t)); err != nil {
		t.Error(err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	for _, m := range []packed{regular("a/b", []byte("x")), {tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, nil}, {tar.Header{Name: "d/", Typeflag: tar.TypeDir}, nil}} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		_ = w.WriteHeader(&tar.Header{Name: m.Name, Typeflag: m.Typeflag, Linkname: m.Linkname, Size: int64(len(m.content)), Mode: 0o600})
		_, _ = w.Write(m.content)
		_ = w.Close()
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var stream bytes.Buffer
		z, _ := gzip.NewWriterLevel(&stream, gzip.NoCompression)
		_, _ = z.Write(b)
		_ = z.Close()
		parent := t.TempDir()
		dir := filepath.Join(parent, "in")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		x := &unpacker{name: "fuzz", from: "fuzz", root: root, left: 1 << 16}
		files, err := x.run(&stream)
		total := int64(0)
		for _, f := range files {
			total += f.Bytes
		}
		if err == nil && len(files) == 0 || total > 1<<16 {
			t.Errorf("%d files of %d bytes, %v", len(files), total, err)
		}
		if left, _ := os.ReadDir(parent); len(left) != 1 {
			t.Errorf("beside the folder: %v", left)
		}
	})
}
