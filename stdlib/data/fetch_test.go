package data

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"graft/ckpt"
	"graft/stdlib/host"
)

// cell is a host that keeps what is shown.
type cell struct {
	mu    sync.Mutex
	ctx   context.Context
	shown map[string]string // by id, in its last state
}

func (c *cell) Context() context.Context { return c.ctx }
func (c *cell) Display(id string, b host.Bundle) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown[id] = b["text/plain"]
}
func (c *cell) Update(id string, b host.Bundle)    { c.Display(id, b) }
func (c *cell) Clear(bool)                         {}
func (c *cell) Input(string, bool) (string, error) { return "", errors.New("nobody answers") }
func (c *cell) Render(v any) host.Bundle {
	if m, ok := v.(interface{ MIME() map[string]string }); ok {
		return m.MIME()
	}
	return host.Bundle{}
}

// A release that a server has, though with another checksum than the published
// one: its download is shown, and that it ended.
func TestFetchShowsProgress(t *testing.T) {
	archive := append([]byte{0x1f, 0x8b}, make([]byte, 3_500_000)...)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) }))
	defer server.Close()
	t.Setenv("GRAFT_CACHE", t.TempDir())
	t.Setenv("GRAFT_OFFLINE", "1")
	ctx, cancel := context.WithCancel(context.Background())
	c := &cell{ctx: ctx, shown: map[string]string{}}
	defer host.Install(c)()
	if _, err := Fetch("vgg_19"); err == nil || !strings.Contains(err.Error(), "GRAFT_OFFLINE") || len(c.shown) != 0 {
		t.Fatalf("%v, shown %v", err, c.shown)
	}
	t.Setenv("GRAFT_OFFLINE", "")
	t.Setenv("GRAFT_MIRROR", server.URL)
	here := ckpt.FetchOptions{Client: server.Client()} // for the tests' network has no other server
	here.Client.Transport = only{server.URL, here.Client.Transport}
	if _, err := FetchWith("vgg_19", here); err == nil || !strings.Contains(err.Error(), "9071fd96") {
		t.Fatalf("got %v", err)
	}
	var all []string
	for _, line := range c.shown {
		all = append(all, line)
	}
	if len(all) != 1 || !strings.HasPrefix(all[0], "vgg_19, downloading, MB: ") {
		t.Errorf("shown %q", all)
	}
	cancel()
	if _, err := FetchWith("vgg_19", here); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	told := 0
	c.shown = map[string]string{}
	here.Context, here.Progress = context.Background(), func(ckpt.FetchProgress) { told++ }
	if _, err := FetchWith("vgg_19", here); err == nil || told == 0 || len(c.shown) != 0 {
		t.Errorf("%v, told %d times, shown %v", err, told, c.shown)
	}
}

// only lets requests to one server through.
type only struct {
	server string
	http.RoundTripper
}

func (o only) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.String(), o.server) {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	}
	return o.RoundTripper.RoundTrip(r)
}
