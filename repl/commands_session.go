package repl

import (
	"context"
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"graft/repl/internal/command"
)

// helpCommand is %help.
func (s *Session) helpCommand(_ context.Context, _ command.Command, _ Cell, out Output) Result {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, c := range commands() {
		fmt.Fprintf(w, "%s\t%s\n", c.usage, c.help)
	}
	_ = w.Flush()
	b.WriteString("Commands stand at the head of a cell, before its Go.\n")
	out.Stream("stdout", b.String())
	return Result{}
}

// whoCommand is %who: what cells declared, with values as they are now.
func (s *Session) whoCommand(_ context.Context, _ command.Command, _ Cell, out Output) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	for _, name := range s.checker.Names() {
		o := s.checker.Lookup(name)
		if o == nil || o.Pkg() == nil || o.Pkg().Path() != "main" {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", name, whoType(o), s.whoValue(o))
	}
	_ = w.Flush()
	if b.Len() == 0 {
		b.WriteString("no cell has declared anything yet\n")
	}
	out.Stream("stdout", b.String())
	return Result{}
}

func whoType(o types.Object) string {
	if t, ok := o.(*types.TypeName); ok {
		return "type " + short(typeText(t.Type().Underlying()))
	}
	return short(typeText(o.Type()))
}

func (s *Session) whoValue(o types.Object) string {
	switch o := o.(type) {
	case *types.Const:
		return "= " + o.Val().String()
	case *types.Var:
		v, ok := s.value(o)
		if !ok {
			return "(has no value: its cell did not get that far)"
		}
		return "= " + short(s.rt.Sprint(v))
	}
	return ""
}

// value is what a session's variable holds, boxed when its type is a cell's.
func (s *Session) value(o *types.Var) (any, bool) {
	name := s.low.Global(o)
	if name == "" {
		return nil, false
	}
	v, ok := s.back.Global(name)
	if !ok || !v.IsValid() || !v.CanInterface() {
		return nil, false
	}
	if v.Kind() == reflect.Interface && v.IsNil() {
		return nil, true
	}
	return s.rt.Typed(o.Type(), v.Interface()), true
}

// short is text on one line, cut at 60 characters.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > 60 {
		text = string([]rune(text)[:59]) + "…"
	}
	return text
}

// resetCommand is %reset.
func (s *Session) resetCommand(_ context.Context, c command.Command, cell Cell, out Output) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Lock()
	defer s.view.Unlock()
	if err := s.fresh(); err != nil {
		return commandError(cell, c, err.Error())
	}
	s.comms.reset()
	return Result{}
}
