package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// says fails unless err holds all of the texts.
func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, one with %q is wanted", texts)
	}
	for _, s := range texts {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q lacks %q", err, s)
		}
	}
}

func TestGet(t *testing.T) {
	o := serve(t, published(t))
	opt := options(t)
	var seen []Progress
	opt.Progress = func(p Progress) { seen = append(seen, p) }
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	stages := map[Stage]Progress{}
	for _, p := range seen {
		stages[p.Stage] = p
	}
	size := int64(len(o.archive))
	for _, s := range []Stage{Downloading, Verifying, Unpacking} {
		if p := stages[s]; p.Done != size || p.Total != size || p.Name != "net" {
			t.Errorf("%s ended at %+v of %d", s, p, size)
		}
	}
	// Again: from the cache, without asking anybody.
	opt.Offline = true
	if again, err := Get(o.release(), opt); err != nil || again != dir || o.count() != 1 {
		t.Errorf("again: %s, %v, %d requests", again, err, o.count())
	}
	if s, err := Cached(o.release(), opt); err != nil || s.Path != dir || s.Bytes != 300_011 {
		t.Errorf("cached: %+v, %v", s, err)
	}
	opt.Verify = true
	if _, err := Get(o.release(), opt); err != nil {
		t.Errorf("verify: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "net.ckpt"), make([]byte, 300_000), 0o644); err != nil {
		t.Fatal(err)
	}
	var sum *ChecksumError
	if _, err := Get(o.release(), opt); !errors.As(err, &sum) {
		t.Errorf("verify a file of another content: %v", err)
	}
	// A file that is gone is fetched anew.
	opt.Verify, opt.Offline = false, false
	if err := os.Remove(filepath.Join(dir, "net.ckpt")); err != nil {
		t.Fatal(err)
	}
	if dir, err = Get(o.release(), opt); err != nil || o.count() != 2 {
		t.Fatalf("%v, %d requests", err, o.count())
	}
	intact(t, dir, opt)
}

// A connection that drops in mid-file, again and again, is taken up where it
// broke.
func TestDroppedConnections(t *testing.T) {
	o := serve(t, published(t))
	o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
		return n < 9 && o.cut(w, r, 30_000*(n+1))
	}
	opt := options(t)
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if len(o.requests) != 10 || o.requests[0] != "" || o.requests[9] != "bytes=270000-" {
		t.Errorf("ranges %q", o.requests)
	}
}

// A download that gives up, or is interrupted, goes on another time.
func TestResumedLater(t *testing.T) {
	o := serve(t, published(t))
	o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
		return n <= patience && o.cut(w, r, 100_000)
	}
	opt := options(t)
	var no *UnavailableError
	_, err := Get(o.release(), opt)
	if !errors.As(err, &no) {
		t.Fatalf("got %v", err)
	}
	says(t, err, "net is not in the cache", "EOF (5 attempts)", o.URL, "net_2016.tar.gz", "downloads", "GRAFT_MIRROR", "By hand")
	if s, err := Cached(o.release(), opt); err != nil || !s.Partial || s.Bytes != 100_000 {
		t.Errorf("cached: %+v, %v", s, err)
	}
	o.requests = nil
	o.answer = nil
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if len(o.requests) != 1 || o.requests[0] != "bytes=100000-" {
		t.Errorf("ranges %q", o.requests)
	}
}

// A server that knows no ranges is asked for the whole again.
func TestNoRanges(t *testing.T) {
	o := serve(t, published(t))
	o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
		if n == 0 {
			return o.cut(w, r, 100_000)
		}
		_, _ = w.Write(o.archive)
		return true
	}
	opt := options(t)
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
}

// A file that changes between two attempts is not put together of both.
func TestChangedBetweenAttempts(t *testing.T) {
	for name, honest := range map[string]bool{"If-Range is kept": true, "If-Range is ignored": false} {
		t.Run(name, func(t *testing.T) {
			first := pack(t, regular("net.ckpt", noise(200_000)), regular("other", noise(90_000)))
			o := serve(t, first)
			o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
				if n == 0 {
					return o.cut(w, r, 100_000)
				}
				o.archive, o.etag = published(t), `"2"`
				if !honest {
					r.Header.Del("If-Range")
				}
				return false
			}
			opt := options(t)
			dir, err := Get(o.release(), opt)
			if err != nil {
				t.Fatal(err)
			}
			intact(t, dir, opt)
		})
	}
}

