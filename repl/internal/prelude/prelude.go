// Package prelude has bodies for generic functions of Go's library, which
// exist in no compiled form: the lowerer instantiates them like a cell's own.
// Only the bodies are used; types and documentation are the library's.
package prelude

import (
	_ "embed"
	"strings"
)

//go:embed slices.go.txt
var slices string

//go:embed maps.go.txt
var maps string

//go:embed others.go.txt
var others string

// Source returns the source of the bodies for an import path, "" when there
// are none. Functions of paths that share a source have the prefix that
// Prefix gives.
func Source(path string) string {
	switch path {
	case "slices":
		return slices
	case "maps":
		return maps
	case "cmp", "sync", "math/rand/v2", "errors", "reflect", "iter", "runtime", "crypto/hkdf", "crypto/pbkdf2", "hash/maphash", "database/sql":
		return others
	}
	return ""
}

// Prefix is put before a function's name in the shared source; a method is a
// function there, called Type_Method, whose first parameter is the receiver.
func Prefix(path string) string {
	switch path {
	case "cmp":
		return "cmp_"
	case "sync":
		return "sync_"
	case "math/rand/v2":
		return "rand_"
	case "errors":
		return "errors_"
	case "iter", "reflect", "runtime":
		return path + "_"
	case "crypto/hkdf", "crypto/pbkdf2", "hash/maphash", "database/sql":
		return path[strings.IndexByte(path, '/')+1:] + "_"
	}
	return ""
}

// NB declares what the bodies use of the run-time package.
const NB = `package nb
import ("hash"; "hash/maphash"; "runtime")
func AddCleanup(ptr any, f func()) (c runtime.Cleanup) { return }
func HKDFExtract(h func() hash.Hash, secret, salt []byte) ([]byte, error) { return nil, nil }
func HKDFExpand(h func() hash.Hash, key []byte, info string, n int) ([]byte, error) { return nil, nil }
func HKDFKey(h func() hash.Hash, secret, salt []byte, info string, n int) ([]byte, error) { return nil, nil }
func PBKDF2Key(h func() hash.Hash, password string, salt []byte, iter, n int) ([]byte, error) { return nil, nil }
func HashComparable(seed maphash.Seed, v any) uint64 { return 0 }
func HashWrite(h *maphash.Hash, v any) {}
func NullValue(v any) (any, error) { return nil, nil }
func ScanNull(dest, src any) error { return nil }
func SortOrdered(x any) {}
func SortFunc(x any, less func(i, j int) bool) {}
`
