// Package archive reads the zip archives that NumPy and PyTorch keep arrays in,
// and trusts none of what they say: names stay below the archive, links and
// encrypted members are refused, members may not share bytes, sizes are held
// against the file, and a member that would grow out of proportion is refused
// before it grows.
package archive

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"graft/ckpt/internal/crc"
	"graft/ckpt/internal/mapped"
)

// A member that grows more than growth times beyond harmless bytes is taken
// for a bomb: weights do not compress so far, and zeros can be stored plain.
const (
	growth   = 100
	harmless = 64 << 20
)

// Archive is an open zip archive.
type Archive struct {
	file    *mapped.File
	members map[string]*Member
	names   []string
}

// Member is a file in an archive.
type Member struct {
	Name     string
	Size     int64 // of the content
	zip      *zip.File
	offset   int64 // of the stored bytes
	verified atomic.Bool
}

// Open reads the archive's directory.
func Open(f *mapped.File) (*Archive, error) {
	z, err := zip.NewReader(f, f.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // which check names too
		return nil, err
	}
	a := &Archive{file: f, members: map[string]*Member{}}
	for _, m := range z.File {
		if strings.HasSuffix(m.Name, "/") && m.UncompressedSize64 == 0 {
			continue // a folder
		}
		member, err := check(m, f.Size())
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", m.Name, err)
		}
		if a.members[m.Name] != nil {
			return nil, fmt.Errorf("member %q is there twice", m.Name)
		}
		a.members[m.Name] = member
		a.names = append(a.names, m.Name)
	}
	return a, a.apart()
}

// check refuses what an archive of arrays has no reason to hold.
func check(m *zip.File, size int64) (*Member, error) {
	const encrypted = 1
	switch {
	case !fs.ValidPath(m.Name) || strings.ContainsAny(m.Name, "\\\x00") || strings.Contains(m.Name, ":/"):
		return nil, fmt.Errorf("the name leads out of the archive")
	case m.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("it is a symbolic link")
	case m.Mode().Type() != 0:
		return nil, fmt.Errorf("it is no file: %v", m.Mode())
	case m.Flags&encrypted != 0:
		return nil, fmt.Errorf("it is encrypted")
	case m.Method != zip.Store && m.Method != zip.Deflate:
		return nil, fmt.Errorf("compression method %d is neither 0 (stored) nor 8 (deflated)", m.Method)
	case m.Method == zip.Store && m.CompressedSize64 != m.UncompressedSize64:
		return nil, fmt.Errorf("it is stored in %d bytes and claims %d", m.CompressedSize64, m.UncompressedSize64)
	case m.CompressedSize64 > uint64(size):
		return nil, fmt.Errorf("it claims %d of the archive's %d bytes", m.CompressedSize64, size)
	case m.UncompressedSize64 > harmless && m.UncompressedSize64/growth > m.CompressedSize64:
		return nil, fmt.Errorf("%d bytes claim to hold %d: more than %d times as much is refused", m.CompressedSize64, m.UncompressedSize64, growth)
	}
	offset, err := m.DataOffset()
	if err != nil {
		return nil, err
	}
	if offset < 0 || offset > size-int64(m.CompressedSize64) {
		return nil, fmt.Errorf("it does not lie inside the archive's %d bytes", size)
	}
	return &Member{Name: m.Name, Size: int64(m.UncompressedSize64), zip: m, offset: offset}, nil
}

// apart refuses members that share bytes, of which a small archive could make
// any number.
func (a *Archive) apart() error {
	sorted := make([]*Member, 0, len(a.names))
	for _, n := range a.names {
		if a.members[n].zip.CompressedSize64 > 0 {
			sorted = append(sorted, a.members[n])
		}
	}
	slices.SortFunc(sorted, func(x, y *Member) int { return cmp.Compare(x.offset, y.offset) })
	for i, m := range sorted[min(1, len(sorted)):] {
		if before := sorted[i]; before.offset+int64(before.zip.CompressedSize64) > m.offset {
			return fmt.Errorf("members %q and %q share bytes", before.Name, m.Name)
		}
	}
	return nil
}

// Names lists the members in the archive's order.
func (a *Archive) Names() []string { return slices.Clone(a.names) }

// Member finds a member by its name.
func (a *Archive) Member(name string) (*Member, bool) { m, ok := a.members[name]; return m, ok }

// Head reads a member's first bytes, at most n, which no checksum covers.
func (a *Archive) Head(m *Member, n int64) ([]byte, error) {
	defer runtime.KeepAlive(a.file)
	if m.zip.Method == zip.Store {
		b, err := a.file.Bytes(m.offset, min(n, m.Size))
		return bytes.Clone(b), err
	}
	r, err := m.zip.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, min(n, m.Size)))
}

// Bytes are a member's content, held against its checksum: where it lies if it
// is stored plain in a mapped file, which the second result reports, else a
// copy.
func (a *Archive) Bytes(m *Member) (content []byte, inPlace bool, err error) {
	defer runtime.KeepAlive(a.file)
	if m.zip.Method != zip.Store {
		content, err = m.inflate()
		return content, false, err
	}
	content, err = a.file.Bytes(m.offset, m.Size)
	if err != nil {
		return nil, false, err
	}
	if !m.verified.Load() || !a.file.InPlace() {
		if got := crc.IEEE().Sum(content); got != m.zip.CRC32 {
			return nil, false, fmt.Errorf("member %q: checksum does not match: stored %08x, calculated %08x: the file is damaged", m.Name, m.zip.CRC32, got)
		}
		m.verified.Store(true)
	}
	return content, a.file.InPlace(), nil
}

// inflate lets the content grow as it comes, whatever size is claimed; the zip
// reader checks size and checksum at the end.
func (m *Member) inflate() ([]byte, error) {
	r, err := m.zip.Open()
	if err != nil {
		return nil, fmt.Errorf("member %q: %w", m.Name, err)
	}
	defer r.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, m.Size+1))
	if err == nil && n != m.Size {
		err = fmt.Errorf("it holds other than the %d bytes it claims", m.Size)
	}
	if err != nil {
		return nil, fmt.Errorf("member %q: %w", m.Name, err)
	}
	return b.Bytes(), nil
}
