package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"graft/repl/internal/check"
)

// declare registers the unit's functions and gives its variables globals. A
// variable declared again with the same type keeps its global, so that older
// functions see the new value; a function or method declared again makes
// every caller new.
func (L *Lowerer) declare(u *check.Unit, old func(string) types.Object) {
	var dirty []*inst
	for _, d := range u.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		obj, ok := u.Info.Defs[f.Name].(*types.Func)
		if !ok {
			continue
		}
		src := &source{decl: f, unit: u, obj: obj}
		L.setSource(obj, src)
		if f.Recv == nil && obj.Name() != "_" && obj.Name() != "init" {
			before := old(obj.Name())
			dirty = append(dirty, L.redeclare(before, src)...)
			if was, ok := before.(*types.Func); ok && !types.Identical(was.Type(), obj.Type()) {
				L.noteUsers(obj.Name(), was)
			}
		}
	}
	for _, m := range u.Methods {
		src := &source{decl: m.Decl, unit: u, obj: m.Func, plain: true}
		again := L.sources[m.Func] != nil
		L.setSource(m.Func, src)
		if again {
			for _, in := range L.order {
				if in.src != nil && in.src.obj == m.Func {
					L.keep(in)
					in.src = src
					dirty = append(dirty, in)
				}
			}
		} else {
			dirty = append(dirty, L.registrationsOf(m.Func)...)
		}
		if m.Was != nil {
			L.noteUsers(recvName(m.Func.Signature().Recv().Type())+"."+m.Func.Name(), m.Was)
		}
	}
	L.renew(dirty)
	scope := u.Pkg.Scope()
	for _, name := range scope.Names() {
		v, ok := scope.Lookup(name).(*types.Var)
		if !ok || v.Pkg() != u.Pkg || L.globals[v] != "" {
			continue
		}
		L.at = &ast.Ident{Name: v.Name(), NamePos: v.Pos()}
		if o, ok := old(name).(*types.Var); ok && types.Identical(o.Type(), v.Type()) && L.globals[o] != "" {
			L.setGlobal(v, L.globals[o])
		} else {
			L.seq++
			L.setGlobal(v, fmt.Sprintf("g%d_%s", L.seq, ascii(name)))
			fmt.Fprintf(&L.out.vars, "var %s %s\n", L.globals[v], L.rep(v.Type()))
		}
		L.out.Globals = append(L.out.Globals, Global{v, L.globals[v]})
	}
}

// noteUsers tells which functions go on calling a function that has been
// declared again with another type.
func (L *Lowerer) noteUsers(name string, was *types.Func) {
	var users []string
	for _, in := range L.order {
		for callee := range in.deps {
			if u, _ := L.Func(in.name); u != "" && callee.src != nil && callee.src.obj == was && in.src.obj != was {
				users = append(users, u)
			}
		}
	}
	if slices.Sort(users); len(users) > 0 {
		calls := "still calls"
		if users = slices.Compact(users); len(users) > 1 {
			calls = "still call"
		}
		L.out.Notes = append(L.out.Notes, fmt.Sprintf("%s %s the %s of before, which was of another type: run the cell again that declares it", strings.Join(users, ", "), calls, name))
	}
}

// redeclare makes the instances of an older function of the same type those
// of src.
func (L *Lowerer) redeclare(old types.Object, src *source) []*inst {
	o, ok := old.(*types.Func)
	if !ok || !types.Identical(o.Type(), src.obj.Type()) || o.Signature().TypeParams().Len() > 0 {
		return nil
	}
	in := L.insts[funcKey(o, nil)]
	if in == nil {
		return nil
	}
	L.keep(in)
	delete(L.insts, in.key)
	L.replaced[o] = src.obj
	L.undo = append(L.undo, func() { delete(L.replaced, o) })
	in.src = src
	in.key = funcKey(src.obj, nil)
	L.insts[in.key] = in
	return []*inst{in}
}

func (L *Lowerer) registrationsOf(m *types.Func) []*inst {
	var out []*inst
	for _, in := range L.order {
		if in.typ != nil {
			if obj, _, _ := types.LookupFieldOrMethod(in.typ, true, m.Pkg(), m.Name()); obj == m {
				out = append(out, in)
			}
		}
	}
	return out
}

// renew emits the given instances again, and all that depend on them.
func (L *Lowerer) renew(dirty []*inst) {
	seen := map[*inst]bool{}
	for len(dirty) > 0 {
		in := dirty[0]
		dirty = dirty[1:]
		if seen[in] {
			continue
		}
		seen[in] = true
		L.keep(in)
		in.done, in.computed = false, nil
		L.seq++
		in.name = fmt.Sprintf("%s_%d", strings.TrimRight(in.name, "_0123456789"), L.seq)
		L.out.queue = append(L.out.queue, in)
		for _, user := range L.order {
			if user.deps[in] {
				dirty = append(dirty, user)
			}
		}
	}
}

// keep remembers an instance that is about to change.
func (L *Lowerer) keep(in *inst) {
	old := *in
	L.undo = append(L.undo, func() {
		delete(L.insts, in.key)
		*in = old
		L.insts[in.key] = in
	})
}
