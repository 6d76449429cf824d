package fetch

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// What an archive may hold. Weights and pictures hardly compress: of the
// releases none grows by half. The small ones may, for text does.
const (
	growth     = 20
	harmless   = 64 << 20
	maxBytes   = 8 << 30
	maxFiles   = 100_000
	maxDepth   = 32
	maxName    = 1024
	folderMode = 0o755
	fileMode   = 0o644
)

// unpack writes what is in a .tar.gz into the folder dir, which is empty, and
// nowhere else: names that lead out of it, links and devices are errors, and so
// is an archive that holds far more than its size lets expect.
func (o Options) unpack(p places, archive, dir string) (files []file, err error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, fmt.Errorf("ckpt/fetch: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("ckpt/fetch: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("ckpt/fetch: %w", err)
	}
	defer root.Close()
	x := &unpacker{name: p.Name, from: archive, root: root, left: min(maxBytes, max(harmless, growth*info.Size()))}
	return x.run(&until{o.Context, io.TeeReader(f, o.meter(p, Unpacking, 0, info.Size()))})
}

// until reads until a context is done.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}

// unpacker is an archive that is unpacked.
type unpacker struct {
	name, from string
	root       *os.Root
	left       int64 // bytes that may still come
	files      []file
	entries    int
}

func (x *unpacker) run(r io.Reader) ([]file, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, x.bad("", err)
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, x.bad("", err)
		}
		if x.entries++; x.entries > maxFiles {
			return nil, x.bad(h.Name, fmt.Errorf("the archive has more than %d members", maxFiles))
		}
		if err := x.entry(h, t); err != nil {
			return nil, err
		}
	}
	// To the end of the stream, where its checksum is.
	rest, err := io.Copy(io.Discard, io.LimitReader(z, x.left+1))
	if err == nil && rest > x.left {
		err = fmt.Errorf("more follows the last member than an archive of this size may hold")
	}
	if err == nil && len(x.files) == 0 {
		err = errors.New("it holds no file")
	}
	if err != nil {
		return nil, x.bad("", err)
	}
	return x.files, nil
}

// bad makes an *ArchiveError of what is wrong with the archive.
func (x *unpacker) bad(member string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &ArchiveError{Name: x.name, From: x.from, Entry: member, Err: err}
}

// entry writes one member.
func (x *unpacker) entry(h *tar.Header, r io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil // a comment, such as git's
	}
	name, err := member(h.Name)
	if err != nil {
		return x.bad(h.Name, err)
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if name == "." {
			return nil
		}
		return x.local(h.Name, x.root.MkdirAll(filepath.FromSlash(name), folderMode))
	case tar.TypeReg:
		return x.file(h, name, r)
	}
	return x.bad(h.Name, fmt.Errorf("it is %s, where only files and folders may be", kind(h.Typeflag)))
}

// member is a member's name, cleaned, or why it may not be used.
func member(name string) (string, error) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	switch {
	case name == "":
		return "", errors.New("it has no name")
	case len(name) > maxName || strings.Count(clean, "/") >= maxDepth:
		return "", fmt.Errorf("its name has more than %d bytes, or more than %d folders", maxName, maxDepth)
	case strings.ContainsAny(name, "\\\x00:"), path.IsAbs(name), !filepath.IsLocal(filepath.FromSlash(clean)):
		return "", errors.New("its name leads out of the folder")
	}
	return clean, nil
}

// kind names the members that are refused.
func kind(flag byte) string {
	kinds := map[byte]string{tar.TypeLink: "a hard link", tar.TypeSymlink: "a symbolic link", tar.TypeChar: "a device", tar.TypeBlock: "a device", tar.TypeFifo: "a pipe"}
	if k := kinds[flag]; k != "" {
		return k
	}
	return fmt.Sprintf("of type %q", flag)
}

// file writes a file and takes its checksum.
func (x *unpacker) file(h *tar.Header, name string, r io.Reader) error {
	if name == "." || h.Size < 0 || h.Size > x.left {
		return x.bad(h.Name, fmt.Errorf("with its %d bytes it holds more than an archive of this size may", h.Size))
	}
	x.left -= h.Size
	local := filepath.FromSlash(name)
	if err := x.root.MkdirAll(filepath.Dir(local), folderMode); err != nil {
		return x.local(h.Name, err)
	}
	f, err := x.root.OpenFile(local, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return x.local(h.Name, err)
	}
	sum := sha256.New()
	n, err := io.Copy(&written{f}, io.TeeReader(r, sum))
	if e := (writeError{}); errors.As(err, &e) {
		f.Close()
		return fmt.Errorf("ckpt/fetch: %s: %w", x.name, e.error)
	}
	if err != nil {
		f.Close()
		return x.bad(h.Name, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("ckpt/fetch: %s: %w", x.name, err)
	}
	x.files = append(x.files, file{name, n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// local sorts errors of making files: one that is there already was there twice
// in the archive.
func (x *unpacker) local(member string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrExist):
		return x.bad(member, errors.New("it is there twice, or as a file and as a folder"))
	}
	return x.bad(member, err)
}

// writeError is an error of the disk, not of the archive.
type writeError struct{ error }

// written marks the errors of writing.
type written struct{ f *os.File }

func (w *written) Write(b []byte) (int, error) {
	n, err := w.f.Write(b)
	if err != nil {
		err = writeError{err}
	}
	return n, err
}
