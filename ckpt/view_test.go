package ckpt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"graft/ckpt/tensors"
)

// sample holds a tensor of 1 MB of counted bytes, and a small one.
func sample(t testing.TB, format string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample")
	large := &Tensor{Name: "large", DType: Float32, Shape: []int{512, 512}, Data: make([]byte, 1<<20)}
	for i := range large.Data {
		large.Data[i] = byte(i / 7)
	}
	save(t, path, format, []*Tensor{large, {Name: "small", DType: Float32, Shape: []int{2}, Data: unhex(t, "0000803f00000040")}})
	return path
}

var everyFormat = []string{"V1", "V2", "safetensors", "npz"}

// A view outlives its reader, the garbage collector and the file's name.
func TestViewOutlivesReader(t *testing.T) {
	for _, format := range everyFormat {
		path := sample(t, format)
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.View("large")
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS == "linux" && !v.InPlace() {
			t.Errorf("%s: the values were copied", format)
		}
		want, err := v.Tensor()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		r = nil
		for _, f := range []string{path, path + ".index", path + ".data-00000-of-00001"} {
			os.Remove(f)
		}
		for range 3 {
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
		if err := v.Use(func(got *Tensor) error {
			if !bytes.Equal(got.Data, want.Data) {
				t.Errorf("%s: other values after Close", format)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		pinned := v.Pin()
		v = nil
		for range 3 {
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
		if !bytes.Equal(pinned.Data, want.Data) {
			t.Errorf("%s: other values when pinned", format)
		}
	}
}

func TestClosed(t *testing.T) {
	for _, format := range everyFormat {
		r, err := Open(sample(t, format))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		_, errTensor := r.Tensor("small")
		_, errView := r.View("small")
		_, errSlice := r.Slice("small", Slice{{Length: -1}})
		for _, err := range []error{errTensor, errView, errSlice, r.ReadInto("small", make([]byte, 8)), r.Verify(nil)} {
			if !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: got %v, want os.ErrClosed", format, err)
			}
		}
		if len(r.Names()) != 2 {
			t.Errorf("%s: the names went", format)
		}
	}
}

func TestConcurrentReaders(t *testing.T) {
	for _, format := range everyFormat {
		r, err := Open(sample(t, format))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 5 {
					v, err := r.Tensor("large")
					if errors.Is(err, os.ErrClosed) && i != 0 {
						return
					}
					if err == nil && v.Data[7] != 1 {
						err = errors.New("other values")
					}
					if err != nil {
						t.Errorf("%s: %v", format, err)
						return
					}
				}
				if i == 0 {
					r.Close() // under the others
				}
			})
		}
		wg.Wait()
	}
}

func TestSliceAndReadInto(t *testing.T) {
	for _, format := range everyFormat {
		r, err := Open(sample(t, format))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := r.Tensor("large")
		if err != nil {
			t.Fatal(err)
		}
		part, err := r.Slice("large", Slice{{Start: 3, Length: 2}, {Start: 10, Length: 1}})
		if err != nil || !bytes.Equal(part.Data, append(bytes.Clone(whole.Data[4*(3*512+10):][:4]), whole.Data[4*(4*512+10):][:4]...)) {
			t.Errorf("%s: slice %v, %v", format, part, err)
		}
		if _, err := r.Slice("large", Slice{{Start: 510, Length: 3}, {Length: -1}}); err == nil || !strings.Contains(err.Error(), "does not lie inside") {
			t.Errorf("%s: got %v", format, err)
		}
		if err := r.ReadInto("large", make([]byte, 5)); err == nil || !strings.Contains(err.Error(), "1048576 bytes") {
			t.Errorf("%s: got %v", format, err)
		}
		r.Close()
	}
}

// Reading everything makes room for what describes it, not for the values.
func TestReadingAllocatesLittle(t *testing.T) {
	for _, format := range everyFormat {
		path := filepath.Join(t.TempDir(), "large")
		save(t, path, format, []*Tensor{tensors.New(TensorInfo{Name: "x", DType: Float32, Shape: []int{16 << 20}})})
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := r.View("x"); err == nil && !v.InPlace() {
			t.Skip("files are not mapped here")
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := r.Verify(nil); err != nil {
			t.Error(err)
		}
		if v, err := r.View("x"); err != nil || v.Info().Bytes != 64<<20 {
			t.Errorf("%s: %v", format, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%s: reading 64 MB allocated %d bytes", format, grown)
		}
		r.Close()
	}
}

// A file that is cut short while it is open is an error of the read, not the
// end of the process.
func TestCutShortWhileOpen(t *testing.T) {
	for _, format := range everyFormat {
		path := sample(t, format)
		r, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := r.View("small"); err == nil && !v.InPlace() {
			t.Skip("files are not mapped here")
		}
		file := path
		if format == "V2" {
			file += ".data-00000-of-00001"
		}
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Tensor("large"); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
			t.Errorf("%s: got %v", format, err)
		}
		r.Close()
	}
}
