package graph

import "reflect"

// Keep keeps a value with the session, under a key that is a type of one's
// own: what a package has made for the session and must find again when it is
// called again. A nil value forgets; a key that cannot be compared keeps
// nothing.
func (s *Session) Keep(key, value any) {
	if !reflect.ValueOf(key).Comparable() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.things == nil {
		s.things = map[any]any{}
	}
	if s.things[key] = value; value == nil {
		delete(s.things, key)
	}
}

// Kept is what Keep was last given for the key, nil for nothing.
func (s *Session) Kept(key any) any {
	if !reflect.ValueOf(key).Comparable() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.things[key]
}

// SetRuns makes the session count its runs from n on. The random numbers of a
// run, such as what dropout drops, depend on the graph's seed and on this
// count: training that goes on later sets it to go on with the same ones.
func (s *Session) SetRuns(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = n
}
