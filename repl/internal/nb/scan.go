package nb

import (
	"fmt"
	"io"
)

// The functions of fmt that scan want pointers themselves, not boxes.

// scanned are the operands as fmt can store into them.
func (rt *Runtime) scanned(a []any) []any {
	out := make([]any, len(a))
	for i, x := range a {
		out[i] = x
		c, ok := unwrap(x)
		if !ok {
			continue
		}
		out[i] = c.V
		if b := c.T.binder("Scan"); b != nil {
			if f, ok := b(c.V).(func(fmt.ScanState, rune) error); ok {
				out[i] = scanner(f)
			}
		}
	}
	return out
}

type scanner func(fmt.ScanState, rune) error

func (s scanner) Scan(state fmt.ScanState, verb rune) error { return s(state, verb) }

// Sscan is fmt.Sscan.
func (rt *Runtime) Sscan(s string, a ...any) (int, error) { return fmt.Sscan(s, rt.scanned(a)...) }

// Sscanf is fmt.Sscanf.
func (rt *Runtime) Sscanf(s, format string, a ...any) (int, error) {
	return fmt.Sscanf(s, format, rt.scanned(a)...)
}

// Sscanln is fmt.Sscanln.
func (rt *Runtime) Sscanln(s string, a ...any) (int, error) { return fmt.Sscanln(s, rt.scanned(a)...) }

// Fscan is fmt.Fscan.
func (rt *Runtime) Fscan(r io.Reader, a ...any) (int, error) { return fmt.Fscan(r, rt.scanned(a)...) }

// Fscanf is fmt.Fscanf.
func (rt *Runtime) Fscanf(r io.Reader, format string, a ...any) (int, error) {
	return fmt.Fscanf(r, format, rt.scanned(a)...)
}

// Fscanln is fmt.Fscanln.
func (rt *Runtime) Fscanln(r io.Reader, a ...any) (int, error) {
	return fmt.Fscanln(r, rt.scanned(a)...)
}
