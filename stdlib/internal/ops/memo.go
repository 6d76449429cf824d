package ops

import "sync"

// Memo keeps what kernels derive from a value that stays as it is for many
// runs: packed filters. The owner of the value, a variable, makes one and
// clears it when the value changes. It may be used by several runs at once.
type Memo struct {
	mu    sync.Mutex
	kept  map[any]any
	bytes int
}

// Clear forgets everything.
func (m *Memo) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept, m.bytes = nil, 0
}

// Bytes is how much memory is kept.
func (m *Memo) Bytes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}

// remember returns what is kept under key, or what f makes.
func remember[T Float](m *Memo, key any, f func() ([]T, error)) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.kept[key].([]T); ok {
		return v, nil
	}
	v, err := f()
	if err != nil {
		return nil, err
	}
	if m.kept == nil {
		m.kept = map[any]any{}
	}
	m.kept[key] = v
	size := 4
	if _, ok := any(v).([]float64); ok {
		size = 8
	}
	m.bytes += size * len(v)
	return v, nil
}
