package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"unsafe"
)

// oldMethods turns methods of types of earlier cells into functions, since
// go/types declares methods only on the package's own types, and adds their
// signatures to the types.
func (b *builder) oldMethods() []Diagnostic {
	diags := b.detachMethods()
	if len(diags) == 0 && len(b.methods) > 0 {
		b.declareMethods()
	}
	return diags
}

// detachMethods takes the methods of older types out of the declarations.
func (b *builder) detachMethods() (diags []Diagnostic) {
	kept := b.u.Decls[:0:0]
	seen := map[string]token.Pos{}
	for _, d := range b.u.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil || len(f.Recv.List) != 1 {
			kept = append(kept, d)
			continue
		}
		name := baseType(f.Recv.List[0].Type)
		named, _ := b.namedOf(name)
		if named == nil || b.declared[name] {
			kept = append(kept, d)
			continue
		}
		if named.TypeParams().Len() > 0 {
			diags = append(diags, Diagnostic{Offset: b.offset(f.Name.Pos()),
				Msg: fmt.Sprintf("method %s of the generic type %s must be declared in the cell that declares the type: declare that again with it, or make it a function", f.Name.Name, name)})
			continue
		}
		if at, twice := seen[name+"."+f.Name.Name]; twice && f.Name.Name != "_" {
			diags = append(diags, Diagnostic{Offset: b.offset(f.Name.Pos()),
				Msg: fmt.Sprintf("method %s.%s already declared at %v", name, f.Name.Name, b.s.Fset.Position(at))})
			continue
		}
		seen[name+"."+f.Name.Name] = f.Name.Pos()
		recv := f.Recv.List[0]
		if len(recv.Names) == 0 {
			recv = &ast.Field{Names: []*ast.Ident{{Name: "_", NamePos: recv.Pos()}}, Type: recv.Type}
		}
		params := &ast.FieldList{Opening: f.Type.Params.Opening, List: append([]*ast.Field{recv}, f.Type.Params.List...), Closing: f.Type.Params.Closing}
		for _, p := range params.List {
			if len(p.Names) == 0 {
				p.Names = []*ast.Ident{{Name: "_", NamePos: p.Pos()}}
			}
		}
		decl := &ast.FuncDecl{Doc: f.Doc, Name: &ast.Ident{Name: name + "ꞏ" + f.Name.Name, NamePos: f.Name.Pos()},
			Type: &ast.FuncType{Func: f.Type.Func, Params: params, Results: f.Type.Results}, Body: f.Body}
		b.methods = append(b.methods, &oldMethod{named: named, name: f.Name.Name, decl: decl})
	}
	b.u.Decls = kept
	return diags
}

// declareMethods checks the signatures alone and adds them to the types.
func (b *builder) declareMethods() {
	var bodies []*ast.BlockStmt
	for _, m := range b.methods {
		bodies = append(bodies, m.decl.Body)
		m.decl.Body = nil
	}
	steps := b.u.Steps
	b.u.Steps = nil
	b.check()
	b.mend()
	b.check()
	b.u.Steps = steps
	for i, m := range b.methods {
		m.decl.Body = bodies[i]
		fn, ok := b.u.Info.Defs[m.decl.Name].(*types.Func)
		if !ok {
			continue
		}
		sig := fn.Signature()
		recv := sig.Params().At(0)
		var rest []*types.Var
		for j := 1; j < sig.Params().Len(); j++ {
			rest = append(rest, sig.Params().At(j))
		}
		msig := types.NewSignatureType(types.NewVar(recv.Pos(), m.named.Obj().Pkg(), recv.Name(), recv.Type()), nil, nil,
			types.NewTuple(rest...), sig.Results(), sig.Variadic())
		b.addMethod(m, msig)
	}
}

// addMethod gives the type the method. One of the same name and type stays
// what it is, and gets another body; of another type it is another method,
// which functions of earlier cells do not call.
func (b *builder) addMethod(m *oldMethod, sig *types.Signature) {
	for i := range m.named.NumMethods() {
		old := m.named.Method(i)
		if old.Name() != m.name {
			continue
		}
		if types.Identical(old.Signature(), sig) && types.Identical(old.Signature().Recv().Type(), sig.Recv().Type()) {
			m.fn = old
			return
		}
		m.was = old
		removeMethod(m.named, old)
		break
	}
	m.fn = types.NewFunc(m.decl.Name.Pos(), m.named.Obj().Pkg(), m.name, sig)
	m.named.AddMethod(m.fn)
	b.u.added = append(b.u.added, m)
}

// Abandon takes back what checking the unit has changed, which is then not to
// be run: methods that it gave to types of earlier cells. It returns the types.
func (u *Unit) Abandon() (changed []types.Type) {
	for _, m := range u.added {
		removeMethod(m.named, m.fn)
		if m.was != nil {
			m.named.AddMethod(m.was)
		}
		changed = append(changed, m.named, types.NewPointer(m.named))
	}
	u.added = nil
	return changed
}

// removeMethod is what go/types has no function for; a Named keeps its
// methods in a list.
func removeMethod(n *types.Named, fn *types.Func) {
	f := reflect.ValueOf(n).Elem().FieldByName("methods")
	if !f.IsValid() || f.Type() != reflect.TypeFor[[]*types.Func]() {
		return
	}
	list := (*[]*types.Func)(unsafe.Pointer(f.UnsafeAddr()))
	*list = slices.DeleteFunc(slices.Clone(*list), func(f *types.Func) bool { return f == fn })
}

func (b *builder) namedOf(name string) (*types.Named, bool) {
	tn, ok := b.s.objs[name].(*types.TypeName)
	if !ok {
		return nil, false
	}
	n, ok := types.Unalias(tn.Type()).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != b.path {
		return nil, false
	}
	return n, true
}

func baseType(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return baseType(e.X)
	case *ast.ParenExpr:
		return baseType(e.X)
	case *ast.IndexExpr:
		return baseType(e.X)
	case *ast.IndexListExpr:
		return baseType(e.X)
	}
	return ""
}
