package export

import (
	"cmp"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"
)

// assemble puts the program together.
func (e *exporter) assemble() (*Program, error) {
	main := e.main()
	globals := e.globals()
	var b strings.Builder
	fmt.Fprintf(&b, "// Written by graft export from %s. It runs where the notebook runs: files\n// are looked for in the working directory.\npackage main\n\n", cmp.Or(e.opt.Name, "a notebook"))
	b.WriteString(e.importDecl())
	b.WriteString(globals)
	for _, p := range e.pieces {
		for _, d := range p.decls {
			b.WriteString(d + "\n\n")
		}
	}
	for _, d := range e.declared {
		b.WriteString(d + "\n\n")
	}
	b.WriteString(main)
	source, err := e.finish(b.String())
	if err != nil {
		return nil, err
	}
	p := &Program{Source: source, Files: e.files, Notes: e.notes}
	p.Imports = slices.Compact(slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Values(e.imports)), e.carried))))
	p.Imports = slices.DeleteFunc(p.Imports, func(path string) bool {
		return slices.Contains(slices.Collect(maps.Values(e.locals)), path)
	})
	return p, nil
}

func (e *exporter) importDecl() string {
	if len(e.imports) == 0 {
		return ""
	}
	var std, others []string
	for name, path := range e.imports {
		line := fmt.Sprintf("%q", path)
		if blank := strings.HasPrefix(name, "_ "); blank {
			line = "_ " + line
		} else if e.packageName(path) != name {
			line = name + " " + line
		}
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == "graft" || strings.HasPrefix(path, e.module()+"/") {
			others = append(others, line)
		} else {
			std = append(std, line)
		}
	}
	byPath := func(a, b string) int { return cmp.Compare(a[strings.Index(a, `"`):], b[strings.Index(b, `"`):]) }
	slices.SortFunc(std, byPath)
	slices.SortFunc(others, byPath)
	if len(std) > 0 && len(others) > 0 {
		std = append(std, "")
	}
	return "import (\n" + strings.Join(append(std, others...), "\n") + "\n)\n\n"
}

func (e *exporter) packageName(path string) string {
	if p, err := (programImporter{e}).Import(path); err == nil {
		return p.Name()
	}
	return ""
}

// globals declares the program's variables.
func (e *exporter) globals() string {
	var lines []string
	seen := map[*variable]bool{}
	for _, p := range e.pieces {
		for _, s := range p.stmts() {
			for _, id := range defined(s) {
				v := e.vars[p.at[p.parsed.Offset(id.Pos())]]
				if v != nil && v.global && !seen[v] {
					seen[v] = true
					lines = append(lines, v.name+" "+e.typeText(v.typ))
				}
			}
		}
	}
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return "// What functions use of the notebook's variables.\nvar " + lines[0] + "\n\n"
	}
	return "// What functions use of the notebook's variables.\nvar (\n" + strings.Join(lines, "\n") + "\n)\n\n"
}

// main is the function that does what the cells do.
func (e *exporter) main() string {
	var b strings.Builder
	b.WriteString("func main() {\n")
	number := -1
	for _, p := range e.pieces {
		text := e.body(p)
		if strings.TrimSpace(text) == "" {
			continue
		}
		if p.cell.Number != number {
			number = p.cell.Number
			if b.Len() > len("func main() {\n") {
				b.WriteString("\n")
			}
			fmt.Fprintf(&b, "// In[%d]", number)
			if h := e.inLine(p.cell.Heading); h != "" {
				b.WriteString(": " + h)
			}
			b.WriteString("\n")
		}
		b.WriteString(text)
	}
	b.WriteString("}\n")
	return b.String()
}

func (e *exporter) body(p *piece) string {
	lines := slices.Concat(p.before, p.starts)
	if p.cell.MayFail && p.parsed == nil && !p.comment {
		return strings.Join(slices.Concat(e.guarded(), lines, []string{"}()"}), "\n") + "\n"
	}
	if p.wrapped && p.main != "" {
		seen := map[*variable]bool{}
		for _, s := range p.stmts() {
			for _, id := range defined(s) {
				if v := e.vars[p.at[p.parsed.Offset(id.Pos())]]; v != nil && v.hoist && !v.global && v.in == p && !seen[v] {
					seen[v] = true
					lines = append(lines, "var "+v.name+" "+e.typeText(v.typ))
				}
			}
		}
		if p.later != "" {
			lines = append(lines, "var "+p.later+" func()")
		}
		if p.cell.MayFail {
			lines = append(lines, e.guarded()...)
		} else {
			lines = append(lines, "func() {")
		}
		lines = append(lines, p.main, "}()")
		if p.later != "" {
			lines = append(lines, "if "+p.later+" != nil {", p.later+"()", "}")
		}
	} else if p.main != "" {
		lines = append(lines, p.main)
	}
	lines = append(lines, p.after...)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// guarded begins a function whose panic is printed and goes no further.
func (e *exporter) guarded() []string {
	return []string{"func() {", "defer func() {", "if r := recover(); r != nil {",
		e.use("fmt", "fmt") + ".Fprintln(" + e.use("os", "os") + ".Stderr, r)", "}", "}()"}
}

// finish formats the program and gives unused names a use. That it has errors
// is this package's fault, which must not be written to a disk unsaid.
func (e *exporter) finish(source string) ([]byte, error) {
	for range 4 {
		out, err := format.Source([]byte(source))
		if err != nil {
			return nil, fmt.Errorf("export: the program does not parse: %w\n%s", err, source)
		}
		source = string(out)
		next, errs := e.useNames(source)
		if len(errs) > 0 {
			return nil, fmt.Errorf("export: the program does not compile: %s\n%s", strings.Join(errs, "\n"), source)
		}
		if next == source {
			return out, nil
		}
		source = next
	}
	return nil, fmt.Errorf("export: the program does not compile: unused names remain\n%s", source)
}
