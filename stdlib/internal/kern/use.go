package kern

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// Sets are the loops over float32 that this processor can run, best first;
// the last is in plain Go.
func Sets() []*Set[float32] { return append(vectorSets(), portable[float32]()) }

// Choice is the name of the loops in use: the best of Sets, or the one that
// $GRAFT_KERNELS names (avx512, avx2 or portable), so that tests can take
// each. The error, beside the best, says that this processor has none of that
// name.
func Choice() (name string, err error) {
	want := os.Getenv("GRAFT_KERNELS")
	var names []string
	for _, s := range Sets() {
		if s.Name == want {
			return want, nil
		}
		names = append(names, s.Name)
	}
	if want != "" {
		err = fmt.Errorf("kern: GRAFT_KERNELS is %q, this processor has %s", want, strings.Join(names, ", "))
	}
	return names[0], err
}

// chosen is the Set of Choice.
var chosen = sync.OnceValue(func() *Set[float32] {
	name, _ := Choice() // the best, if there is an error; Choice is for those who want it
	for _, s := range Sets() {
		if s.Name == name {
			return s
		}
	}
	return portable[float32]()
})

// Use returns the loops for T. Those of float64 are always in plain Go.
func Use[T Float]() *Set[T] {
	if s, ok := any(chosen()).(*Set[T]); ok {
		return s
	}
	return portable[T]()
}
