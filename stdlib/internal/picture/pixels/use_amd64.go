//go:build !purego

package pixels

import "golang.org/x/sys/cpu"

// vectors are the loops in vector instructions that this processor can do.
func vectors() []*Loops {
	if !cpu.X86.HasAVX2 {
		return nil
	}
	return []*Loops{{Name: "avx2", mix: mixAVX2, colours: coloursAVX2, inverse: inverseAVX2}}
}
