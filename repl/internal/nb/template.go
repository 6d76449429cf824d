package nb

import (
	"errors"
	"fmt"
	"go/types"
	"io"
	"reflect"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
)

// Execute is (*template.Template).Execute over values of cell types.
func (rt *Runtime) Execute(t *template.Template, w io.Writer, data any) error {
	u, err := rt.rewritten(t)
	if err != nil {
		return err
	}
	defer rt.missing.begin()()
	return inOwnWords(u.Execute(w, rt.opened(data)))
}

// ExecuteTemplate is (*template.Template).ExecuteTemplate.
func (rt *Runtime) ExecuteTemplate(t *template.Template, w io.Writer, name string, data any) error {
	u, err := rt.rewritten(t)
	if err != nil {
		return err
	}
	defer rt.missing.begin()()
	return inOwnWords(u.ExecuteTemplate(w, name, rt.opened(data)))
}

// rewritten is a copy of t in which field chains, .A.B, are calls of a
// function that finds fields and methods by the static type.
func (rt *Runtime) rewritten(t *template.Template) (*template.Template, error) {
	u, err := t.Clone()
	if err != nil {
		return nil, err
	}
	u.Funcs(template.FuncMap{"graftꞏget": rt.templateField, "graftꞏshow": rt.templateShown})
	indexes := false
	for _, x := range u.Templates() {
		if x.Tree != nil {
			indexes = indexes || strings.Contains(x.Root.String(), "index")
			tree := x.Tree.Copy()
			chains(tree, reflect.ValueOf(tree.Root))
			if _, err := u.AddParseTree(x.Name(), tree); err != nil {
				return nil, err
			}
		}
	}
	if indexes && builtinIndex(t) {
		u.Funcs(template.FuncMap{"index": rt.templateIndex})
	}
	return u, nil
}

// getText is a call of the function in an error, and what follows it.
var getText = regexp.MustCompile(`<graftꞏget (\S+) \d+((?: "\w+")+)[^>]*>: error calling graftꞏget: `)

// getCall is one that stands among the arguments of another.
var getCall = regexp.MustCompile(`\(graftꞏget (\S+) \d+((?: "\w+")+)\)`)

// inOwnWords puts the template's own text into an error that names the
// function.
func inOwnWords(err error) error {
	e, ok := err.(template.ExecError)
	if !ok {
		return err
	}
	text := getText.ReplaceAllStringFunc(e.Error(), func(s string) string {
		m := getText.FindStringSubmatch(s)
		names := strings.Fields(strings.ReplaceAll(m[2], `"`, ""))
		chain := strings.TrimSuffix(m[1], ".") + "." + strings.Join(names, ".")
		var failed *memberError
		if errors.As(e.Err, &failed) {
			return "<" + chain + ">: error calling " + failed.name + ": "
		}
		return "<" + chain + ">: "
	})
	text = getCall.ReplaceAllStringFunc(text, func(s string) string {
		m := getCall.FindStringSubmatch(s)
		return strings.TrimSuffix(m[1], ".") + "." + strings.Join(strings.Fields(strings.ReplaceAll(m[2], `"`, "")), ".")
	})
	return template.ExecError{Name: e.Name, Err: &reworded{text, e.Err}}
}

// reworded is an error with another text.
type reworded struct {
	text string
	err  error
}

func (r *reworded) Error() string { return r.text }
func (r *reworded) Unwrap() error { return r.err }

// memberError is what a method returned.
type memberError struct {
	name string
	err  error
}

func (m *memberError) Error() string { return m.err.Error() }
func (m *memberError) Unwrap() error { return m.err }

var nodeType = reflect.TypeFor[parse.Node]()

// chains walks a parse tree and rewrites the arguments of its commands.
func chains(tree *parse.Tree, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if c, ok := v.Interface().(*parse.CommandNode); ok {
			command(tree, c)
			return
		}
		if _, ok := v.Interface().(*parse.Tree); ok {
			return
		}
		if a, ok := v.Interface().(*parse.ActionNode); ok {
			action(tree, a)
			return
		}
		chains(tree, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				chains(tree, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Type().Elem().Implements(nodeType) || v.Type().Elem().Kind() == reflect.Pointer {
				chains(tree, v.Index(i))
			}
		}
	}
}

