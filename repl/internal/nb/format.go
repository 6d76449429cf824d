package nb

import (
	"bytes"
	"fmt"
	"go/types"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// printer prints a value by its static type, rule for rule as fmt's
// printValue does; leaves go to fmt itself.
type printer struct {
	rt   *Runtime
	buf  bytes.Buffer
	spec string // the directive, to print leaves with
	verb rune
	s    fmt.State
	plus bool // %+v
	hash bool // %#v
}

func (rt *Runtime) format(s fmt.State, verb rune, c core) {
	rt.formatted(s, verb, c.T.T, reflect.ValueOf(c.V), false)
}

// formatted prints v, a value of type t; with ro it calls none of its
// methods.
func (rt *Runtime) formatted(s fmt.State, verb rune, t types.Type, v reflect.Value, ro bool) {
	p := &printer{rt: rt, spec: fmt.FormatString(s, verb), verb: verb, s: s}
	p.plus = verb == 'v' && s.Flag('+')
	p.hash = verb == 'v' && s.Flag('#')
	if p.hash {
		p.plus = false
	}
	p.top(t, v, 0, ro)
	_, _ = s.Write(p.buf.Bytes())
}

// boxed prints what an interface holds.
func (p *printer) boxed(c *core, depth int, ro bool) {
	p.top(c.T.T, reflect.ValueOf(c.V), depth, ro)
}

func (p *printer) top(t types.Type, v reflect.Value, depth int, ro bool) {
	if p.verb == 'p' {
		fmt.Fprintf(&p.buf, p.spec, v.Interface())
		return
	}
	p.value(t, v, depth, ro)
}

// methods is fmt's handleMethods.
func (p *printer) methods(t types.Type, v reflect.Value) (done bool) {
	d := p.rt.lookup(t)
	if d == nil {
		return false
	}
	d.mu.RLock()
	tr := d.traits
	d.mu.RUnlock()
	method := ""
	defer func() { p.caught(recover(), v, method, &done) }()
	if tr.format {
		method = "Format"
		if m := d.binder("Format"); m != nil {
			if f, ok := m(v.Interface()).(func(fmt.State, rune)); ok {
				f(redirect{p.s, &p.buf}, p.verb)
				return true
			}
		}
	}
	if p.hash {
		method = "GoString"
		if tr.gostr && d.binder("GoString") != nil {
			p.buf.WriteString(d.callString(v.Interface(), "GoString"))
			return true
		}
		return false
	}
	switch p.verb {
	case 'v', 's', 'x', 'X', 'q':
	default:
		return false
	}
	method = ""
	switch {
	case tr.err:
		method = "Error"
	case tr.str:
		method = "String"
	}
	if method == "" || d.binder(method) == nil {
		return false
	}
	fmt.Fprintf(&p.buf, p.spec, d.callString(v.Interface(), method))
	return true
}

// caught prints r, what a method panicked with, as fmt's catchPanic does.
func (p *printer) caught(r any, v reflect.Value, method string, done *bool) {
	if r == nil {
		return
	}
	*done = true
	if v.Kind() == reflect.Pointer && v.IsNil() {
		p.buf.WriteString("<nil>")
		return
	}
	fmt.Fprintf(&p.buf, "%%!%c(PANIC=%s method: %v)", p.verb, method, Recovered(r))
}

type redirect struct {
	fmt.State
	w io.Writer
}

func (r redirect) Write(b []byte) (int, error) { return r.w.Write(b) }

func (p *printer) value(t types.Type, v reflect.Value, depth int, ro bool) {
	if !v.IsValid() {
		p.buf.WriteString("<nil>")
		return
	}
	if !ro && !types.IsInterface(t) && p.methods(t, v) {
		return
	}
	if !p.rt.HasCellType(t) {
		p.native(t, v, depth, ro)
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		p.structure(t, u, v, depth, ro)
	case *types.Map:
		p.mapping(t, u, v, depth, ro)
	case *types.Slice:
		p.list(t, u.Elem(), v, depth, ro)
	case *types.Array:
		p.list(t, u.Elem(), v, depth, ro)
	case *types.Pointer:
		p.pointer(t, u, v, depth, ro)
	case *types.Interface:
		p.iface(t, v, depth, ro)
	case *types.Signature, *types.Chan:
		p.address(t, v)
	default:
		p.leaf(t, v)
	}
}

// leaf prints a basic value; a verb that does not fit names the type.
func (p *printer) leaf(t types.Type, v reflect.Value) {
	s := fmt.Sprintf(p.spec, v.Interface())
	if bad := fmt.Sprintf("%%!%c(%s=", p.verb, v.Type()); strings.HasPrefix(s, bad) {
		s = fmt.Sprintf("%%!%c(%s=", p.verb, p.name(t)) + s[len(bad):]
	}
	p.buf.WriteString(s)
}

// native prints a value without cell types: fmt can, but for a pointer below
// the top, which it would follow.
func (p *printer) native(t types.Type, v reflect.Value, depth int, ro bool) {
	if depth > 0 && v.Kind() == reflect.Pointer && !v.IsNil() {
		if ro || !hasFmtMethod(v.Type()) {
			p.address(t, v)
			return
		}
	}
	if p.hash && v.Kind() == reflect.Interface && v.IsNil() {
		p.buf.WriteString(p.name(t) + "(nil)")
		return
	}
	p.foreign(v.Interface(), depth, ro)
}

// foreign prints a value that fmt knows; with ro as that of an unexported
// field, without its methods.
func (p *printer) foreign(x any, depth int, ro bool) {
	v := reflect.ValueOf(x)
	switch {
	case !ro || !v.IsValid():
		fmt.Fprintf(&p.buf, p.spec, x)
	case v.Kind() == reflect.Pointer && depth > 0:
		fmt.Fprintf(&p.buf, p.spec, v.UnsafePointer())
	default:
		fmt.Fprintf(&p.buf, p.spec, reflect.ValueOf(struct{ x any }{x}).Field(0).Elem())
	}
}

func hasFmtMethod(t reflect.Type) bool {
	return t.Implements(stringerType) || t.Implements(errorType) || t.Implements(reflect.TypeFor[fmt.Formatter]())
}

func (p *printer) name(t types.Type) string { return TypeName(t) }

func (p *printer) structure(t types.Type, u *types.Struct, v reflect.Value, depth int, ro bool) {
	if w, ok := v.Interface().(WeakPointer); ok {
		p.weak(t, w)
		return
	}
	if p.hash {
		p.buf.WriteString(p.name(t))
	}
	p.buf.WriteByte('{')
	for i := range u.NumFields() {
		if i > 0 {
			if p.hash {
				p.buf.WriteString(", ")
			} else {
				p.buf.WriteByte(' ')
			}
		}
		f := u.Field(i)
		if p.plus || p.hash {
			p.buf.WriteString(f.Name())
			p.buf.WriteByte(':')
		}
		p.value(f.Type(), p.rt.field(v, i, f.Type()), depth+1, ro || !f.Exported())
	}
	p.buf.WriteByte('}')
}

// weak prints a weak pointer by its fields, which are laid out otherwise here.
func (p *printer) weak(t types.Type, w WeakPointer) {
	if p.hash {
		fmt.Fprintf(&p.buf, "%s{_:[0]*%s{}, u:(unsafe.Pointer)(%p)}", p.name(t), w.T, w.P)
		return
	}
	open := "{["
	if p.plus {
		open = "{_:["
	}
	p.buf.WriteString(open + "] ")
	if p.plus {
		p.buf.WriteString("u:")
	}
	p.address(types.Typ[types.UnsafePointer], reflect.ValueOf(w.Address()))
	p.buf.WriteByte('}')
}

// field is field i of v; a placeholder the interpreter left in a recursive
// type is read as what it stands for.
func (rt *Runtime) field(v reflect.Value, i int, t types.Type) reflect.Value {
	f := v.Field(i)
	if f.Kind() != reflect.Pointer || f.IsNil() {
		return f
	}
	pt, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return f
	}
	d := rt.lookup(pt.Elem())
	if d == nil || d.rep == nil || f.Type().Elem() == d.rep || f.Type().Elem().Kind() == d.rep.Kind() && f.Type().Elem().NumMethod() > 0 {
		return f
	}
	return reflect.NewAt(d.rep, unsafe.Pointer(f.Pointer()))
}

