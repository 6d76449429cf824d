package graph

import (
	"fmt"

	"graft/stdlib/display"
)

// Memory is what a session holds, in bytes. As the last line of a cell it is a
// table.
type Memory struct {
	Variables   int64 // their values
	Packed      int64 // forms of filters that kernels read faster, and filters with batch normalisation folded in
	Results     int64 // values between operations, of the largest run so far
	Scratch     int64 // of single operations
	Features    int64 // what is remembered of examples; see Session.Features
	FeatureFile int64 // the same, on disk
}

// Memory says what the session holds now.
func (s *Session) Memory() *Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory()
}

func (s *Session) memory() *Memory {
	m := &Memory{Scratch: s.ctx.Bytes()}
	for _, st := range s.vars {
		m.Variables += int64(st.value.Len() * st.value.DType.Size())
		if st.value.Memo != nil {
			m.Packed += int64(st.value.Memo.Bytes())
		}
	}
	results, derived := s.cache.Bytes()
	m.Results, m.Packed = results, m.Packed+derived
	m.Features, m.FeatureFile = s.features.size()
	return m
}

// line says it in a few words; a Profile made by hand has none.
func (m *Memory) line() string {
	if m == nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%.1f MB of memory: %.1f for variables, %.1f packed, %.1f results, %.1f scratch, %.1f features", float64(m.total())/1e6,
		float64(m.Variables)/1e6, float64(m.Packed)/1e6, float64(m.Results)/1e6, float64(m.Scratch)/1e6, float64(m.Features)/1e6)
}

func (m *Memory) total() int64 { return m.Variables + m.Packed + m.Results + m.Scratch + m.Features }

func (m *Memory) table() display.Table {
	t := display.Table{Caption: fmt.Sprintf("%.1f MB of memory", float64(m.total())/1e6), Header: []string{"what", "MB"}}
	for _, r := range []struct {
		what  string
		bytes int64
	}{{"variables", m.Variables}, {"packed filters", m.Packed}, {"results", m.Results}, {"scratch", m.Scratch}, {"features", m.Features}, {"features on disk", m.FeatureFile}} {
		t.Rows = append(t.Rows, []string{r.what, fmt.Sprintf("%.1f", float64(r.bytes)/1e6)})
	}
	return t
}

// String is the table as text.
func (m *Memory) String() string { return m.table().String() }

// MIME shows the memory as a table, as text and as HTML.
func (m *Memory) MIME() map[string]string { return m.table().MIME() }
