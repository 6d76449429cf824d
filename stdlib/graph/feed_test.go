package graph

import (
	"fmt"
	"strings"
	"testing"
)

// Plain values feed as numpy's would in a feed_dict.
func TestPlainFeeds(t *testing.T) {
	g := New()
	f := ok[*Node](t)(g.Placeholder("f", Float32, -1, 2))
	i := ok[*Node](t)(g.Placeholder("i", Int64, -1))
	rate := ok[*Node](t)(g.Placeholder("rate", Float32))
	sess := ok[*Session](t)(NewSession(g))
	for _, c := range []struct {
		node *Node
		feed any
		want string // a part of the error, or the value
	}{
		{f, [][]float64{{1, 2}, {3, 4}}, "[1 2 3 4]"},
		{f, [][2]int{{1, 2}}, "[1 2]"},
		{i, []int{3, 4}, "[3 4]"},
		{i, []float64{3, 4}, "[3 4]"},
		{i, []uint8{255}, "[255]"},
		{rate, 0.5, "0.5"},
		{rate, 2, "2"},
		{i, []float64{300.5}, "300.5 does not fit int64"},
		{i, []uint64{1 << 63}, "9223372036854775808 does not fit int64"},
		{f, [][]float64{{1, 2}, {3}}, "ragged: element 0 has shape [2], element 1 has [1]"},
		{f, []float64{1, 2}, "float32[2] was given, float32[-1,2] is wanted"},
		{f, "cat", "a string was given"},
		{f, nil, "nil was given"},
		{rate, true, "true does not fit float32"},
		{f, &Examples{}, "no Make"},
		{f, &Examples{Keys: []uint64{1, 2}, Make: func([]int) (*Tensor, error) { return FromFloat32s([]float32{1, 2}, 1, 2) }},
			"asked for 2 examples, Make gave a tensor of shape [1,2]"},
	} {
		out, err := sess.Run(Feeds{c.node: c.feed}, c.node)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(out[0].Data())
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("feeding %s with %v: %s, want %s", c.node.Name(), c.feed, got, c.want)
		}
	}
}