func (p *printer) mapping(t types.Type, u *types.Map, v reflect.Value, depth int, ro bool) {
	switch {
	case p.hash && v.IsNil():
		p.buf.WriteString(p.name(t) + "(nil)")
		return
	case p.hash:
		p.buf.WriteString(p.name(t) + "{")
	default:
		p.buf.WriteString("map[")
	}
	for i, k := range sortedKeys(v) {
		if i > 0 {
			if p.hash {
				p.buf.WriteString(", ")
			} else {
				p.buf.WriteByte(' ')
			}
		}
		p.value(u.Key(), k, depth+1, ro)
		p.buf.WriteByte(':')
		p.value(u.Elem(), v.MapIndex(k), depth+1, ro)
	}
	if p.hash {
		p.buf.WriteByte('}')
	} else {
		p.buf.WriteByte(']')
	}
}

func (p *printer) list(t types.Type, elem types.Type, v reflect.Value, depth int, ro bool) {
	if b, ok := elem.Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && v.Kind() == reflect.Slice {
		switch p.verb {
		case 's', 'q', 'x', 'X':
			fmt.Fprintf(&p.buf, p.spec, v.Bytes())
			return
		}
	}
	if p.hash {
		p.buf.WriteString(p.name(t))
		if v.Kind() == reflect.Slice && v.IsNil() {
			p.buf.WriteString("(nil)")
			return
		}
	}
	open, sep, end := "[", " ", "]"
	if p.hash {
		open, sep, end = "{", ", ", "}"
	}
	p.buf.WriteString(open)
	for i := range v.Len() {
		if i > 0 {
			p.buf.WriteString(sep)
		}
		p.value(elem, v.Index(i), depth+1, ro)
	}
	p.buf.WriteString(end)
}

