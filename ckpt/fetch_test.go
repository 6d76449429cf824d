package ckpt

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

	"graft/ckpt/fetch"
)

// mirror is a folder of archives, of which each is made of the files in a
// folder, as GRAFT_MIRROR has them.
func mirror(t *testing.T, archives map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, from := range archives {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		if err := w.AddFS(os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), z.Close()); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.Bytes())
	}
	return dir
}

// minimalistic is a release of which nobody has published a checksum, so that a
// test can serve it.
const minimalistic = "mobilenet_v3_small_minimalistic"

// What is fetched can be opened, whatever lies beside it.
func TestFetch(t *testing.T) {
	plain := t.TempDir()
	save(t, filepath.Join(plain, "net.ckpt"), "V1", generation(1))
	write(t, filepath.Join(plain, "info.txt"), []byte("Model: net\n"))

	twice := t.TempDir() // as MobileNet V3's archives are
	for i, name := range []string{"pristine", "ema"} {
		dir := filepath.Join(twice, "v3-small-minimalistic_224_1.0_float", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		save(t, filepath.Join(dir, "model.ckpt-498000"), "V2", generation(byte(2+i)))
	}
	write(t, filepath.Join(twice, "v3.tflite"), []byte("TFL3 and so on"))

	for from, want := range map[string]byte{plain: 1, twice: 3} {
		server := httptest.NewServer(http.FileServer(http.Dir(mirror(t, map[string]string{"v3-small-minimalistic_224_1.0_float.tgz": from}))))
		opt := FetchOptions{Dir: t.TempDir(), Mirror: server.URL}
		path, err := FetchWith(minimalistic, opt)
		if err != nil {
			t.Fatal(err)
		}
		if got := checkWhole(t, path); got != want {
			t.Errorf("%s holds %d, want %d", path, got, want)
		}
		server.Close()
		if again, err := FetchWith(minimalistic, opt); err != nil || again != path {
			t.Errorf("again: %s, %v", again, err)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	_, err := Fetch("vgg-16")
	if err == nil || !strings.Contains(err.Error(), "did you mean vgg_16 or vgg_19?") {
		t.Errorf("got %v", err)
	}
	t.Setenv("GRAFT_CACHE", t.TempDir())
	t.Setenv("GRAFT_OFFLINE", "yes")
	_, err = Fetch("vgg_16")
	var no *fetch.UnavailableError
	if !errors.As(err, &no) || !strings.Contains(err.Error(), "get vgg_16_2016_08_28.tar.gz (513 MB)") {
		t.Errorf("got %v", err)
	}
	empty := t.TempDir()
	write(t, filepath.Join(empty, "readme"), []byte("nothing here"))
	_, err = FetchWith(minimalistic, FetchOptions{Dir: t.TempDir(), Mirror: mirror(t, map[string]string{"v3-small-minimalistic_224_1.0_float.tgz": empty})})
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "holds no checkpoint") {
		t.Errorf("got %v", err)
	}
	// A published checksum is not to be argued with.
	_, err = FetchWith("flowers", FetchOptions{Dir: t.TempDir(), Offline: true, Mirror: mirror(t, map[string]string{"flower_photos.tgz": empty})})
	var sum *fetch.ChecksumError
	if !errors.As(err, &sum) || !strings.HasPrefix(sum.Want, "4c54ace7") {
		t.Errorf("got %v", err)
	}
}

func TestSingleFolder(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "flower_photos")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "._flower_photos"), nil) // which macOS puts there
	if got, err := single(dir); err != nil || got != inner {
		t.Errorf("got %s, %v", got, err)
	}
	write(t, filepath.Join(dir, "LICENSE.txt"), nil)
	if got, err := single(dir); err != nil || got != dir {
		t.Errorf("got %s, %v", got, err)
	}
}
