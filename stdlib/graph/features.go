package graph

import (
	"fmt"
	"hash/maphash"
	"strings"

	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/ops"
)

// features remembers what the frozen part of a network makes of each example.
//
// While a head is trained, everything upstream of what changes computes the
// same for an example each time it comes. The planner finds where that part
// ends; there the rows are kept, by the names of the examples that they are
// made of, or by their bytes, and forgotten when a variable of the frozen part
// changes. Evaluation that passes the same nodes finds them too.
//
// Where anything random lies between the examples and a node, or anything that
// looks at several of them, it is not of the frozen part; and examples that
// are prepared at random are never the same ones again.
type features struct {
	memory, disk int64 // bytes to keep at most, in either
	kept         map[*ops.Node]*rows
	seeds        [2]maphash.Seed
	sources      map[sourceKey]*source
	lastSource   uint64

	computed, found, refused int64 // examples; refused found no room
}

// The bounds of what a session remembers.
const (
	defaultFeatureBytes     = 256 << 20
	defaultFeatureFileBytes = 4 << 30
)

func newFeatures(memory, disk int64) *features {
	if memory == 0 {
		memory = defaultFeatureBytes
	}
	if disk == 0 {
		disk = defaultFeatureFileBytes
	}
	return &features{memory: memory, disk: disk, kept: map[*ops.Node]*rows{}, sources: map[sourceKey]*source{},
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// use reports whether a plan ends its frozen part at nodes to remember.
func (f *features) use(p *exec.Plan) bool { return f.memory >= 0 && len(p.Frontier()) > 0 }

// remembers reports whether rows of a node are kept.
func (f *features) remembers(n *ops.Node) bool { return f.kept[n] != nil }

// size is what is taken of memory and of the disk.
func (f *features) size() (memory, disk int64) {
	for _, r := range f.kept {
		memory += r.bytes()
		disk += r.spilled()
	}
	return memory, disk
}

// forget drops all rows.
func (f *features) forget() {
	for n, r := range f.kept {
		r.drop()
		delete(f.kept, n)
	}
}

// of are a node's rows, nil where there are none that are of these versions of
// the variables.
func (f *features) of(n *ops.Node, versions string) *rows {
	if r := f.kept[n]; r != nil && r.versions == versions {
		return r
	}
	return nil
}

// remember keeps a node's rows at places of a batch, as far as the bounds allow.
func (f *features) remember(n *ops.Node, v *ops.Value, examples []example, places []int, versions string) {
	r := f.of(n, versions)
	if r == nil {
		if old := f.kept[n]; old != nil {
			old.drop()
		}
		r = newRows(v.Shape[1:], versions)
		f.kept[n] = r
	}
	memory, disk := f.size()
	memory, disk = f.memory-memory+r.bytes(), f.disk-disk+r.spilled()
	// A part of the memory is for the entries of what is in the file.
	entries := min(f.memory/2, max(0, f.disk)/int64(max(1, 4*r.size))*entryBytes)
	for _, i := range places {
		if _, known := r.at[examples[i]]; known {
			continue
		}
		row := v.F32[i*r.size : (i+1)*r.size]
		left := memory - r.bytes()
		if !r.put(examples[i], row, room{left - entries, left, disk - r.spilled()}) {
			f.refused++
		}
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
	var trouble error
	for _, n := range s.g.Nodes() {
		if r := f.kept[n.n]; r != nil {
			parts = append(parts, fmt.Sprintf("%s: %d examples of %s", n.name, len(r.at), ops.ShapeString(r.shape)))
			if r.file != nil && r.file.err != nil {
				trouble = r.file.err
			}
		}
	}
	if len(parts) == 0 {
		return "no features are remembered"
	}
	memory, disk := f.size()
	out := fmt.Sprintf("features remembered (%.1f MB", float64(memory)/1e6)
	if disk > 0 {
		out += fmt.Sprintf(", %.1f MB in a file", float64(disk)/1e6)
	}
	out += fmt.Sprintf("): %s; %d examples computed, %d found", strings.Join(parts, "; "), f.computed, f.found)
	if f.refused > 0 {
		out += fmt.Sprintf(", %d times there was no room for one (SessionOptions.FeatureBytes, FeatureFileBytes)", f.refused)
	}
	if trouble != nil {
		out += fmt.Sprintf("; the file failed: %v", trouble)
	}
	return out
}

// withFeatures runs a plan whose frontier is remembered. What is not known of
// it is computed first, for the examples that need it; from there on all goes
// together.
func (s *Session) withFeatures(p *exec.Plan, t targets, in *fed) ([]*ops.Value, error) {
	nodes, versions := s.upstream(p, in)
	examples, err := s.identify(in, nodes)
	if err != nil {
		return nil, err
	}
	f := s.features
	values, missing := f.gather(p, examples, versions)
	if len(missing) > 0 {
		if values, err = s.complete(p, in, nodes, values, missing); err != nil {
			return nil, err
		}
		for i, n := range p.Frontier() {
			f.remember(n, values[i], examples, missing, versions)
		}
	}
	f.computed += int64(len(missing))
	f.found += int64(len(examples) - len(missing))
	rest := &fed{values: make(map[*ops.Node]*ops.Value, len(in.values)+len(values)), named: in.named}
	for n, v := range in.values {
		rest.values[n] = v
	}
	for i, n := range p.Frontier() {
		rest.values[n] = values[i]
	}
	plan, err := s.plan(t, rest)
	if err != nil {
		return nil, err
	}
	return s.run(plan, t, rest)
}

// gather copies the rows of a plan's frontier that are known, and says which
// examples lack one.
func (f *features) gather(p *exec.Plan, examples []example, versions string) (values []*ops.Value, missing []int) {
	all := make([]*rows, len(p.Frontier()))
	for i, n := range p.Frontier() {
		shape := p.FrontierShape(i)
		values = append(values, &ops.Value{DType: Float32, Shape: shape, F32: make([]float32, ops.Size(shape))})
		all[i] = f.of(n, versions)
	}
	for k, e := range examples {
		known := true
		for i, r := range all {
			known = known && r != nil && r.get(e, values[i].F32[k*r.size:(k+1)*r.size])
		}
		if !known {
			missing = append(missing, k)
		}
	}
	return values, missing
}

// complete computes the rows of a plan's frontier that are missing. Where the
// graph cannot be run on some of the examples, as when it has the batch's size
// in it, all of them are computed.
func (s *Session) complete(p *exec.Plan, in *fed, nodes []*ops.Node, values []*ops.Value, missing []int) ([]*ops.Value, error) {
	t := targets{nodes: p.Frontier()}
	if batch := values[0].Shape[0]; len(missing) < batch {
		places := missing
		if len(places) == 1 { // an axis of one has a meaning of its own, which the batch's has not
			places = []int{missing[0], missing[0]}
		}
		some, err := in.some(nodes, places)
		if err != nil {
			return nil, err
		}
		if plan, err := s.plan(t, some); err == nil {
			out, err := s.run(plan, t, some)
			if err != nil {
				return nil, err
			}
			for i, v := range out {
				size := ops.Size(v.Shape[1:])
				for k, at := range missing {
					copy(values[i].F32[at*size:(at+1)*size], v.F32[k*size:])
				}
			}
			return values, nil
		}
	}
	plan, err := s.plan(t, in)
	if err != nil {
		return nil, err
	}
	return s.run(plan, t, in)
}

// upstream are the fed nodes that the frontier depends on, and the versions of
// the variables it depends on.
func (s *Session) upstream(p *exec.Plan, in *fed) (nodes []*ops.Node, versions string) {
	var b []byte
	for _, n := range p.Upstream() {
		if in.values[n] != nil {
			nodes = append(nodes, n)
		} else if v := s.g.byNode[n]; v != nil {
			b = fmt.Appendf(b, "%d:%d,", n.ID(), s.vars[v].version)
		}
	}
	return nodes, string(b)
}
