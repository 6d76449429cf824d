//go:build unix && !aix && !solaris

package mapped

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// mmap maps a file's first size bytes.
func mmap(f *os.File, size int64) ([]byte, error) {
	if size == 0 {
		return []byte{}, nil
	}
	if size > math.MaxInt {
		return nil, fmt.Errorf("%d bytes do not fit the address space", size)
	}
	return unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|noReserve)
}

// unmap runs when nothing can reach the mapping any more; nobody is left to
// hear of a failure.
func unmap(b []byte) { _ = unix.Munmap(b) }
