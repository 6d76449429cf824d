package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// byClass are the places of each class, shuffled by seed.
func byClass(labels []int, classes int, seed uint64) [][]int {
	out := make([][]int, classes)
	for i, l := range labels {
		if l >= 0 && l < classes {
			out[l] = append(out[l], i)
		}
	}
	for class, places := range out {
		r := rand.New(rand.NewPCG(seed, uint64(class)))
		r.Shuffle(len(places), func(i, j int) { places[i], places[j] = places[j], places[i] })
	}
	return out
}

// split cuts 0 … len(labels)-1 into two parts, class by class.
func split(labels []int, classes int, share float64, seed uint64) (first, rest []int, err error) {
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("data: a split at %g, a share in (0, 1) is wanted", share)
	}
	for _, places := range byClass(labels, classes, seed) {
		n := int(math.Round(share * float64(len(places))))
		if len(places) > 1 {
			n = max(1, min(n, len(places)-1))
		}
		first, rest = append(first, places[:n]...), append(rest, places[n:]...)
	}
	slices.Sort(first)
	slices.Sort(rest)
	return first, rest, nil
}

// perClass is n places of each class, or all that there are.
func perClass(labels []int, classes, n int, seed uint64) (out []int) {
	for _, places := range byClass(labels, classes, seed) {
		out = append(out, places[:min(n, len(places))]...)
	}
	slices.Sort(out)
	return out
}
