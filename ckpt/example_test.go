package ckpt_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

// A checkpoint is written, listed and read.
func Example() {
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	kernel, err := tensors.FromFloat32s("dense/kernel", []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	w, err := ckpt.Create(filepath.Join(dir, "model.ckpt-1"))
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Add(kernel); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := ckpt.Open(dir) // its only checkpoint
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	for _, name := range r.Names() {
		info, err := r.Info(name)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(name, info.DType, info.Shape)
	}
	column, err := r.Slice("dense/kernel", ckpt.Slice{{Length: -1}, {Start: 1, Length: 1}})
	if err != nil {
		log.Fatal(err)
	}
	values, err := column.Float32s()
	fmt.Println(values, err)
	_, err = r.Tensor("dense/bias")
	fmt.Println(err != nil)
	// Output:
	// dense/kernel float32 [2 3]
	// [2 5] <nil>
	// true
}

// The weights of a large model are used where they lie in the file: processes
// that pin the same checkpoint share its memory.
func ExampleReader_View() {
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	w, err := ckpt.CreateAs(filepath.Join(dir, "model.safetensors"), "")
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Add(tensors.New(ckpt.TensorInfo{Name: "weights", DType: ckpt.Float32, Shape: []int{1000, 1000}})); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	r, err := ckpt.Open(dir)
	if err != nil {
		log.Fatal(err)
	}
	v, err := r.View("weights")
	if err != nil {
		log.Fatal(err)
	}
	r.Close() // the view stays
	err = v.Use(func(t *ckpt.Tensor) error {
		fmt.Println(t.Shape, len(t.Data))
		return nil
	})
	fmt.Println(err)
	// Output:
	// [1000 1000] 4000000
	// <nil>
}

// write makes a checkpoint of one tensor.
func write(path string, step int64) {
	w, err := ckpt.CreateAs(path, "")
	if err != nil {
		log.Fatal(err)
	}
	t, err := tensors.FromInt64s("global_step", []int64{step})
	if err == nil {
		err = w.Add(t)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
}

// A training run keeps its two newest checkpoints, and goes on from the last.
func ExampleKeeper() {
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	k := ckpt.Keeper{MaxToKeep: 2}
	for step := int64(100); step <= 400; step += 100 {
		path := filepath.Join(dir, fmt.Sprintf("model.ckpt-%d", step))
		write(path, step)
		deleted, err := k.Saved(path)
		if err != nil {
			log.Fatal(err)
		}
		for _, old := range deleted {
			fmt.Println("deleted", filepath.Base(old))
		}
	}
	latest, err := ckpt.LatestCheckpoint(dir)
	if err != nil {
		log.Fatal(err)
	}
	step, err := ckpt.LoadVariable(latest, "global_step")
	if err != nil {
		log.Fatal(err)
	}
	values, err := step.Int64s()
	fmt.Println(filepath.Base(latest), values, err)
	// Output:
	// deleted model.ckpt-100
	// deleted model.ckpt-200
	// model.ckpt-400 [400] <nil>
}

// A checkpoint is written in another format.
func ExampleCreateAs() {
	dir, err := os.MkdirTemp("", "ckpt")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write(filepath.Join(dir, "model.ckpt"), 7)
	r, err := ckpt.Open(filepath.Join(dir, "model.ckpt"))
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	w, err := ckpt.CreateAs(filepath.Join(dir, "model.npz"), "") // as the ending says
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // after Close it does nothing
	for _, name := range r.Names() {
		t, err := r.Tensor(name)
		if err != nil {
			log.Fatal(err)
		}
		if err := w.Add(t); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	infos, err := ckpt.ListVariables(filepath.Join(dir, "model.npz"))
	fmt.Println(infos[0].Name, infos[0].DType, infos[0].Bytes, err)
	// Output:
	// global_step int64 8 <nil>
}

// Without a network, Fetch says how to get a checkpoint by hand.
func ExampleFetchWith() {
	cache, err := os.MkdirTemp("", "cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(cache)
	path, err := ckpt.FetchWith("vgg_16", ckpt.FetchOptions{Dir: cache, Offline: true})
	var no *ckpt.UnavailableError
	if errors.As(err, &no) {
		fmt.Println("get", no.Release.URL)
		fmt.Println("put it at", filepath.ToSlash(strings.TrimPrefix(no.Place, cache)))
		return
	}
	r, err := ckpt.Open(path)
	fmt.Println(r, err)
	// Output:
	// get https://storage.googleapis.com/download.tensorflow.org/models/vgg_16_2016_08_28.tar.gz
	// put it at /downloads/vgg_16_2016_08_28.tar.gz
}
