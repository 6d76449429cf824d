package graph

import (
	"fmt"
	"hash/maphash"
	"strings"
	"unsafe"

	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/ops"
)

// features remembers what the frozen part of a network makes of each example.
//
// While a head is trained, everything upstream of what changes computes the
// same for an example each time it comes. The planner finds where that part
// ends; there the rows are kept, by the bytes of the example that they are
// made of, and forgotten when a variable of the frozen part changes.
// Evaluation that passes the same nodes finds them too.
type features struct {
	bound int64 // bytes to keep at most
	bytes int64
	kept  map[*ops.Node]*rows
	seeds [2]maphash.Seed

	computed, found int64 // examples
}

// defaultFeatureBytes bounds what a session remembers.
const defaultFeatureBytes = 256 << 20

// example identifies an example by 128 bits of hash of its bytes.
type example [2]uint64

// rows are one node's rows of the examples that came.
type rows struct {
	shape    []int // of one row
	versions string
	at       map[example]int // row number
	values   []float32
}

func newFeatures(bound int64) *features {
	if bound == 0 {
		bound = defaultFeatureBytes
	}
	return &features{bound: bound, kept: map[*ops.Node]*rows{}, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// use reports whether a plan ends its frozen part at nodes to remember.
func (f *features) use(p *exec.Plan) bool { return f.bound >= 0 && len(p.Frontier()) > 0 }

// remembers reports whether rows of a node are kept.
func (f *features) remembers(n *ops.Node) bool { return f.kept[n] != nil }

// identify hashes each row of what is fed upstream.
func (f *features) identify(upstream []*ops.Value) []example {
	out := make([]example, upstream[0].Shape[0])
	for i := range out {
		for k, seed := range f.seeds {
			var h maphash.Hash
			h.SetSeed(seed)
			for _, v := range upstream {
				_, _ = h.Write(rowBytes(v, i)) // a hash does not fail
			}
			out[i][k] = h.Sum64()
		}
	}
	return out
}

// rowBytes are the bytes of one row of a value.
func rowBytes(v *ops.Value, i int) []byte {
	switch v.DType {
	case Float32:
		return bytesOf(v.F32, i, v.Shape[0])
	case Float64:
		return bytesOf(v.F64, i, v.Shape[0])
	case Int32:
		return bytesOf(v.I32, i, v.Shape[0])
	case Int64:
		return bytesOf(v.I64, i, v.Shape[0])
	default:
		return bytesOf(v.Bool, i, v.Shape[0])
	}
}

func bytesOf[T any](all []T, i, rows int) []byte {
	n := len(all) / rows
	if n == 0 {
		return nil
	}
	row := all[i*n : (i+1)*n]
	return unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), n*int(unsafe.Sizeof(row[0])))
}

// lookup gathers a node's rows, nil unless all examples are known.
func (f *features) lookup(n *ops.Node, examples []example, versions string) *ops.Value {
	r := f.kept[n]
	if r == nil || r.versions != versions {
		return nil
	}
	size := ops.Size(r.shape)
	v := &ops.Value{DType: Float32, Shape: append([]int{len(examples)}, r.shape...), F32: make([]float32, 0, len(examples)*size)}
	for _, e := range examples {
		at, ok := r.at[e]
		if !ok {
			return nil
		}
		v.F32 = append(v.F32, r.values[at*size:(at+1)*size]...)
	}
	return v
}

// remember keeps a node's rows, as far as the bound allows.
func (f *features) remember(n *ops.Node, v *ops.Value, examples []example, versions string) {
	r := f.kept[n]
	if r == nil || r.versions != versions {
		if r != nil {
			f.bytes -= 4 * int64(len(r.values))
		}
		r = &rows{shape: v.Shape[1:], versions: versions, at: map[example]int{}}
		f.kept[n] = r
	}
	size := ops.Size(r.shape)
	for i, e := range examples {
		if _, known := r.at[e]; known || f.bytes+4*int64(size) > f.bound {
			continue
		}
		r.at[e] = len(r.values) / max(1, size)
		r.values = append(r.values, v.F32[i*size:(i+1)*size]...)
		f.bytes += 4 * int64(size)
	}
}

// Features says what the session remembers of examples that came before:
// what the frozen part of a network made of them, so that a training step of
// the head need not compute it again.
func (s *Session) Features() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.features
	var parts []string
	for _, n := range s.g.Nodes() {
		if r := f.kept[n.n]; r != nil {
			parts = append(parts, fmt.Sprintf("%s: %d examples of %s", n.name, len(r.at), ops.ShapeString(r.shape)))
		}
	}
	if len(parts) == 0 {
		return "no features are remembered"
	}
	return fmt.Sprintf("features remembered (%.1f MB): %s; %d examples computed, %d found",
		float64(f.bytes)/1e6, strings.Join(parts, "; "), f.computed, f.found)
}

// withFeatures runs a plan whose frontier is remembered: from there on if all
// examples are known, else first up to there.
func (s *Session) withFeatures(p *exec.Plan, t targets, fed map[*ops.Node]*ops.Value) ([]*ops.Value, error) {
	upstream, versions, err := s.upstream(p, fed)
	if err != nil {
		return nil, err
	}
	f := s.features
	examples := f.identify(upstream)
	values := make([]*ops.Value, len(p.Frontier()))
	missing := false
	for i, n := range p.Frontier() {
		values[i] = f.lookup(n, examples, versions)
		missing = missing || values[i] == nil
	}
	if missing {
		prefix, err := s.plan(targets{nodes: p.Frontier()}, fed)
		if err != nil {
			return nil, err
		}
		if values, err = s.run(prefix, fed); err != nil {
			return nil, err
		}
		for i, n := range p.Frontier() {
			f.remember(n, values[i], examples, versions)
		}
		f.computed += int64(len(examples))
	} else {
		f.found += int64(len(examples))
	}
	rest := make(map[*ops.Node]*ops.Value, len(fed)+len(values))
	for n, v := range fed {
		rest[n] = v
	}
	for i, n := range p.Frontier() {
		rest[n] = values[i]
	}
	plan, err := s.plan(t, rest)
	if err != nil {
		return nil, err
	}
	return s.run(plan, rest)
}

// upstream are the fed values that the frontier depends on, and the versions
// of the variables it depends on.
func (s *Session) upstream(p *exec.Plan, fed map[*ops.Node]*ops.Value) (values []*ops.Value, versions string, err error) {
	prefix, err := s.plan(targets{nodes: p.Frontier()}, fed)
	if err != nil {
		return nil, "", err
	}
	var b []byte
	for _, n := range prefix.Leaves() {
		if v := fed[n]; v != nil {
			values = append(values, v)
		} else {
			_, version := s.leaf(n, false)
			b = fmt.Appendf(b, "%d,", version)
		}
	}
	return values, string(b), nil
}
