package nb

import (
	"crypto/hkdf"
	"crypto/pbkdf2"
	"hash"
	"hash/maphash"
)

// The generic functions of Go's hashes, for every hash.

// HKDFExtract is hkdf.Extract.
func (rt *Runtime) HKDFExtract(h func() hash.Hash, secret, salt []byte) ([]byte, error) {
	return hkdf.Extract(h, secret, salt)
}

// HKDFExpand is hkdf.Expand.
func (rt *Runtime) HKDFExpand(h func() hash.Hash, key []byte, info string, n int) ([]byte, error) {
	return hkdf.Expand(h, key, info, n)
}

// HKDFKey is hkdf.Key.
func (rt *Runtime) HKDFKey(h func() hash.Hash, secret, salt []byte, info string, n int) ([]byte, error) {
	return hkdf.Key(h, secret, salt, info, n)
}

// PBKDF2Key is pbkdf2.Key.
func (rt *Runtime) PBKDF2Key(h func() hash.Hash, password string, salt []byte, iter, n int) ([]byte, error) {
	return pbkdf2.Key(h, password, salt, iter, n)
}

// HashComparable is maphash.Comparable.
func (rt *Runtime) HashComparable(seed maphash.Seed, v any) uint64 {
	return maphash.Comparable(seed, Plain(v))
}

// HashWrite is maphash.WriteComparable.
func (rt *Runtime) HashWrite(h *maphash.Hash, v any) { maphash.WriteComparable(h, Plain(v)) }
