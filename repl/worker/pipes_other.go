//go:build !linux

package worker

import "os"

// widen makes a pipe roomy, where that can be asked for.
func widen(*os.File) {}

// looksAhead is whether a cell may begin before the front process asks for
// what it shows, which needs settle.
const looksAhead = false

// settle is for systems that can tell whether a pipe has been read.
func settle([]*os.File) {}
