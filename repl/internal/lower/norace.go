//go:build !race

package lower

// raceEnabled says that the race detector watches, which would report the
// line mark: goroutines share it on purpose.
const raceEnabled = false
