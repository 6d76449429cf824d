package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// pack makes a .tar.gz of members; a header without a size gets its content's.
func pack(t testing.TB, members ...packed) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		h := m.Header
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Size == 0 {
			h.Size = int64(len(m.content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type packed struct {
	tar.Header
	content []byte
}

func regular(name string, content []byte) packed {
	return packed{tar.Header{Name: name, Mode: 0o644}, content}
}

// noise does not compress, as weights do not.
func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// published is an archive as TF-Slim's are.
func published(t testing.TB) []byte {
	return pack(t,
		packed{tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}, nil},
		regular("./net.ckpt", noise(300_000)),
		regular("deep/er/info.txt", []byte("Input: 224\n")))
}

func sumText(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

// origin is a server of one archive, with the faults that a test wants.
type origin struct {
	*httptest.Server
	mu       sync.Mutex
	archive  []byte
	etag     string
	requests []string // their Range headers
	// answer, if it returns true, has answered request n, the first being 0.
	answer func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool
}

func serve(t testing.TB, archive []byte) *origin {
	o := &origin{archive: archive, etag: `"1"`}
	o.Server = httptest.NewServer(o)
	t.Cleanup(o.Close)
	return o
}

func (o *origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.requests)
	o.requests = append(o.requests, r.Header.Get("Range"))
	if o.answer != nil && o.answer(n, w, r, o) {
		return
	}
	if o.etag != "" {
		w.Header().Set("ETag", o.etag)
	}
	http.ServeContent(w, r, "x.tar.gz", time.Time{}, bytes.NewReader(o.archive))
}

// cut answers with the archive's head, up to n bytes, and drops the connection.
func (o *origin) cut(w http.ResponseWriter, r *http.Request, n int) bool {
	from := 0
	w.Header().Set("ETag", o.etag)
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(o.archive)-1, len(o.archive)))
		w.Header().Set("Content-Length", strconv.Itoa(len(o.archive)-from))
		w.WriteHeader(http.StatusPartialContent)
	} else {
		w.Header().Set("Content-Length", strconv.Itoa(len(o.archive)))
	}
	_, _ = w.Write(o.archive[from:min(n, len(o.archive))])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func (o *origin) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.requests)
}

// release is the server's archive without a published checksum.
func (o *origin) release() Release { return Release{Name: "net", URL: o.URL + "/net_2016.tar.gz"} }

// options are those of a cache of its own; nobody waits between attempts.
func options(t testing.TB) Options {
	return Options{Dir: filepath.Join(t.TempDir(), "cache"), pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// intact holds the folder against what was packed, and the cache for tidy.
func intact(t testing.TB, dir string, opt Options) {
	t.Helper()
	for name, want := range map[string]int{"net.ckpt": 300_000, "deep/er/info.txt": 11} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(b) != want {
			t.Errorf("%s has %d bytes, %v; want %d", name, len(b), err, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(opt.Dir, "downloads", "*.part*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %q, %v", left, err)
	}
	if left, _ := filepath.Glob(filepath.Join(opt.Dir, ".*")); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}
