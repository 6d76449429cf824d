package graph

import (
	"hash/maphash"

	"graft/stdlib/internal/ops"
)

// hashPiece is the bytes of a row that are hashed at a time: both hashes read
// them while they are in a near cache.
const hashPiece = 16 << 10

// identify says which examples the rows of a feed are: nodes are what the
// frozen part is fed with.
func (s *Session) identify(in *fed, nodes []*ops.Node) ([]example, error) {
	f := s.features
	if len(nodes) == 1 {
		if e := in.named[nodes[0]]; e != nil && e.source != nil {
			out := make([]example, len(e.Keys))
			for i, key := range e.Keys {
				out[i] = example{e.source.id, key}
			}
			return out, nil
		}
	}
	rows := in.values[nodes[0]].Shape[0]
	marks := make([][]uint64, rows) // what the hash of a row is made of
	for _, n := range nodes {
		for i := range marks {
			marks[i] = append(marks[i], uint64(n.ID()))
		}
		if e := in.named[n]; e != nil && e.source != nil {
			for i, key := range e.Keys {
				marks[i] = append(marks[i], e.source.id, key)
			}
			continue
		}
		if err := s.hashRows(in.values[n], marks); err != nil {
			return nil, err
		}
	}
	out := make([]example, rows)
	for i, m := range marks {
		for k, seed := range f.seeds {
			out[i][k] = maphash.Bytes(seed, bytesOf(m))
		}
	}
	return out, nil
}

// hashRows adds the hashes of the pieces of each row of v to its marks.
func (s *Session) hashRows(v *ops.Value, marks [][]uint64) error {
	all := valueBytes(v)
	size := len(all) / len(marks)
	pieces := (size + hashPiece - 1) / hashPiece
	hashes := make([][2]uint64, len(marks)*pieces)
	s.ctx.Pool.Start()
	defer s.ctx.Pool.Stop()
	err := s.ctx.Ranges(len(hashes), 16, func(from, to int) {
		for i := from; i < to; i++ {
			row := all[i/pieces*size:][:size]
			at := i % pieces * hashPiece
			piece := row[at:min(size, at+hashPiece)]
			for k, seed := range s.features.seeds {
				hashes[i][k] = maphash.Bytes(seed, piece)
			}
		}
	})
	for i := range marks {
		for _, h := range hashes[i*pieces:][:pieces] {
			marks[i] = append(marks[i], h[:]...)
		}
	}
	return err
}

// valueBytes are the bytes of a value's elements.
func valueBytes(v *ops.Value) []byte {
	switch v.DType {
	case Float32:
		return bytesOf(v.F32)
	case Float64:
		return bytesOf(v.F64)
	case Int32:
		return bytesOf(v.I32)
	case Int64:
		return bytesOf(v.I64)
	default:
		return bytesOf(v.Bool)
	}
}
