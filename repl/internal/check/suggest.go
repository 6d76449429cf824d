package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"
)

// suggest adds what was probably meant to an error about an unknown name.
func (b *builder) suggest(e types.Error, msg string) string {
	name, ok := strings.CutPrefix(msg, "undefined: ")
	if !ok && strings.HasPrefix(msg, "cannot use ") {
		return b.suggestSpread(e, msg)
	}
	if pkg, ok := strings.CutPrefix(msg, "use of package "); ok && b.assigned(e.Pos) {
		pkg, _, _ = strings.Cut(pkg, " ")
		return msg + "; := makes a new name: " + pkg + " := …"
	}
	if !ok {
		return b.suggestMember(e, msg)
	}
	if pkg, member, ok := strings.Cut(name, "."); ok {
		if p := b.packageNamed(pkg); p != nil {
			return mean(msg, pkg+".", member, exported(p))
		}
		return msg
	}
	if token.IsKeyword(name) {
		return msg
	}
	if off := b.offset(e.Pos); off > 0 && off <= len(b.source) && b.source[off-1] == '!' && strings.TrimSpace(b.source[strings.LastIndexByte(b.source[:off], '\n')+1:off-1]) == "" {
		return msg + "; commands stand at the head of a cell, before its Go"
	}
	if name == "None" {
		return msg + "; did you mean nil?"
	}
	if path := b.exporter(name); path != "" {
		return msg + "; did you mean " + path + "." + name + "?"
	}
	if p := b.packageFor(e.Pos, name); p != "" {
		return msg + "; did you mean " + p + "?"
	}
	meant := mean(msg, "", name, b.namesAt(e.Pos, name))
	switch {
	case meant != msg:
		return meant
	case b.assigned(e.Pos):
		return msg + "; := makes a new name: " + name + " := …"
	}
	return msg + "; no cell run before declares it"
}

// suggestSpread says how a slice is given to a function that takes any number
// of its elements.
func (b *builder) suggestSpread(e types.Error, msg string) string {
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || call.Args[len(call.Args)-1].Pos() != e.Pos {
				return true
			}
			arg := call.Args[len(call.Args)-1]
			sig, ok := b.u.Info.TypeOf(call.Fun).(*types.Signature)
			if ok && sig.Variadic() && sig.Params().Len() == len(call.Args) && b.u.Info.TypeOf(arg) != nil &&
				types.Identical(sig.Params().At(len(call.Args)-1).Type(), b.u.Info.TypeOf(arg)) {
				msg += "; did you mean " + types.ExprString(arg) + "...?"
			}
			return true
		})
	})
	return msg
}

// assigned tells whether a name at a position is given a value by =, as in
// Python a new name is.
func (b *builder) assigned(pos token.Pos) bool {
	found := false
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
				found = found || slices.ContainsFunc(a.Lhs, func(x ast.Expr) bool { return x.Pos() == pos })
			}
			return true
		})
	})
	return found
}

// exporter is the name of the package that has an exported name: one that the
// session imports, or fmt.
func (b *builder) exporter(name string) string {
	if !token.IsExported(name) {
		return ""
	}
	var found []string
	for n, path := range b.s.imports {
		if p, err := b.s.Importer.Import(path); err == nil && p.Scope().Lookup(name) != nil {
			found = append(found, n)
		}
	}
	if p, err := b.s.Importer.Import("fmt"); err == nil && p.Scope().Lookup(name) != nil {
		return "fmt"
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// packageFor is, of the packages whose name is near one that stands before a
// dot, one that has the name behind it.
func (b *builder) packageFor(pos token.Pos, name string) string {
	member := ""
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.X.Pos() == pos {
				if id, ok := s.X.(*ast.Ident); ok && id.Name == name {
					member = s.Sel.Name
				}
			}
			return true
		})
	})
	best, least := "", near(name)
	if member == "" || len(name) <= 2 {
		return ""
	}
	for _, n := range slices.Sorted(maps.Keys(b.s.Known)) {
		d := distance(strings.ToLower(name), n, least)
		if d >= least {
			continue
		}
		if p, err := b.s.Importer.Import(b.s.Known[n]); err == nil && p.Scope().Lookup(member) != nil {
			best, least = n, d
		}
	}
	return best
}

// suggestMember is suggest for `x.f undefined (type T has no field or method
// f)`; go/types knows only names that differ in case.
func (b *builder) suggestMember(e types.Error, msg string) string {
	if rest, ok := strings.CutPrefix(msg, "unknown field "); ok {
		return b.suggestField(e, msg, rest)
	}
	if _, name, ok := strings.Cut(msg, "(cannot refer to unexported "); ok {
		_, name, _ = strings.Cut(strings.TrimSuffix(name, ")"), " ")
		return b.suggestOf(e, msg, name)
	}
	head, ok := strings.CutSuffix(msg, ")")
	if !ok || strings.Contains(msg, "but does have") || strings.Contains(msg, "did you mean") {
		return msg
	}
	i := strings.LastIndex(head, " has no field or method ")
	if i < 0 {
		return msg
	}
	return b.suggestOf(e, msg, head[i+len(" has no field or method "):])
}

