package repl

import (
	"fmt"
	"go/types"
	"strings"

	"graft/repl/internal/nb"
	"graft/stdlib/display"
)

// render turns the values of a trailing expression into one display: all
// representations of a single value, the texts of several. A nil error behind
// a value with more to show than text does not cost it its picture, and one
// with nothing to show shows nothing.
func (s *Session) render(ts []types.Type, vals []any) *Display {
	if len(vals) == 1 {
		return shown(s.bundle(vals[0]))
	}
	if len(vals) == 2 && vals[1] == nil && types.Identical(ts[1], types.Universe.Lookup("error").Type()) {
		if b := s.bundle(vals[0]); len(b) != 1 {
			return shown(b)
		}
	}
	var texts []string
	for _, v := range vals {
		texts = append(texts, s.bundle(v)["text/plain"])
	}
	return &Display{Data: map[string]string{"text/plain": strings.Join(texts, " ")}}
}

// shown makes an output of a value's representations.
func shown(b map[string]string) *Display {
	if len(b) == 0 {
		return nil
	}
	return &Display{Data: b, Metadata: display.Metadata(b)}
}

// bundle is what a value shows. A method MIME that panics costs only its
// picture, and never the session.
func (s *Session) bundle(v any) (m map[string]string) {
	defer func() {
		if r := recover(); r != nil {
			m = map[string]string{"text/plain": fmt.Sprintf("showing it failed: %v", r)}
		}
	}()
	if m := s.rt.MIME(v); m != nil {
		if len(m) > 0 && m["text/plain"] == "" {
			m["text/plain"] = s.rt.Sprint(v)
		}
		return m
	}
	if nb.IsBoxed(v) || v == nil {
		return map[string]string{"text/plain": s.rt.Sprint(v)}
	}
	return s.renderNative(v)
}

// renderNative renders a compiled value; a renderer that panics costs only
// its picture.
func (s *Session) renderNative(v any) (m map[string]string) {
	defer func() {
		if r := recover(); r != nil {
			m = map[string]string{"text/plain": fmt.Sprintf("%T (showing it failed: %v)", v, r)}
		}
	}()
	m = s.opt.Render(v)
	if m == nil {
		m = map[string]string{}
	} else if len(m) == 0 {
		return m
	}
	if m["text/plain"] == "" {
		m["text/plain"] = fmt.Sprint(v)
	}
	return m
}
