package nb

import "log/slog"

// The L boxes hold types with LogValue() slog.Value, which log/slog calls
// instead of printing. They are types of their own: slog would call a LogValue
// that every box had again and again.
type (
	LBox   struct{ Box }
	LSBox  struct{ SBox }
	LEBox  struct{ EBox }
	LUBox  struct{ UBox }
	LUSBox struct{ USBox }
	LUEBox struct{ UEBox }
)

// LogValue calls the type's LogValue method.
func (b LBox) LogValue() slog.Value   { return b.core.logValue() }
func (b LSBox) LogValue() slog.Value  { return b.core.logValue() }
func (b LEBox) LogValue() slog.Value  { return b.core.logValue() }
func (b LUBox) LogValue() slog.Value  { return b.core.logValue() }
func (b LUSBox) LogValue() slog.Value { return b.core.logValue() }
func (b LUEBox) LogValue() slog.Value { return b.core.logValue() }

func (c core) logValue() slog.Value {
	if m := c.T.binder("LogValue"); m != nil {
		if f, ok := m(c.V).(func() slog.Value); ok {
			return f()
		}
	}
	return slog.StringValue("!ERROR: " + c.T.Name + " has no method LogValue here")
}

// logged makes a box one that slog asks for its value.
func logged(box any) any {
	switch b := box.(type) {
	case Box:
		return LBox{b}
	case SBox:
		return LSBox{b}
	case EBox:
		return LEBox{b}
	case UBox:
		return LUBox{b}
	case USBox:
		return LUSBox{b}
	case UEBox:
		return LUEBox{b}
	}
	return box
}
