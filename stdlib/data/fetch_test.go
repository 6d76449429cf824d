package data

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

func TestFetchShowsProgress(t *testing.T) {
	t.Setenv("GRAFT_CACHE", t.TempDir())
	share := t.TempDir()
	t.Setenv("GRAFT_MIRROR", share)
	t.Setenv("GRAFT_OFFLINE", "1")
	ctx, cancel := context.WithCancel(context.Background())
	c := &cell{ctx: ctx, shown: map[string]string{}}
	defer host.Install(c)()
	_, err := Fetch("flowers")
	if err == nil || !strings.Contains(err.Error(), share) || len(c.shown) != 0 {
		t.Fatalf("%v, shown %v", err, c.shown)
	}
	// An archive that is there, though not the published one: it is looked at,
	// and that is shown.
	if err := os.WriteFile(filepath.Join(share, "flower_photos.tgz"), make([]byte, 3_500_000), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err = Fetch("flowers"); err == nil {
		t.Fatal("no error")
	}
	var all []string
	for _, line := range c.shown {
		all = append(all, line)
	}
	if len(all) != 1 || !strings.HasPrefix(all[0], "flowers, verifying, MB: 4 of 4 (100 %)") || !strings.HasSuffix(all[0], "stopped") {
		t.Errorf("shown %q", all)
	}
	// The cell's context and the caller's own wishes.
	cancel()
	if _, err := Fetch("flowers"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	told := 0
	c.shown = map[string]string{}
	_, _ = FetchWith("flowers", ckpt.FetchOptions{Context: context.Background(), Progress: func(ckpt.FetchProgress) { told++ }})
	if told == 0 || len(c.shown) != 0 {
		t.Errorf("told %d times, shown %v", told, c.shown)
	}
}
