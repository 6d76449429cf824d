package tensors_test

import (
	"fmt"

	"graft/ckpt/tensors"
)

func ExampleTensor() {
	t, err := tensors.FromFloat32s("scale", []float32{0.1, 1, 2, 3, 4, 70000}, 2, 3) // [height, width]
	if err != nil {
		fmt.Println(err)
		return
	}
	right, err := t.Cut(tensors.Slice{{Start: 0, Length: -1}, {Start: 1, Length: 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	half, err := right.Convert(tensors.Float16)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := half.Convert(tensors.Float32)
	if err != nil {
		fmt.Println(err)
		return
	}
	values, err := back.Float32s()
	_, refused := half.Float32s()
	fmt.Println(half.DType, half.Shape, values, err)
	fmt.Println(refused)
	// Output:
	// float16 [2 2] [1 2 4 +Inf] <nil>
	// ckpt: tensor "scale" holds float16, float32 was asked for
}