// action is what puts a value out: templates put out what a pointer points to.
func action(tree *parse.Tree, a *parse.ActionNode) {
	chains(tree, reflect.ValueOf(a.Pipe))
	if len(a.Pipe.Decl) == 0 {
		show := parse.NewIdentifier("graftꞏshow").SetPos(a.Pos).SetTree(tree)
		a.Pipe.Cmds = append(a.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: a.Pos, Args: []parse.Node{show}})
	}
}

// templateShown is what is put out for x.
func (rt *Runtime) templateShown(x any) any {
	c, ok := unwrap(x)
	if !ok || c.T.traits.err || c.T.traits.str {
		return x
	}
	p, ok := c.T.T.Underlying().(*types.Pointer)
	v := reflect.ValueOf(c.V)
	if !ok || v.IsNil() {
		return x
	}
	return rt.rebox(p.Elem(), v.Elem())
}

// command rewrites `.A.B x y` to `graftꞏget . "A" "B" …`: the head of a
// command takes the arguments, an operand none.
func command(tree *parse.Tree, c *parse.CommandNode) {
	for i, a := range c.Args {
		if p, ok := a.(*parse.PipeNode); ok {
			chains(tree, reflect.ValueOf(p))
		}
		if i > 0 {
			if call := getter(tree, a, nil); call != nil {
				c.Args[i] = pipe(tree, call)
			}
		}
	}
	if call := getter(tree, c.Args[0], c.Args[1:]); call != nil {
		c.Args, c.Pos = call.Args, call.Pos
	}
}

func getter(tree *parse.Tree, n parse.Node, args []parse.Node) *parse.CommandNode {
	var base parse.Node
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		base, names = &parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, n.Ident
	case *parse.VariableNode:
		if len(n.Ident) < 2 {
			return nil
		}
		base = &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}
		names = n.Ident[1:]
	case *parse.ChainNode:
		if p, ok := n.Node.(*parse.PipeNode); ok {
			chains(tree, reflect.ValueOf(p))
		}
		base, names = n.Node, n.Field
	default:
		return nil
	}
	cmd := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Position(), Args: []parse.Node{
		parse.NewIdentifier("graftꞏget").SetPos(n.Position()).SetTree(tree), base,
		&parse.NumberNode{NodeType: parse.NodeNumber, Pos: n.Position(), IsInt: true, Int64: int64(len(names)), Text: fmt.Sprint(len(names))},
	}}
	for _, s := range names {
		cmd.Args = append(cmd.Args, &parse.StringNode{NodeType: parse.NodeString, Pos: n.Position(), Quoted: fmt.Sprintf("%q", s), Text: s})
	}
	cmd.Args = append(cmd.Args, args...)
	return cmd
}

func pipe(tree *parse.Tree, c *parse.CommandNode) *parse.PipeNode {
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: c.Pos, Cmds: []*parse.CommandNode{c}}
}

// templateField is base.A.B(args…), as templates mean it.
func (rt *Runtime) templateField(base any, n int, rest ...any) (any, error) {
	x := base
	for i := range n {
		name := rest[i].(string)
		var args []any
		if i == n-1 {
			args = rest[n:]
		}
		var err error
		if x, err = rt.templateMember(x, name, args); err != nil {
			return nil, err
		}
	}
	return rt.opened(x), nil
}

func (rt *Runtime) templateMember(x any, name string, args []any) (any, error) {
	if c, ok := unwrap(x); ok {
		return rt.boxMember(c, name, args)
	}
	v := reflect.ValueOf(x)
	if !v.IsValid() {
		return nil, fmt.Errorf("nil data; no entry for key %q", name)
	}
	if m := v.MethodByName(name); m.IsValid() {
		return callMember(name, m, args)
	}
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		if f := v.FieldByName(name); f.IsValid() && f.CanInterface() {
			return f.Interface(), nil
		}
	case reflect.Map:
		e := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		if !e.IsValid() {
			return noValue{}, nil
		}
		return e.Interface(), nil
	}
	return nil, fmt.Errorf("can't evaluate field %s in type %T", name, x)
}

// noValue prints as a missing map key does.
type noValue struct{}

// String is what text/template prints for no value.
func (noValue) String() string { return "<no value>" }

