package kern

import (
	"os"
	"sync"
)

// Sets are the loops over float32 that this processor can run, best first;
// the last is in plain Go.
func Sets() []*Set[float32] { return append(vectorSets(), portable[float32]()) }

// chosen is the best of Sets, or the one that $GRAFT_KERNELS names: avx512,
// avx2 or portable, so that tests can take each.
var chosen = sync.OnceValue(func() *Set[float32] {
	sets := Sets()
	want := os.Getenv("GRAFT_KERNELS")
	for _, s := range sets {
		if s.Name == want {
			return s
		}
	}
	return sets[0]
})

// Use returns the loops for T. Those of float64 are always in plain Go.
func Use[T Float]() *Set[T] {
	if s, ok := any(chosen()).(*Set[T]); ok {
		return s
	}
	return portable[T]()
}
