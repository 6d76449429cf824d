package nb

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

func (rt *Runtime) write(stream, text string) {
	if r := rt.current(); r != nil && r.Print != nil {
		rt.Stop() // what an ended cell left behind prints nothing
		r.Print(stream, text)
		return
	}
	if stream == "stderr" {
		fmt.Fprint(os.Stderr, text)
	} else {
		fmt.Fprint(os.Stdout, text)
	}
}

// Trail is the stream of what the interpreter says about panics.
const Trail = "trace"

// Writer is the stream of the calling goroutine's cell.
type Writer struct {
	RT     *Runtime
	Stream string
}

func (w Writer) Write(b []byte) (int, error) {
	if w.Stream == Trail {
		w.RT.traced(string(b))
		return len(b), nil
	}
	w.RT.write(w.Stream, string(b))
	return len(b), nil
}

// Println is fmt.Println.
func (rt *Runtime) Println(a ...any) (int, error) {
	s := fmt.Sprintln(plainAll(a)...)
	rt.write("stdout", s)
	return len(s), nil
}

// Print is fmt.Print.
func (rt *Runtime) Print(a ...any) (int, error) {
	s := rt.Sprint(a...)
	rt.write("stdout", s)
	return len(s), nil
}

// Printf is fmt.Printf.
func (rt *Runtime) Printf(format string, a ...any) (int, error) {
	s := rt.Sprintf(format, a...)
	rt.write("stdout", s)
	return len(s), nil
}

// Sprint is fmt.Sprint, which puts spaces between operands when neither is a
// string: a boxed string type counts as one.
func (rt *Runtime) Sprint(a ...any) string {
	var b strings.Builder
	prev := false
	for i, x := range a {
		x = operand(x)
		_, str := x.(string)
		if c, ok := unwrap(x); ok {
			_, str = c.V.(string)
		}
		if i > 0 && !str && !prev {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, x)
		prev = str
	}
	return b.String()
}

// Sprintln is fmt.Sprintln.
func (rt *Runtime) Sprintln(a ...any) string { return fmt.Sprintln(plainAll(a)...) }

// Sprintf is fmt.Sprintf; %T of a boxed value is its static type's name, and
// * takes an int from a box.
func (rt *Runtime) Sprintf(format string, a ...any) string {
	f, b := rt.verbs(format, plainAll(a))
	return extra(fmt.Sprintf(f, b...), b)
}

var boxName = regexp.MustCompile(`nb\.U?[SE]?Box=`)

// extra names the types of operands that the format did not use.
func extra(s string, a []any) string {
	i := strings.LastIndex(s, "%!(EXTRA ")
	if i < 0 || !boxName.MatchString(s[i:]) {
		return s
	}
	tail := s[i:]
	n := len(boxName.FindAllString(tail, -1))
	var names []string
	for j := len(a) - 1; j >= 0 && len(names) < n; j-- {
		if c, ok := unwrap(a[j]); ok {
			names = append(names, c.T.Name+"=")
		}
	}
	return s[:i] + boxName.ReplaceAllStringFunc(tail, func(string) string {
		if len(names) == 0 {
			return "?="
		}
		last := names[len(names)-1]
		names = names[:len(names)-1]
		return last
	})
}

// Errorf is fmt.Errorf.
func (rt *Runtime) Errorf(format string, a ...any) error {
	f, b := rt.verbs(format, plainAll(a))
	return fmt.Errorf(f, b...)
}

func plainAll(a []any) []any {
	b := make([]any, len(a))
	for i, x := range a {
		b[i] = operand(x)
	}
	return b
}

// operand is x as fmt takes it: of a reflect.Value that is an operand itself
// it prints what the value holds.
func operand(x any) any {
	if v, ok := x.(Value); ok {
		if !v.IsValid() {
			return v.Value
		}
		return reflectedOperand{v}
	}
	return Plain(x)
}

// reflectedOperand is an operand that was a reflect.Value.
type reflectedOperand struct{ Value }

// Format prints what the value holds.
func (o reflectedOperand) Format(s fmt.State, verb rune) {
	if v := o.Value; v.t != nil && v.Kind() != reflect.Interface {
		v.t.rt.formatted(s, verb, v.t.T, v.Value, v.ro != free)
		return
	}
	if o.CanInterface() {
		fmt.Fprintf(s, fmt.FormatString(s, verb), o.Interface())
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), o.Value.Value)
}

// verbs answers %T itself: the verb becomes %s and the operand the name.
func (rt *Runtime) verbs(format string, a []any) (string, []any) {
	if !strings.Contains(format, "T") || !strings.Contains(format, "%") {
		return format, a
	}
	f := []byte(format)
	again := strings.Contains(format, "[")
	var out []byte // again: what is done of f, until from
	from, arg := 0, 0
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			continue
		}
		for i++; i < len(f) && strings.IndexByte("+-# 0123456789.*[]", f[i]) >= 0; i++ {
			if f[i] == '*' {
				arg++
			}
			if f[i] == '[' {
				if e := bytes.IndexByte(f[i:], ']'); e > 0 {
					if n, err := strconv.Atoi(string(f[i+1 : i+e])); err == nil {
						arg = n - 1
					}
				}
			}
		}
		if i >= len(f) {
			break
		}
		if f[i] == '%' {
			continue
		}
		if f[i] == 'T' && arg >= 0 && arg < len(a) {
			if name := ownName(a[arg]); name != "" && again {
				out = append(append(out, f[from:i]...), string(typeVerb)...)
				from = i + 1
				if _, is := a[arg].(typed); !is {
					a[arg] = typed{a[arg], name}
				}
			} else if name != "" {
				f[i] = 's'
				a[arg] = name
			}
		}
		arg++
	}
	return string(append(out, f[from:]...)), a
}

// typed is an operand whose type is asked for, and perhaps its value: a
// format with indices may use one twice.
type typed struct {
	v    any
	name string
}

// typeVerb stands for %T of a typed operand.
const typeVerb = '\uE000'

// Format prints the type or the value.
func (t typed) Format(s fmt.State, verb rune) {
	if verb == typeVerb {
		fmt.Fprintf(s, fmt.FormatString(s, 's'), t.name)
		return
	}
	fmt.Fprintf(s, fmt.FormatString(s, verb), t.v)
}

// ownName is what %T prints for a cell's value, or for a run-time error that
// is made here rather than by Go; "" when fmt knows.
func ownName(x any) string {
	if t, ok := x.(typed); ok {
		return t.name
	}
	if c, ok := unwrap(x); ok {
		return c.T.Name
	}
	switch x := x.(type) {
	case reflectedOperand:
		return "reflect.Value"
	case RuntimeError:
		if strings.HasPrefix(x.text, "index out of range") || strings.HasPrefix(x.text, "slice bounds") {
			return "runtime.boundsError"
		}
		return "runtime.errorString"
	case plainError:
		return "runtime.plainError"
	case *TypeError:
		return "*runtime.TypeAssertionError"
	}
	return reflectNames[reflect.TypeOf(x)]
}

// Result takes the values of a cell's trailing expression.
func (rt *Runtime) Result(vals ...any) {
	if r := rt.current(); r != nil && r.Result != nil {
		r.Result(vals)
	}
}