func (rt *Runtime) boxMember(c *core, name string, args []any) (any, error) {
	if b := c.T.binder(name); b != nil {
		return callMember(name, reflect.ValueOf(b(c.V)), args)
	}
	if m, ok := c.T.T.Underlying().(*types.Map); ok {
		v := reflect.ValueOf(c.V)
		e := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		if !e.IsValid() {
			return noValue{}, nil
		}
		return rt.rebox(m.Elem(), e), nil
	}
	t, v := c.T.T, reflect.ValueOf(c.V)
	obj, index, _ := types.LookupFieldOrMethod(t, true, nil, name)
	f, ok := obj.(*types.Var)
	if !ok {
		if pd := rt.lookup(types.NewPointer(t)); pd != nil && pd.binder(name) != nil {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			return callMember(name, reflect.ValueOf(pd.binder(name)(p.Interface())), args)
		}
		return nil, fmt.Errorf("can't evaluate field %s in type %s", name, c.T.Name)
	}
	for _, i := range index {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			if v.IsNil() {
				return nil, fmt.Errorf("nil pointer evaluating %s.%s", c.T.Name, name)
			}
			v, u = v.Elem(), p.Elem().Underlying()
		}
		s := u.(*types.Struct)
		t = s.Field(i).Type()
		v = rt.field(v, i, t)
	}
	return rt.rebox(f.Type(), v), nil
}

// rebox gives a part of a boxed value its static type.
func (rt *Runtime) rebox(t types.Type, v reflect.Value) any {
	if types.IsInterface(t) || !rt.HasCellType(t) {
		return v.Interface()
	}
	return rt.Intern(t).box(v.Interface())
}

func callMember(name string, m reflect.Value, args []any) (any, error) {
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
		if i < m.Type().NumIn() && in[i].IsValid() && in[i].Type() != m.Type().In(i) && in[i].CanConvert(m.Type().In(i)) {
			in[i] = in[i].Convert(m.Type().In(i))
		}
	}
	if !m.Type().IsVariadic() && len(in) != m.Type().NumIn() {
		return nil, fmt.Errorf("wrong number of args for %s: want %d got %d", name, m.Type().NumIn(), len(in))
	}
	out := m.Call(in)
	if len(out) == 2 {
		if err, ok := out[1].Interface().(error); ok && err != nil {
			return nil, &memberError{name, err}
		}
	}
	return out[0].Interface(), nil
}

// opened is a value as templates can range over, compare and test it: boxed
// lists, maps and basic values are opened, unless they print themselves.
func (rt *Runtime) opened(x any) any {
	c, ok := unwrap(x)
	if !ok {
		return x
	}
	if c.T.traits.err || c.T.traits.str {
		switch c.T.T.Underlying().(type) {
		case *types.Slice, *types.Map, *types.Array:
		default:
			return x
		}
	}
	v := reflect.ValueOf(c.V)
	switch u := c.T.T.Underlying().(type) {
	case *types.Pointer:
		if v.IsNil() {
			return c.V // not true
		}
	case *types.Slice:
		return rt.openList(u.Elem(), v)
	case *types.Array:
		return rt.openList(u.Elem(), v)
	case *types.Map:
		return rt.openMap(u, v)
	case *types.Basic:
		return c.V
	}
	return x
}

func (rt *Runtime) openList(elem types.Type, v reflect.Value) any {
	out := make([]any, v.Len())
	for i := range out {
		out[i] = rt.opened(rt.rebox(elem, v.Index(i)))
	}
	return out
}

// openMap keeps keys that print themselves boxed.
func (rt *Runtime) openMap(u *types.Map, v reflect.Value) any {
	key := v.Type().Key()
	d := rt.lookup(u.Key())
	prints := d != nil && (d.traits.str || d.traits.err)
	if prints {
		key = reflect.TypeFor[any]()
	}
	out := reflect.MakeMap(reflect.MapOf(key, reflect.TypeFor[any]()))
	for _, k := range v.MapKeys() {
		e := rt.opened(rt.rebox(u.Elem(), v.MapIndex(k)))
		if prints {
			k = reflect.ValueOf(d.box(k.Interface()))
		}
		out.SetMapIndex(k, reflect.ValueOf(&e).Elem())
	}
	rt.missing.note(out, rt.opened(rt.rebox(u.Elem(), reflect.Zero(v.Type().Elem()))))
	return out.Interface()
}
