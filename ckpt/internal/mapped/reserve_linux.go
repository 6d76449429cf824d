package mapped

import "golang.org/x/sys/unix"

// noReserve keeps a mapping larger than memory from being refused: its pages
// can always be read again.
const noReserve = unix.MAP_NORESERVE
