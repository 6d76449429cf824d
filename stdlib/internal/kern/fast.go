package kern

// A loop over vectors does the first elements, a multiple of eight, and the
// loop in Go what is left: all of it where there are no vectors, or T is not
// float32.

// The loops over vectors, by what they do.
const (
	loopAdd = iota
	loopSub
	loopMul
	loopDiv
	loopMax
	loopMin
	loopReluGrad
	loopRelu6Grad
)

const (
	loopRelu = iota
	loopRelu6
)

const (
	loopSums = iota
	loopMoments
	loopCentered
)
