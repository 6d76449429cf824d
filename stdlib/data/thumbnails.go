package data

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/picture"
)

// thumbnail is the side of a picture to look at.
const thumbnail = 128

// small is the middle square of a picture, made small.
func small(rows picture.Rows) (*graph.Tensor, error) {
	h, w, _ := rows.Shape()
	side := min(h, w)
	square := picture.Crop(rows, (h-side)/2, (w-side)/2, side, side)
	p, err := picture.Resize(square, ops.Resize{Method: ops.Area, Size: [2]int{thumbnail, thumbnail}})
	if err != nil {
		return nil, err
	}
	return graph.FromFloat32s(p.Pix, p.Height, p.Width, p.Channels)
}