// suggestOf appends the member nearest to a name, of the value that it was
// wanted of.
func (b *builder) suggestOf(e types.Error, msg, name string) string {
	var found *ast.SelectorExpr
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Pos() == e.Pos {
				found = s
			}
			return true
		})
	})
	if found == nil {
		return msg
	}
	var names []string
	for _, o := range Members(b.u.Info.TypeOf(found.X)) {
		if o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main" {
			names = append(names, o.Name())
		}
	}
	return mean(msg, "", name, names)
}

// suggestField is suggest for `unknown field f in struct literal of type T`.
func (b *builder) suggestField(e types.Error, msg, rest string) string {
	name, _, _ := strings.Cut(rest, " ")
	var names []string
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || e.Pos < lit.Pos() || lit.End() < e.Pos {
				return true
			}
			if st := literalStruct(b.u.Info.TypeOf(lit)); st != nil {
				names = nil // the innermost counts
				for i := range st.NumFields() {
					if f := st.Field(i); f.Exported() || f.Pkg() != nil && f.Pkg().Path() == b.path {
						names = append(names, f.Name())
					}
				}
			}
			return true
		})
	})
	return mean(msg, "", name, names)
}

func (b *builder) packageNamed(name string) *types.Package {
	path := b.added[name]
	if path == "" {
		path = b.s.imports[name]
	}
	if path == "" {
		return nil
	}
	p, _ := b.s.Importer.Import(path)
	return p
}

// noPackage is the error of an import that cannot be resolved.
func noPackage(path string, known map[string]string) string {
	return mean("could not import "+path+": no such package here", "", path, slices.Collect(maps.Values(known)))
}

func exported(p *types.Package) []string {
	return slices.DeleteFunc(p.Scope().Names(), func(n string) bool { return !token.IsExported(n) })
}

// namesAt lists what can be named at a position, and may be meant by a name
// that is not there: the cell's own names, the
// session's, packages, Go's.
func (b *builder) namesAt(pos token.Pos, name string) []string {
	names := b.s.Names()
	for sc := range maps.Values(b.u.Info.Scopes) {
		if sc.Pos() <= pos && pos <= sc.End() {
			names = append(names, sc.Names()...)
		}
	}
	names = append(names, b.u.Pkg.Scope().Names()...)
	names = slices.AppendSeq(names, maps.Keys(b.s.imports))
	b.each(func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.X.Pos() == pos { // may be a package
				names = slices.AppendSeq(names, maps.Keys(b.s.Known))
			}
			return true
		})
	})
	for _, n := range types.Universe.Names() { // few, and short: images is not imag
		if distance(strings.ToLower(name), strings.ToLower(n), 2) < 2 {
			names = append(names, n)
		}
	}
	return names
}

// mean appends the names nearest to what was written.
func mean(msg, prefix, name string, names []string) string {
	near := nearest(name, names)
	if len(near) == 0 {
		return msg
	}
	return msg + "; did you mean " + prefix + strings.Join(near, " or "+prefix) + "?"
}

// Nearest is the name that a few slips of the keyboard turn into name, ""
// when none is near.
func Nearest(name string, names []string) string {
	if near := nearest(name, names); len(near) > 0 {
		return near[0]
	}
	return ""
}

// nearest are the names that the same few slips turn into name. One that has
// all the letters of name goes before others, for to leave a letter out is the
// commonest slip; of those up to three are told, of others the first.
func nearest(name string, names []string) []string {
	var best, whole []string
	least := near(name)
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if n == name || strings.ContainsRune(n, 'ꞏ') || n == "_" {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(n), least+1)
		if d > least || d == least && len(best) == 0 || len(name) <= 2 && d > 0 { // too far, or too short to tell
			continue
		}
		if d < least {
			best, whole, least = nil, nil, d
		}
		best = append(best, n)
		if leftOut(name, n) {
			whole = append(whole, n)
		}
	}
	if len(whole) > 0 {
		return whole[:min(3, len(whole))]
	}
	return best[:min(1, len(best))]
}

// leftOut reports whether letters of whole are left out in name.
func leftOut(name, whole string) bool {
	for _, r := range whole {
		name = strings.TrimPrefix(name, string(r))
	}
	return name == ""
}

// near is one more than the slips that a name can have.
func near(name string) int { return 1 + max(1, min(3, len(name)/3)) }

// distance counts insertions, deletions, replacements and swaps of
// neighbours; limit is enough for "too many".
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	return edlib.OSADamerauLevenshteinDistance(a, b)
}
