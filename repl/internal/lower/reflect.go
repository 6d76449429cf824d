package lower

import (
	"go/ast"
	"go/types"
)

// Package reflect is shown to cells with values of package nb, which know
// static types. Other compiled packages that exchange reflect.Values with
// their callers have those of Go.

// refuseReflect refuses what of a compiled package takes or gives
// reflect.Values.
func (f *fn) refuseReflect(n ast.Node, o types.Object, t types.Type) {
	if p := o.Pkg(); p == nil || interpreted(p) || overlaid(p.Path()) || p.Path() == "reflect" || !mentionsValue(t) {
		return
	}
	f.refuse(n, "%s.%s exchanges values of type reflect.Value with cells, whose reflect.Value knows the types that cells declare and is not that of compiled packages",
		o.Pkg().Path(), o.Name())
}

// mentionsValue tells whether t is made of reflect.Value, a function's
// parameters and results included.
func mentionsValue(t types.Type) bool {
	switch u := types.Unalias(t).(type) {
	case *types.Named:
		return u.Obj().Pkg() != nil && u.Obj().Pkg().Path() == "reflect" && u.Obj().Name() == "Value"
	case *types.Signature:
		for _, tu := range []*types.Tuple{u.Params(), u.Results()} {
			for v := range tu.Variables() {
				if mentionsValue(v.Type()) {
					return true
				}
			}
		}
	case interface{ Elem() types.Type }:
		return mentionsValue(u.Elem())
	}
	return false
}

// refuseGenerated refuses functions for testing/quick whose parameters have a
// Generate method, which it would not find.
func (f *fn) refuseGenerated(x *ast.CallExpr) {
	for _, a := range x.Args {
		s, ok := f.typeOf(a).Underlying().(*types.Signature)
		if !ok {
			continue
		}
		for p := range s.Params().Variables() {
			if t := p.Type(); boxed(t) && types.NewMethodSet(t).Lookup(nil, "Generate") != nil {
				f.refuse(a, "testing/quick does not see the Generate method of %s, declared in a cell; let the function take what Generate is made from",
					types.TypeString(t, func(*types.Package) string { return "" }))
			}
		}
	}
}
