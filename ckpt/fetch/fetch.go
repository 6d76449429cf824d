// Package fetch gets published checkpoints and data sets: TF-Slim's releases
// and the flowers it trains on.
//
//	r, err := fetch.Find("vgg_16")
//	dir, err := fetch.Get(r, fetch.Options{})   // the unpacked archive's folder
//
// An archive is downloaded once, in pieces if the connection breaks, held
// against its checksum, unpacked where nothing but the cache can be written,
// and put in place at once and whole. Processes that want the same archive at
// the same time wait for the one that fetches it. Package ckpt's Fetch finds
// the checkpoint in the folder.
//
// The cache is a folder, of which all can be deleted at any time:
//
//	vgg_16/                            what was in the archive
//	vgg_16.json                        where it came from, its checksum, its files
//	vgg_16.lock                        held by the process that fetches it
//	downloads/vgg_16_….tar.gz.part     what is there of it so far
//	downloads/vgg_16_….tar.gz          put there by hand, where there is no network
//
// The environment: GRAFT_CACHE is the cache's folder (default: graft in the
// user's cache folder), GRAFT_MIRROR a server, or a folder, that has the
// archives under their own names and is asked first, GRAFT_OFFLINE, if not
// empty or 0, forbids to ask any.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Options change how a release is fetched; the zero value works.
type Options struct {
	// Context ends the work when it is done; what was downloaded stays for the
	// next time. Default: context.Background.
	Context context.Context
	// Dir is the cache's folder. Default: GRAFT_CACHE or the user's.
	Dir string
	// Mirror is asked first: the address of a folder on a server, or a folder
	// here. Default: GRAFT_MIRROR.
	Mirror string
	// Offline asks no server. Default: GRAFT_OFFLINE.
	Offline bool
	// Progress is told how far the work has come, a few times a second, by one
	// goroutine. Default: nobody is told.
	Progress func(Progress)
	// Verify holds the files of a release that is there already against their
	// checksums.
	Verify bool
	// Client makes the requests. Default: one that gives up on a server that
	// is silent for half a minute.
	Client *http.Client

	pause   func(context.Context, time.Duration) error // between attempts
	silence time.Duration                              // that a server may keep
}

// Stage is what Get is doing.
type Stage string

// The stages, in their order.
const (
	Waiting     Stage = "waiting"     // for another process that fetches the same
	Downloading Stage = "downloading" // Done and Total are bytes of the archive
	Verifying   Stage = "verifying"   // bytes of the archive, or of the files
	Unpacking   Stage = "unpacking"   // bytes of the archive
)

// Progress is how far Get has come.
type Progress struct {
	Name        string
	Stage       Stage
	Done, Total int64 // Total is 0 when it is not known
}