func (p *printer) pointer(t types.Type, u *types.Pointer, v reflect.Value, depth int, ro bool) {
	if depth == 0 && !v.IsNil() {
		e := v.Elem()
		if d := p.rt.lookup(u.Elem()); d != nil && d.rep != nil && e.Type() != d.rep {
			e = reflect.NewAt(d.rep, v.UnsafePointer()).Elem()
		}
		switch u.Elem().Underlying().(type) {
		case *types.Struct, *types.Map, *types.Slice, *types.Array:
			p.buf.WriteByte('&')
			p.value(u.Elem(), e, depth+1, ro)
			return
		}
	}
	p.address(t, v)
}

func (p *printer) address(t types.Type, v reflect.Value) {
	a := uintptr(v.UnsafePointer())
	switch p.verb {
	case 'v':
		switch {
		case p.hash && a == 0:
			p.buf.WriteString("(" + p.name(t) + ")(nil)")
		case p.hash:
			p.buf.WriteString("(" + p.name(t) + ")(0x" + strconv.FormatUint(uint64(a), 16) + ")")
		case a == 0:
			p.buf.WriteString("<nil>")
		default:
			p.buf.WriteString("0x" + strconv.FormatUint(uint64(a), 16))
		}
	case 'b', 'o', 'd', 'x', 'X':
		fmt.Fprintf(&p.buf, p.spec, a)
	default:
		text := "<nil>"
		if a != 0 {
			text = "0x" + strconv.FormatUint(uint64(a), 16)
		}
		fmt.Fprintf(&p.buf, "%%!%c(%s=%s)", p.verb, p.name(t), text)
	}
}

func (p *printer) iface(t types.Type, v reflect.Value, depth int, ro bool) {
	if v.Kind() != reflect.Interface {
		p.any(v.Interface(), depth, ro)
		return
	}
	if v.IsNil() {
		if p.hash {
			p.buf.WriteString(p.name(t) + "(nil)")
		} else {
			p.buf.WriteString("<nil>")
		}
		return
	}
	p.any(v.Interface(), depth+1, ro)
}

func (p *printer) any(x any, depth int, ro bool) {
	if c, ok := unwrap(x); ok {
		p.boxed(c, depth, ro)
		return
	}
	v := reflect.ValueOf(x)
	if v.IsValid() && v.Kind() == reflect.Pointer && depth > 0 && !hasFmtMethod(v.Type()) {
		fmt.Fprintf(&p.buf, p.spec, v.UnsafePointer())
		return
	}
	p.foreign(x, depth, ro)
}
