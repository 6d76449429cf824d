package graph

import (
	"fmt"
	"runtime"

	"graft/stdlib/internal/kern"
)

// kernelSets says what the sets of kernels are made of.
var kernelSets = map[string]string{
	"avx512":   "AVX-512 assembly",
	"avx2":     "AVX2 assembly",
	"portable": "plain Go",
}

// CPU says which kernels sessions run on this processor, and on how many
// processors at once. The environment variable GRAFT_KERNELS (avx512, avx2 or
// portable) chooses others; one that this processor cannot run is an error.
func CPU() (string, error) {
	name, err := kern.Choice()
	if err != nil {
		return "", fmt.Errorf("graph: %w", err)
	}
	what, ok := kernelSets[name]
	if !ok {
		what = name
	}
	return fmt.Sprintf("%s kernels (%s/%s) on %d processors", what, runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0)), nil
}
