package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"graft/ckpt/internal/atomicfile"
)

// places are where a release lies in the cache.
type places struct {
	dir string
	Release
}

func (p places) folder() string    { return filepath.Join(p.dir, p.Name) }
func (p places) json() string      { return filepath.Join(p.dir, p.Name+".json") }
func (p places) lock() string      { return filepath.Join(p.dir, p.Name+".lock") }
func (p places) downloads() string { return filepath.Join(p.dir, "downloads") }
func (p places) byHand() string    { return filepath.Join(p.downloads(), p.File()) }
func (p places) part() string      { return p.byHand() + ".part" }

// check refuses a release whose names would lead out of the cache.
func (p places) check() error {
	for _, name := range []string{p.Name, p.File()} {
		if name == "" || name[0] == '.' || name == "downloads" || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
			return fmt.Errorf("ckpt/fetch: a release called %q with the archive %q: neither may be empty, hidden or a path", p.Name, p.File())
		}
	}
	return nil
}

// entry is the record of a release that was fetched, NAME.json.
type entry struct {
	Name      string    `json:"name"`
	URL       string    `json:"url"`
	SHA256    string    `json:"sha256"`    // of the archive
	Published bool      `json:"published"` // the checksum was known beforehand
	Fetched   time.Time `json:"fetched"`
	Files     []file    `json:"files"`
}

// file is one that was in the archive.
type file struct {
	Path   string `json:"path"` // slash-separated, from the folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// maxRecord bounds a record: a hundred thousand files have some 20 MB.
const maxRecord = 64 << 20

// recorded reads the record; there is none if it cannot be read.
func (p places) recorded() (e entry, ok bool) {
	f, err := os.Open(p.json())
	if err != nil {
		return e, false
	}
	defer f.Close()
	err = json.NewDecoder(io.LimitReader(f, maxRecord)).Decode(&e)
	return e, err == nil && e.Name == p.Name
}

func (p places) record(e entry) error {
	f, err := atomicfile.Create(p.json())
	if err != nil {
		return fmt.Errorf("ckpt/fetch: %w", err)
	}
	defer f.Abort()
	enc := json.NewEncoder(f)
	enc.SetIndent("", " ")
	if err := errors.Join(enc.Encode(e), f.Commit()); err != nil {
		return fmt.Errorf("ckpt/fetch: %w", err)
	}
	return nil
}

// whole reports whether all files of a release are there, with their sizes.
func (p places) whole() bool {
	e, ok := p.recorded()
	if !ok {
		return false
	}
	for _, f := range e.Files {
		if !filepath.IsLocal(f.Path) {
			return false
		}
		info, err := os.Lstat(filepath.Join(p.folder(), filepath.FromSlash(f.Path)))
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Bytes {
			return false
		}
	}
	return len(e.Files) > 0
}

// compare holds an archive's checksum against what is known of it.
func (p places) compare(sum, from string) error {
	if p.SHA256 != "" && !strings.EqualFold(sum, p.SHA256) {
		return &ChecksumError{Name: p.Name, From: from, Want: p.SHA256, Got: sum}
	}
	if e, ok := p.recorded(); ok && e.SHA256 != "" && !strings.EqualFold(sum, e.SHA256) && p.SHA256 == "" {
		return &ChecksumError{Name: p.Name, From: from, Want: e.SHA256, Got: sum, Record: p.json(), Fetched: e.Fetched}
	}
	return nil
}

// forget deletes an archive that is not needed, or no good. One that was put
// there by hand, or lies elsewhere, is its owner's.
func (p places) forget(archive string) {
	if archive == p.part() {
		os.Remove(archive)
		os.Remove(archive + ".json")
	}
}

// unpacking is part of the name of a folder that is being filled.
const unpacking = ".unpacking-"

// sweep removes what crashes have left of unpacking. The lock is held.
func (p places) sweep() {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return // as who makes the next folder is told
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+p.Name+unpacking) {
			os.RemoveAll(filepath.Join(p.dir, e.Name()))
		}
	}
}

// sum is an archive's checksum.
func (o Options) sum(p places, archive string) (string, error) {
	info, err := os.Stat(archive)
	if err != nil {
		return "", fmt.Errorf("ckpt/fetch: %w", err)
	}
	sum, err := sumOf(archive, o.meter(p, Verifying, 0, info.Size()))
	if err != nil {
		return "", fmt.Errorf("ckpt/fetch: %s: %w", p.Name, err)
	}
	return sum, nil
}

// verify holds a release's files against the checksums of its record.
func (o Options) verify(p places) error {
	e, _ := p.recorded()
	total := int64(0)
	for _, f := range e.Files {
		total += f.Bytes
	}
	m := o.meter(p, Verifying, 0, total)
	for _, f := range e.Files {
		path := filepath.Join(p.folder(), filepath.FromSlash(f.Path))
		sum, err := sumOf(path, m)
		if err != nil {
			return fmt.Errorf("ckpt/fetch: %s: %w", p.Name, err)
		}
		if sum != f.SHA256 {
			return &ChecksumError{Name: p.Name, From: path, Want: f.SHA256, Got: sum, Record: p.json(), Fetched: e.Fetched}
		}
	}
	return nil
}

// sumOf is a file's SHA-256 in hexadecimal.
func sumOf(path string, also io.Writer) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, also), f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// State is what the cache has of a release.
type State struct {
	// Path is the folder, "" when the release is not there.
	Path string
	// Bytes is the size of its files, or of what is there of its archive.
	Bytes int64
	// Partial says that a download was begun.
	Partial bool
}

// Cached says what the cache has of a release; of opt only Dir counts. Errors:
// a user without a cache folder.
func Cached(r Release, opt Options) (s State, err error) {
	o, err := opt.withDefaults()
	if err != nil {
		return s, err
	}
	p := places{o.Dir, r}
	if p.check() == nil && p.whole() {
		s.Path = p.folder()
		e, _ := p.recorded()
		for _, f := range e.Files {
			s.Bytes += f.Bytes
		}
		return s, nil
	}
	if info, err := os.Stat(p.part()); err == nil {
		s.Partial, s.Bytes = true, info.Size()
	}
	return s, nil
}