// withDefaults fills in what is not set.
func (o Options) withDefaults() (Options, error) {
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Dir == "" {
		dir, err := CacheDir()
		if err != nil {
			return o, err
		}
		o.Dir = dir
	}
	if o.Mirror == "" {
		o.Mirror = os.Getenv("GRAFT_MIRROR")
	}
	if off := os.Getenv("GRAFT_OFFLINE"); off != "" && off != "0" {
		o.Offline = true
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Client == nil {
		o.Client = client()
	}
	if o.pause == nil {
		o.pause = pause
	}
	if o.silence == 0 {
		o.silence = silence
	}
	return o, nil
}

// CacheDir is the cache's folder: GRAFT_CACHE or graft in the user's cache
// folder. A user without one is an error.
func CacheDir() (string, error) {
	if dir := os.Getenv("GRAFT_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("ckpt/fetch: no folder for the cache: %w; GRAFT_CACHE names one", err)
	}
	return filepath.Join(dir, "graft"), nil
}

// Get returns the folder of a release, after fetching it if it is not in the
// cache. Errors: *UnavailableError when no source has it, which says how to get
// it by hand; *ChecksumError for an archive that is another than was
// published, or than the first download; *ArchiveError for one that is damaged
// or holds what it must not; the context's; a cache that cannot be written.
func Get(r Release, opt Options) (dir string, err error) {
	o, err := opt.withDefaults()
	if err != nil {
		return "", err
	}
	p := places{o.Dir, r}
	if err := p.check(); err != nil {
		return "", err
	}
	if p.whole() && !o.Verify {
		return p.folder(), nil
	}
	if err := os.MkdirAll(p.downloads(), 0o755); err != nil {
		return "", fmt.Errorf("ckpt/fetch: the cache: %w; GRAFT_CACHE names another folder", err)
	}
	unlock, err := o.lock(p)
	if err != nil {
		return "", err
	}
	defer unlock()
	if p.whole() { // perhaps because the process that was waited for fetched it
		if o.Verify {
			return p.folder(), o.verify(p)
		}
		return p.folder(), nil
	}
	return p.folder(), o.fetch(p)
}

// fetch tries one source after the other.
func (o Options) fetch(p places) error {
	failed := &UnavailableError{Release: p.Release, Offline: o.Offline, Place: p.byHand()}
	for _, from := range o.sources(p) {
		archive, err := o.bring(p, from)
		if err == nil {
			if err = o.install(p, archive, from); err == nil {
				return nil
			}
			if !refused(err) && o.Context.Err() == nil {
				return err // of the cache: another source does not mend it
			}
		}
		if err := o.Context.Err(); err != nil {
			return fmt.Errorf("ckpt/fetch: %s: %w", p.Name, err)
		}
		failed.Tried = append(failed.Tried, Attempt{from, err})
	}
	return failed
}

// bring makes a file of a source.
func (o Options) bring(p places, from string) (archive string, err error) {
	scheme, _, remote := strings.Cut(from, "://")
	switch {
	case remote && scheme != "http" && scheme != "https":
		return "", fmt.Errorf("%s: is asked by nobody here: http, https and folders are", scheme)
	case remote:
		return p.part(), o.download(p, from)
	}
	_, err = os.Stat(from)
	return from, err
}

// refused reports whether an archive was found to be no good.
func refused(err error) bool {
	var sum *ChecksumError
	var bad *ArchiveError
	return errors.As(err, &sum) || errors.As(err, &bad)
}

// sources are where an archive may be, in the order in which they are tried:
// files, and addresses of servers.
func (o Options) sources(p places) []string {
	var all []string
	if _, err := os.Stat(p.byHand()); err == nil {
		all = append(all, p.byHand())
	}
	server := strings.Contains(o.Mirror, "://")
	if file := filepath.Join(o.Mirror, p.File()); o.Mirror != "" && !server {
		all = append(all, file)
	}
	if o.Offline {
		return all
	}
	if server {
		all = append(all, strings.TrimSuffix(o.Mirror, "/")+"/"+p.File())
	}
	return append(all, p.URL)
}

// lock waits for whoever fetches the same release. It belongs to an open file,
// so that the end of a process frees it.
func (o Options) lock(p places) (unlock func(), err error) {
	l := flock.New(p.lock())
	got, err := l.TryLock()
	if err == nil && !got {
		o.Progress(Progress{Name: p.Name, Stage: Waiting})
		_, err = l.TryLockContext(o.Context, 100*time.Millisecond)
	}
	if err != nil {
		if errors.Is(err, o.Context.Err()) {
			return nil, fmt.Errorf("ckpt/fetch: %s: while another process fetched it: %w", p.Name, err)
		}
		return nil, fmt.Errorf("ckpt/fetch: %s: lock %s: %w; GRAFT_CACHE names another folder", p.Name, p.lock(), err)
	}
	return func() { _ = l.Close() }, nil // the lock goes with the file
}

// install unpacks an archive and puts it in place; from is where it came from.
func (o Options) install(p places, archive, from string) error {
	sum, err := o.sum(p, archive)
	if err != nil {
		return err
	}
	if err := p.compare(sum, from); err != nil {
		p.forget(archive)
		return err
	}
	p.sweep()
	work, err := os.MkdirTemp(o.Dir, "."+p.Name+unpacking)
	if err != nil {
		return fmt.Errorf("ckpt/fetch: %w", err)
	}
	defer os.RemoveAll(work)
	files, err := o.unpack(p, archive, work)
	if err != nil {
		var bad *ArchiveError
		if errors.As(err, &bad) {
			p.forget(archive)
		}
		return err
	}
	// The record first: a folder without one is not whole.
	if err := os.RemoveAll(p.folder()); err != nil {
		return fmt.Errorf("ckpt/fetch: %w", err)
	}
	if err := p.record(entry{Name: p.Name, URL: from, SHA256: sum, Published: p.SHA256 != "", Fetched: time.Now().UTC().Truncate(time.Second), Files: files}); err != nil {
		return err
	}
	if err := os.Rename(work, p.folder()); err != nil {
		return fmt.Errorf("ckpt/fetch: %w", err)
	}
	p.forget(archive)
	return nil
}
