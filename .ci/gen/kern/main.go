// Command kern writes the assembly of stdlib/internal/kern with avo:
//
//	go -C .ci/gen/kern run . -out ../../../stdlib/internal/kern/kern_amd64.s -stubs ../../../stdlib/internal/kern/stubs_amd64.go -pkg kern
package main

import "github.com/mmcloughlin/avo/build"

func main() {
	build.ConstraintExpr("!purego")
	for _, k := range []kind{products, planes, largest} {
		for _, vectors := range []int{1, 2, 3, 4} {
			tiles(avx512, k, vectors)
		}
		for _, vectors := range []int{1, 2} {
			tiles(avx2, k, vectors)
		}
	}
	row(avx512, 24)
	row(avx2, 12)
	elementwiseLoops()
	streamLoops()
	dot()
	rowLoops()
	columnLoops()
	prefetch()
	shift()
	transpose()
	firstEqual()
	winograd(avx512)
	winograd(avx2)
	peak(avx512)
	peak(avx2)
	build.Generate()
}
