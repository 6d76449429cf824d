package ckpt_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

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
