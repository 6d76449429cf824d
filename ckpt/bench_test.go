package ckpt

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"graft/ckpt/internal/crc"
	"graft/ckpt/internal/mapped"
)

// vgg16 is the network that most of the V1 checkpoints in the world are of:
// 138 million parameters, 553 MB.
func vgg16() (infos []TensorInfo) {
	add := func(name string, shape ...int) {
		infos = append(infos, TensorInfo{Name: "vgg_16/" + name + "/biases", DType: Float32, Shape: shape[len(shape)-1:]},
			TensorInfo{Name: "vgg_16/" + name + "/weights", DType: Float32, Shape: shape})
	}
	in := 3
	for block, layers := range [][]int{{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}} {
		for i, out := range layers {
			b, n := string(rune('1'+block)), string(rune('1'+i))
			add("conv"+b+"/conv"+b+"_"+n, 3, 3, in, out)
			in = out
		}
	}
	add("fc6", 7, 7, 512, 4096)
	add("fc7", 1, 1, 4096, 4096)
	add("fc8", 1, 1, 4096, 1000)
	return infos
}

// vggTensors are the values, random bytes of which none are better than others.
func vggTensors() (tensors []*Tensor, bytes int64) {
	random := rand.New(rand.NewPCG(16, 2014))
	pool := make([]byte, 1<<20)
	for i := range pool {
		pool[i] = byte(random.Uint32())
	}
	for _, info := range vgg16() {
		t := &Tensor{Name: info.Name, DType: info.DType, Shape: info.Shape, Data: make([]byte, 4*info.Elements())}
		for at := 0; at < len(t.Data); {
			at += copy(t.Data[at:], pool[random.IntN(4096):])
		}
		bytes += int64(len(t.Data))
		tensors = append(tensors, t)
	}
	return tensors, bytes
}

func save(b testing.TB, path, format string, tensors []*Tensor) {
	w, err := CreateAs(path, format)
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range tensors {
		if err := w.Add(t); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

// against times work beside a floor, turn by turn, so that a busy machine slows
// both, and reports the ratio of the medians.
func against(b *testing.B, bytes int64, floor, work func()) {
	var floors, works []time.Duration
	took := func(f func()) time.Duration {
		begin := time.Now()
		f()
		return time.Since(begin)
	}
	b.SetBytes(bytes)
	for b.Loop() {
		b.StopTimer()
		floors = append(floors, took(floor))
		b.StartTimer()
		works = append(works, took(work))
	}
	slices.Sort(floors)
	slices.Sort(works)
	b.ReportMetric(float64(works[len(works)/2])/float64(floors[len(floors)/2]), "x-floor")
	b.ReportMetric(float64(floors[len(floors)/2].Microseconds())/1000, "floor-ms")
}

// Opening reads the index. The check of each tensor waits for its first use.
func BenchmarkOpen(b *testing.B) {
	tensors, _ := vggTensors()
	for _, format := range []string{"V2", "V1", "safetensors", "npz"} {
		path := filepath.Join(b.TempDir(), "vgg")
		save(b, path, format, tensors)
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				_ = r.String() // what `ls` prints
				r.Close()
			}
		})
		if format == "V2" {
			b.Run("V2 first tensor", func(b *testing.B) {
				for b.Loop() {
					r, err := Open(path)
					if err == nil {
						_, err = r.View("vgg_16/fc7/weights")
					}
					if err != nil {
						b.Fatal(err)
					}
					r.Close()
				}
			})
		}
	}
}

// Everything is opened, verified and usable; the floor is a mapping and a
// CRC-32C of its bytes on the same processors.
func BenchmarkRead(b *testing.B) {
	tensors, bytes := vggTensors()
	for _, format := range []string{"V2", "V1", "safetensors", "npz"} {
		dir := b.TempDir()
		path := filepath.Join(dir, "vgg")
		save(b, path, format, tensors)
		file := path
		if format == "V2" {
			file += ".data-00000-of-00001"
		}
		floor := func() {
			f, err := mapped.Open(file)
			if err != nil {
				b.Fatal(err)
			}
			all, err := f.Bytes(0, f.Size())
			if err != nil {
				b.Fatal(err)
			}
			crc.Castagnoli().Sum(all)
			runtime.KeepAlive(f)
		}
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			against(b, bytes, floor, func() {
				r, err := Open(path)
				if err == nil {
					err = r.Verify(nil)
				}
				if err != nil {
					b.Fatal(err)
				}
				r.Close()
			})
		})
		b.Run(format+" copied", func(b *testing.B) {
			into := make([]byte, 4*7*7*512*4096)
			against(b, bytes, floor, func() {
				r, err := Open(path)
				if err != nil {
					b.Fatal(err)
				}
				for _, t := range tensors {
					if err := r.ReadInto(t.Name, into[:len(t.Data)]); err != nil {
						b.Fatal(err)
					}
				}
				r.Close()
			})
		})
	}
}

// The floor of saving is to write and sync the same bytes.
func BenchmarkSave(b *testing.B) {
	tensors, bytes := vggTensors()
	for _, format := range []string{"V2", "V1", "safetensors", "npz"} {
		b.Run(format, func(b *testing.B) {
			dir := b.TempDir()
			floor := func() {
				f, err := os.Create(filepath.Join(dir, "floor"))
				if err != nil {
					b.Fatal(err)
				}
				for _, t := range tensors {
					if _, err := f.Write(t.Data); err != nil {
						b.Fatal(err)
					}
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
				f.Close()
				os.Remove(f.Name())
			}
			against(b, bytes, floor, func() { save(b, filepath.Join(dir, "vgg"), format, tensors) })
		})
	}
}
