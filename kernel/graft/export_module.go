package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// moduleFiles are the go.mod, and the go.sum if one is needed, of a program
// with the given imports. Versions are those that graft itself is built with:
// cells ran with them.
func moduleFiles(name string, imports []string, source string) (mod, sum []byte, err error) {
	f := new(modfile.File)
	if err := f.AddModuleStmt(name); err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	if !slices.ContainsFunc(imports, outsideGo) {
		if err := f.AddGoStmt("1.26"); err != nil {
			return nil, nil, fmt.Errorf("export: %w", err)
		}
		return modfile.Format(f.Syntax), nil, nil
	}
	dir, own, err := graftSource(source)
	if err != nil {
		return nil, nil, err
	}
	if err := f.AddGoStmt(own.Go.Version); err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	f.AddNewRequire("graft", "v0.0.0", !slices.ContainsFunc(imports, func(p string) bool { return strings.HasPrefix(p, "graft/") }))
	for _, r := range own.Require {
		used := slices.ContainsFunc(imports, func(p string) bool {
			return p == r.Mod.Path || strings.HasPrefix(p, r.Mod.Path+"/")
		})
		f.AddNewRequire(r.Mod.Path, r.Mod.Version, !used)
	}
	if err := f.AddReplace("graft", "", dir, ""); err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	f.SetRequireSeparateIndirect(slices.Clone(f.Require))
	f.Cleanup()
	if sum, err = os.ReadFile(filepath.Join(dir, "go.sum")); err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	return modfile.Format(f.Syntax), sum, nil
}

// outsideGo tells an import path from one of Go's own.
func outsideGo(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first == "graft" || strings.Contains(first, ".")
}

// graftSource finds the folder of graft's source: the one given, that of the
// build, or one above the working directory or the command.
func graftSource(given string) (string, *modfile.File, error) {
	if given != "" {
		dir, err := filepath.Abs(given)
		if err != nil {
			return "", nil, fmt.Errorf("export: %w", err)
		}
		f := ownModule(dir)
		if f == nil {
			return "", nil, fmt.Errorf("export: %s is not graft's source: it has no go.mod of module graft", given)
		}
		return dir, f, nil
	}
	_, here, _, _ := runtime.Caller(0)
	command, _ := os.Executable()
	work, _ := os.Getwd()
	for _, start := range []string{here, work, command} {
		if !filepath.IsAbs(start) {
			continue // built with -trimpath
		}
		for dir := start; ; dir = filepath.Dir(dir) {
			if f := ownModule(dir); f != nil {
				return dir, f, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", nil, fmt.Errorf("export: the program imports packages of graft, whose source is not here: say where it lies with --graft DIR, or write only the program with -o FILE.go")
}

// ownModule reads the go.mod in dir if it is graft's.
func ownModule(dir string) *modfile.File {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil || f.Module == nil || f.Module.Mod.Path != "graft" || f.Go == nil {
		return nil
	}
	return f
}

// moduleName makes a module path of a notebook's name.
func moduleName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	if name = strings.Trim(name, "-."); name == "" {
		name = "program"
	}
	return "notebook/" + name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
