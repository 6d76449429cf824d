package nets

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// archived is a checkpoint as TF-Slim's MobileNets V3 are published: in a
// folder, with its moving averages in a folder ema, beside what graft does not
// read.
func archived(t *testing.T, w http.ResponseWriter, folder, checkpoint string) {
	z := gzip.NewWriter(w)
	a := tar.NewWriter(z)
	add := func(name string, content []byte) {
		if err := a.WriteHeader(&tar.Header{Name: path.Join(folder, name), Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Error(err)
		}
		if _, err := a.Write(content); err != nil {
			t.Error(err)
		}
	}
	add("v3-small.tflite", []byte("TFL3"))
	for _, file := range ok[[]string](t)(filepath.Glob(checkpoint + ".*")) {
		add("ema/model-388500"+strings.TrimPrefix(file, checkpoint), ok[[]byte](t)(os.ReadFile(file)))
	}
	if err := errors.Join(a.Close(), z.Close()); err != nil {
		t.Error(err)
	}
}

// A net opens by its name alone: its weights are fetched, once.
func TestOpenFetches(t *testing.T) {
	checkpoint := saved(t, "mobilenet_v3_small_minimalistic", Config{NumClasses: 1001}, 224)
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/class/v3-small-minimalistic_224_1.0_float.tgz" {
			http.NotFound(w, r)
			return
		}
		requests.Add(1)
		archived(t, w, "v3-small-minimalistic_224_1.0_float", checkpoint)
	}))
	defer server.Close()
	t.Setenv("GRAFT_CACHE", t.TempDir())
	t.Setenv("GRAFT_MIRROR", server.URL+"/class")
	photo := ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, 30*20*3), 30, 20, 3))
	var first *Predictions
	for i, name := range []string{"mobilenet_v3_small_minimalistic_1.0_224", "mobilenet_v3_small_minimalistic", "v3-small-minimalistic_224_1.0_float"} {
		net := ok[*Classifier](t)(Open(name, ""))
		top := ok[*Predictions](t)(net.Top(photo, 5))
		if i == 0 {
			first = top
		}
		if !slices.Equal(top.Classes, first.Classes) || len(net.Labels) != 1001 || net.Net.Name != "mobilenet_v3_small_minimalistic" || net.Net.ImageSize != 224 {
			t.Errorf("%s: %v, %v; the first time %v", name, net, top, first)
		}
		t.Setenv("GRAFT_OFFLINE", "1") // from here on the cache has it
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("the weights were fetched %d times", n)
	}
	var unavailable *ckpt.UnavailableError
	if _, err := Open("vgg_16", ""); !errors.As(err, &unavailable) || !strings.Contains(err.Error(), "vgg_16_2016_08_28.tar.gz") {
		t.Errorf("offline: %v", err)
	}
	if _, err := Open("mobilenet_v1_0.3_224", ""); err == nil || !strings.Contains(err.Error(), "did you mean mobilenet_v1_1.0_224") {
		t.Errorf("a checkpoint that was not published: %v", err)
	}
}
