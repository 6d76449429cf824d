//go:build unix && !linux && !aix && !solaris

package mapped

const noReserve = 0