// Without a validator and without a published checksum nothing tells whether a
// part is of the same file: it is fetched anew.
func TestNoValidator(t *testing.T) {
	o := serve(t, published(t))
	o.etag = ""
	opt := options(t)
	part := places{opt.Dir, o.release()}.part()
	if err := os.MkdirAll(filepath.Dir(part), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(part, make([]byte, 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if o.requests[0] != "" {
		t.Errorf("ranges %q", o.requests)
	}
}

func TestLyingSizes(t *testing.T) {
	for name, c := range map[string]struct {
		claim int
		bytes int64 // published
		want  string
	}{
		"more than it sends": {claim: 400_000, want: "EOF"},
		"less than it sends": {claim: 200_000, want: "archive"},
		"an absurd size":     {claim: 1 << 50, want: "announces 1125899906842624 bytes"},
		"another file":       {claim: 0, bytes: 17, want: "the archive has 17"},
	} {
		t.Run(name, func(t *testing.T) {
			o := serve(t, published(t))
			o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
				if c.claim == 0 {
					return false
				}
				w.Header().Set("Content-Length", fmt.Sprint(c.claim))
				_, _ = w.Write(o.archive[:min(len(o.archive), c.claim)])
				return true
			}
			r := o.release()
			r.Bytes = c.bytes
			_, err := Get(r, options(t))
			says(t, err, c.want)
			if n := o.count(); n > patience+1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// What is no archive is named as what it is, and asked for once.
func TestNotAnArchive(t *testing.T) {
	for text, want := range map[string]string{
		"<!DOCTYPE html><title>Sign in</title>":           "an HTML page",
		"\n <html>":                                       "an HTML page",
		"<?xml version='1.0'?><Error>AccessDenied":        "a message",
		"version https://git-lfs.github.com/spec/v1\noid": "Git LFS",
		"":                                       "nothing",
		"hello world, this is no archive at all": `begins with "hello world, thi"`,
	} {
		o := serve(t, []byte(text))
		_, err := Get(o.release(), options(t))
		says(t, err, "the server sent", want)
		if o.count() != 1 {
			t.Errorf("%q: asked %d times", text, o.count())
		}
	}
}

func TestStatuses(t *testing.T) {
	for status, tries := range map[int]int{404: 1, 403: 1, 500: patience, 503: patience, 429: patience} {
		o := serve(t, nil)
		o.answer = func(_ int, w http.ResponseWriter, _ *http.Request, _ *origin) bool {
			http.Error(w, "no", status)
			return true
		}
		_, err := Get(o.release(), options(t))
		says(t, err, fmt.Sprint("the server says ", status))
		if o.count() != tries {
			t.Errorf("%d: asked %d times, want %d", status, o.count(), tries)
		}
	}
}

func TestChecksums(t *testing.T) {
	o := serve(t, published(t))
	opt := options(t)
	r := o.release()
	r.SHA256 = strings.Repeat("0", 64)
	_, err := Get(r, opt)
	var sum *ChecksumError
	if !errors.As(err, &sum) || sum.Record != "" {
		t.Fatalf("got %v", err)
	}
	says(t, err, "published is 0000", sumText(o.archive))
	if left, _ := filepath.Glob(filepath.Join(opt.Dir, "*")); len(left) != 2 { // downloads, net.lock
		t.Errorf("left %q", left)
	}
	r.SHA256 = strings.ToUpper(sumText(o.archive))
	if _, err := Get(r, opt); err != nil {
		t.Fatal(err)
	}
	// Without a published one, what the first download gave counts.
	opt = options(t)
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	o.archive = pack(t, regular("net.ckpt", []byte("another")))
	_, err = Get(o.release(), opt)
	if !errors.As(err, &sum) || sum.Record == "" {
		t.Fatalf("got %v", err)
	}
	says(t, err, "it has changed", "delete "+filepath.Join(opt.Dir, "net.json"))
	if err := os.Remove(sum.Record); err != nil {
		t.Fatal(err)
	}
	if _, err := Get(o.release(), opt); err != nil {
		t.Fatal(err)
	}
}

// The mirror is asked first; what it lacks, or has wrong, comes from where it
// was published.
func TestMirror(t *testing.T) {
	o, mirror := serve(t, published(t)), serve(t, published(t))
	opt := options(t)
	opt.Mirror = mirror.URL + "/class/"
	dir, err := Get(o.release(), opt)
	if err != nil || o.count() != 0 {
		t.Fatalf("%v, %d requests to the origin", err, o.count())
	}
	intact(t, dir, opt)
	mirror.archive = pack(t, regular("net.ckpt", []byte("old")))
	opt = options(t)
	opt.Mirror = mirror.URL
	r := o.release()
	r.SHA256 = sumText(o.archive)
	if dir, err = Get(r, opt); err != nil || o.count() != 1 {
		t.Fatalf("%v, %d requests to the origin", err, o.count())
	}
	intact(t, dir, opt)
	// A folder, such as a share or a stick.
	opt = options(t)
	opt.Mirror, opt.Offline = t.TempDir(), true
	_, err = Get(o.release(), opt)
	says(t, err, "forbids to ask a server", opt.Mirror)
	if err := os.WriteFile(filepath.Join(opt.Mirror, "net_2016.tar.gz"), o.archive, 0o444); err != nil {
		t.Fatal(err)
	}
	if dir, err = Get(o.release(), opt); err != nil || o.count() != 1 {
		t.Fatalf("%v, %d requests to the origin", err, o.count())
	}
	intact(t, dir, opt)
	if _, err := os.Stat(filepath.Join(opt.Mirror, "net_2016.tar.gz")); err != nil {
		t.Errorf("the mirror's file: %v", err)
	}
}

// What cannot become better is not asked twice, and leaves no folder of a crash.
func TestHopeless(t *testing.T) {
	o := serve(t, published(t))
	vain := httptest.NewTLSServer(o)
	defer vain.Close()
	vain.Config.ErrorLog = log.New(io.Discard, "", 0)
	opt := options(t)
	left := filepath.Join(opt.Dir, ".net"+unpacking+"123")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	pauses := 0
	opt.pause = func(context.Context, time.Duration) error { pauses++; return nil }
	for mirror, want := range map[string]string{"file:///tmp": "http, https and folders are", vain.URL: "certificate", "http://nowhere.invalid": "no such host"} {
		opt.Mirror, opt.Client = mirror, nil
		if want == "no such host" {
			opt.Client = &http.Client{Transport: unknown{}}
		}
		r := o.release()
		r.URL = mirror + "/net_2016.tar.gz"
		_, err := Get(r, opt)
		says(t, err, want)
	}
	if pauses != 0 {
		t.Errorf("tried again %d times", pauses)
	}
	opt.Mirror, opt.Client = "", nil
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
}

// unknown is a network whose name server knows nobody.
type unknown struct{}

func (unknown) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
}

func TestByHand(t *testing.T) {
	o := serve(t, published(t))
	opt := options(t)
	opt.Offline = true
	_, err := Get(o.release(), opt)
	var no *UnavailableError
	if !errors.As(err, &no) || o.count() != 0 {
		t.Fatalf("got %v", err)
	}
	if err := os.WriteFile(no.Place, o.archive, 0o644); err != nil {
		t.Fatal(err)
	}
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if _, err := os.Stat(no.Place); err != nil {
		t.Errorf("the file put there by hand: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	o := serve(t, published(t))
	cache := t.TempDir()
	t.Setenv("GRAFT_CACHE", cache)
	t.Setenv("GRAFT_OFFLINE", "1")
	t.Setenv("GRAFT_MIRROR", o.URL)
	_, err := Get(o.release(), Options{})
	says(t, err, "GRAFT_OFFLINE", cache)
	t.Setenv("GRAFT_OFFLINE", "0")
	r := o.release()
	r.URL = "http://nowhere.invalid/net_2016.tar.gz"
	dir, err := Get(r, Options{})
	if err != nil || filepath.Dir(dir) != cache {
		t.Fatalf("%s, %v", dir, err)
	}
}

// hang sends the head of the archive, waits until it has arrived in the part
// file, calls then, and keeps the connection open.
func hang(t *testing.T, o *origin, opt Options, then func()) {
	o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
		if n > 0 {
			return false
		}
		w.Header().Set("ETag", o.etag)
		w.Header().Set("Content-Length", fmt.Sprint(len(o.archive)))
		_, _ = w.Write(o.archive[:100_000])
		w.(http.Flusher).Flush()
		for r.Context().Err() == nil {
			if info, err := os.Stat((places{opt.Dir, o.release()}).part()); err == nil && info.Size() > 50_000 {
				then()
				break
			}
			time.Sleep(time.Millisecond)
		}
		<-r.Context().Done() // the client hung up
		return true
	}
}

func TestCancelled(t *testing.T) {
	o := serve(t, published(t))
	ctx, cancel := context.WithCancel(context.Background())
	opt := options(t)
	opt.Context = ctx
	hang(t, o, opt, cancel)
	if _, err := Get(o.release(), opt); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	opt.Context = nil
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if !strings.HasPrefix(o.requests[1], "bytes=") {
		t.Errorf("ranges %q", o.requests)
	}
}

// A server that falls silent is asked again.
func TestSilentServer(t *testing.T) {
	o := serve(t, published(t))
	opt := options(t)
	opt.silence = 50 * time.Millisecond
	hang(t, o, opt, func() {})
	dir, err := Get(o.release(), opt)
	if err != nil {
		t.Fatal(err)
	}
	intact(t, dir, opt)
	if !strings.HasPrefix(o.requests[1], "bytes=") {
		t.Errorf("ranges %q", o.requests)
	}
}

// TestFetchAsProcess is not a test but a process of TestProcesses.
func TestFetchAsProcess(t *testing.T) {
	url := os.Getenv("FETCH_TEST_URL")
	if url == "" {
		t.Skip("only for TestProcesses")
	}
	if _, err := Get(Release{Name: "net", URL: url}, Options{}); err != nil {
		t.Fatal(err)
	}
}

// Several processes download once.
func TestProcesses(t *testing.T) {
	o := serve(t, published(t))
	opt := options(t)
	var all []*exec.Cmd
	for range 5 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFetchAsProcess$")
		cmd.Env = append(os.Environ(), "FETCH_TEST_URL="+o.release().URL, "GRAFT_CACHE="+opt.Dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	intact(t, filepath.Join(opt.Dir, "net"), opt)
	if o.count() != 1 {
		t.Errorf("%d downloads", o.count())
	}
}

// Several at once download once, and whoever waits can be interrupted.
func TestOneDownload(t *testing.T) {
	o := serve(t, published(t))
	hold := make(chan bool)
	o.answer = func(n int, w http.ResponseWriter, r *http.Request, o *origin) bool {
		<-hold
		return false
	}
	opt := options(t)
	var wg sync.WaitGroup
	waiting := make(chan bool, 10)
	for range 8 {
		wg.Go(func() {
			opt := opt
			opt.Progress = func(p Progress) {
				if p.Stage == Waiting {
					waiting <- true
				}
			}
			dir, err := Get(o.release(), opt)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(dir, "net.ckpt")); err != nil {
				t.Error(err)
			}
		})
	}
	for range 7 {
		<-waiting
	}
	ctx, cancel := context.WithCancel(context.Background())
	opt.Context = ctx
	opt.Progress = func(Progress) { cancel() }
	if _, err := Get(o.release(), opt); !errors.Is(err, context.Canceled) {
		t.Errorf("one that waits: %v", err)
	}
	close(hold)
	wg.Wait()
	if o.count() != 1 {
		t.Errorf("%d downloads", o.count())
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Releases() {
		if seen[r.Name] || seen[r.File()] || (places{"cache", r}).check() != nil || len(r.SHA256) != 64 && r.SHA256 != "" || !strings.HasPrefix(r.URL, "https://") {
			t.Errorf("%+v", r)
		}
		seen[r.Name], seen[r.File()] = true, true
		if r.Name == stem(r) {
			seen[r.File()] = true
		}
		if got, err := Find(strings.ToUpper(r.File())); err != nil || got.Name != r.Name {
			t.Errorf("%s: %v, %v", r.File(), got.Name, err)
		}
	}
	for ask, want := range map[string]string{
		"mobilenet_v1": "mobilenet_v1_1.0_224", "mobilenet_v2": "mobilenet_v2_1.0_224", "mobilenet_v1_025": "mobilenet_v1_0.25_224", "mobilenet_v2_140": "mobilenet_v2_1.4_224",
		"mobilenet_v3_large": "mobilenet_v3_large_1.0_224", "VGG_16": "vgg_16", "inception_v3_2016_08_28": "inception_v3",
	} {
		if got, err := Find(ask); err != nil || got.Name != want {
			t.Errorf("%s is %s, %v; want %s", ask, got.Name, err, want)
		}
	}
	_, err := Find("vgg16")
	says(t, err, `no release is called "vgg16"`, "did you mean vgg_16 or vgg_19?")
	_, err = Find("vgg_17")
	says(t, err, "did you mean vgg_16 or vgg_19?")
	_, err = Find("mobilenet_v1_0.3_224")
	says(t, err, "did you mean mobilenet_v1_1.0_224 or mobilenet_v1_0.75_224 or ")
	_, err = Find("resnet50")
	says(t, err, "did you mean resnet_v1_50 or resnet_v2_50 or ")
	_, err = Find("alexnet_1")
	says(t, err, "lists them")
	_, err = Find("")
	says(t, err, "lists them")
	for _, r := range []Release{{Name: "../x", URL: "http://h/x.tgz"}, {Name: "x", URL: "http://h/.."}, {Name: "", URL: "http://h/x"}, {Name: "x", URL: "http://h/"}} {
		if _, err := Get(r, options(t)); err == nil {
			t.Errorf("%+v: no error", r)
		}
	}
}
