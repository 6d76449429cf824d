package graph

import "graft/stdlib/internal/ops"

// RememberedFeature is what a session remembers of one node of the frozen part
// of a network.
type RememberedFeature struct {
	Node     string // its name
	Examples int    // of which it is remembered
	Floats   int    // for each of them
}

// RememberedFeatures are the nodes whose values of examples the session
// remembers; Features says more of them in words.
func (s *Session) RememberedFeatures() []RememberedFeature {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []RememberedFeature
	for _, n := range s.g.Nodes() {
		if r := s.features.kept[n.n]; r != nil {
			out = append(out, RememberedFeature{n.name, len(r.at), ops.Size(r.shape)})
		}
	}
	return out
}
