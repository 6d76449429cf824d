//go:build !purego

package kern

import "golang.org/x/sys/cpu"

// vectorSets are the Sets of float32 that this processor can run, best first.
func vectorSets() (sets []*Set[float32]) {
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		sets = append(sets, avx512Set())
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, avx2Set())
	}
	return sets
}
