//go:build !race

package repl

// raceEnabled says that the race detector watches. Cells then have no line
// marks, and the interpreter itself races when a cell is compiled while a
// goroutine of an earlier one runs: it moves its table of globals.
const raceEnabled = false
