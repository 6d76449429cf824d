package picture

import "graft/stdlib/internal/ops"

func resizing(height, width int) ops.Resize {
	return ops.Resize{Method: ops.Bilinear, Size: [2]int{height, width}}
}
