package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A release comes from a classroom's server, is listed as here, and can be
// opened by what get prints.
func TestGet(t *testing.T) {
	made := t.TempDir()
	model(t, filepath.Join(made, "model.ckpt-498000"), "V2", 1, 2, 3, 4)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(made)), w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	class := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v3-small-minimalistic_224_1.0_float.tgz" {
			http.NotFound(out, r)
			return
		}
		_, _ = out.Write(b.Bytes())
	}))
	defer class.Close()
	cache := t.TempDir()
	t.Setenv("GRAFT_CACHE", cache)
	t.Setenv("GRAFT_MIRROR", class.URL)
	out, err := runCkpt("get", "mobilenet_v3_small_minimalistic")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimSpace(out)
	if want := filepath.Join(cache, "mobilenet_v3_small_minimalistic_1.0_224", "model.ckpt-498000"); path != want {
		t.Errorf("printed %q, want %q", path, want)
	}
	if out, err := runCkpt("ls", path); err != nil || !strings.Contains(out, "conv") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = runCkpt("get")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NAME", "vgg_16 ", "513.3 MB", "138.36 M", "71.5 %", "flowers", "The cache is " + cache} {
		if !strings.Contains(out, want) {
			t.Errorf("the list lacks %q:\n%s", want, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "mobilenet_v3_small_minimalistic") && !strings.HasSuffix(line, "B") {
			t.Errorf("does not say that it is here: %q", line)
		}
	}
	if out, err := runCkpt("get", "--json"); err != nil || strings.Count(out, "\n") != 64 || !strings.Contains(out, `"path":"`) {
		t.Errorf("%d lines, %v", strings.Count(out, "\n"), err)
	}
	if _, err := runCkpt("get", "--verify", "--offline", "mobilenet_v3_small_minimalistic_1.0_224"); err != nil {
		t.Error(err)
	}
	// What cannot be had.
	_, err = runCkpt("get", "--offline", "vgg_16")
	if f := (*failure)(nil); !errors.As(err, &f) || !strings.Contains(err.Error(), "By hand: get vgg_16_2016_08_28.tar.gz (513 MB)") {
		t.Errorf("got %v", err)
	}
	_, err = runCkpt("get", "vgg16")
	if f := (*failure)(nil); err == nil || errors.As(err, &f) || !strings.Contains(err.Error(), "did you mean vgg_16 or vgg_19?") {
		t.Errorf("got %v", err)
	}
}
