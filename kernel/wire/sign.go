package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
)

// signer makes and checks signatures with the key of a connection file.
type signer struct {
	key []byte
	// macs are those that are not in use: making one costs more than signing
	// a short message.
	macs *sync.Pool
}

func newSigner(scheme string, key []byte) (signer, error) {
	schemes := map[string]func() hash.Hash{
		"hmac-sha256": sha256.New, // what every client uses
		"hmac-sha384": sha512.New384,
		"hmac-sha512": sha512.New,
	}
	if scheme == "" {
		scheme = "hmac-sha256"
	}
	h, ok := schemes[strings.ToLower(scheme)]
	if !ok && len(key) > 0 {
		return signer{}, fmt.Errorf("wire: signature scheme %q is not known, want hmac-sha256", scheme)
	}
	return signer{key: key, macs: &sync.Pool{New: func() any { return hmac.New(h, key) }}}, nil
}

// sign returns the signature in hexadecimal, nothing without a key.
func (s signer) sign(parts [][]byte) []byte {
	if len(s.key) == 0 {
		return []byte{}
	}
	h := s.macs.Get().(hash.Hash)
	defer s.macs.Put(h)
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.AppendEncode(nil, h.Sum(nil))
}

// verify takes the same time wherever signatures differ. Without a key any
// signature will do, as for ipykernel.
func (s signer) verify(signature []byte, parts [][]byte) error {
	if len(s.key) > 0 && !hmac.Equal(s.sign(parts), signature) {
		return errors.New("wire: the signature does not fit the message: another key, or a changed message")
	}
	return nil
}

// maxSeen bounds the remembered signatures, as jupyter_client does
// (Session.digest_history_size).
const maxSeen = 1 << 16

// replays remembers the newest signatures.
type replays struct {
	mu   sync.Mutex
	set  map[string]struct{}
	ring []string
	next int
}

// add reports whether the signature is new.
func (r *replays) add(signature string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, old := r.set[signature]; old {
		return false
	}
	if r.set == nil {
		r.set = map[string]struct{}{}
	}
	r.set[signature] = struct{}{}
	if len(r.ring) < maxSeen {
		r.ring = append(r.ring, signature)
		return true
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next] = signature
	r.next = (r.next + 1) % maxSeen
	return true
}
