package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// inputs is inputs.sum: what each group was made from, and one hash of what
// was made. A line is "group kind name value":
//
//	ours  go         -                      go1.26
//	ours  generator  -                      3fe2…   the generator's source
//	ours  module     gorgonia.org/tensor    v0.9.24
//	ours  api        graft/ckpt             91ab…   its declarations, without function bodies
//	all   output     -                      77c0…   the generated files
type inputs struct {
	lines map[string]string // "group kind name" → value
}

const sumFile = ".ci/gen/inputs.sum"

// inputSet collects what one group's packages rest on.
type inputSet struct {
	modules map[string]string // path → version
	ours    map[string]bool   // import paths
}

func newInputSet() *inputSet { return &inputSet{map[string]string{}, map[string]bool{}} }

func (s *inputSet) add(w *world, paths []string) {
	for _, p := range paths {
		l := w.list[p]
		switch {
		case l == nil || l.Module == nil:
		case l.Module.Main:
			s.ours[p] = true
		default:
			s.modules[l.Module.Path] = l.Module.Version
		}
	}
}

func readInputs(root string) (*inputs, error) {
	in := &inputs{map[string]string{}}
	b, err := os.ReadFile(filepath.Join(root, sumFile))
	if os.IsNotExist(err) {
		return in, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 4 {
			return nil, fmt.Errorf("%s: %q has %d fields, wanted 4", sumFile, line, len(f))
		}
		in.lines[strings.Join(f[:3], " ")] = f[3]
	}
	return in, nil
}

// set replaces a group's lines.
func (in *inputs) set(root string, g group, s *inputSet) error {
	for k := range in.lines {
		if strings.HasPrefix(k, string(g)+" ") {
			delete(in.lines, k)
		}
	}
	now, err := fixedInputs(root)
	if err != nil {
		return err
	}
	for kind, v := range now {
		in.lines[fmt.Sprintf("%s %s -", g, kind)] = v
	}
	for m, v := range s.modules {
		in.lines[fmt.Sprintf("%s module %s", g, m)] = v
	}
	for p := range s.ours {
		h, err := apiHash(packageDir(root, p))
		if err != nil {
			return err
		}
		in.lines[fmt.Sprintf("%s api %s", g, p)] = h
	}
	return nil
}

func (in *inputs) write(root string) error {
	h, err := outputHash(root)
	if err != nil {
		return err
	}
	in.lines["all output -"] = h
	var b strings.Builder
	b.WriteString("# Written by `go -C .ci/gen run .`, read by -check; see inputs.go.\n")
	for _, k := range sorted(in.lines) {
		fmt.Fprintln(&b, k, in.lines[k])
	}
	return os.WriteFile(filepath.Join(root, sumFile), []byte(b.String()), 0o644)
}

func packageDir(root, path string) string {
	return filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(path, "graft/")))
}

// fixedInputs are those that every group has, by kind.
func fixedInputs(root string) (map[string]string, error) {
	h := sha256.New()
	for _, f := range sources(filepath.Join(root, ".ci", "gen")) {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(f), len(b), b)
	}
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOVERSION: %w", err)
	}
	return map[string]string{"generator": short(h.Sum(nil)), "go": series(strings.TrimSpace(string(out)))}, nil
}

func short(sum []byte) string { return hex.EncodeToString(sum[:12]) }

// series is a Go release without its patch level and its experiments.
func series(version string) string {
	version, _, _ = strings.Cut(version, " ")
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return version
	}
	minor := parts[1]
	if i := strings.IndexFunc(minor, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		minor = minor[:i]
	}
	return parts[0] + "." + minor
}

func outputHash(root string) (string, error) {
	var files []string
	for _, pattern := range []string{goTables.dir + "/*_gen.go", ourTables.dir + "/*_gen.go", embedDir + "/*.zip"} {
		m, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return "", err
		}
		files = append(files, m...)
	}
	slices.Sort(files)
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(f), len(b), b)
	}
	return short(h.Sum(nil)), nil
}

// moduleVersions reads what a go.mod asks for.
func moduleVersions(dir string) (map[string]string, error) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go mod edit -json in %s: %w", dir, err)
	}
	type version struct{ Path, Version string }
	var mod struct {
		Require []version
		Replace []struct{ Old, New version }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	for _, r := range mod.Replace {
		versions[r.Old.Path] = "=>" + r.New.Path + "@" + r.New.Version
	}
	return versions, nil
}

// checkInputs compares inputs.sum with what is there and names every
// difference.
func checkInputs(root string) error {
	in, err := readInputs(root)
	if err != nil {
		return err
	}
	versions, err := moduleVersions(root)
	if err != nil {
		return err
	}
	own, err := moduleVersions(filepath.Join(root, ".ci", "gen"))
	if err != nil {
		return err
	}
	var stale []string
	if tools := "golang.org/x/tools"; own[tools] != versions[tools] {
		stale = append(stale, fmt.Sprintf("%s is %s in go.mod and %s in .ci/gen/go.mod: one format writes, the other reads; make them equal and run all groups",
			tools, versions[tools], own[tools]))
	}
	fixed, err := fixedInputs(root)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if why := in.changes(root, g, fixed, versions); len(why) > 0 {
			stale = append(stale, fmt.Sprintf("group %s, mended by `go -C .ci/gen run . -only %s`:\n    %s", g, g, strings.Join(why, "\n    ")))
		}
	}
	if h, err := outputHash(root); err != nil {
		return err
	} else if len(stale) == 0 && h != in.lines["all output -"] {
		stale = append(stale, fmt.Sprintf("generated files in %s, %s or %s are not as they were written: run `go -C .ci/gen run .`", goTables.dir, ourTables.dir, embedDir))
	}
	if len(stale) > 0 {
		return errors.New("generated files are out of date\n  " + strings.Join(stale, "\n  "))
	}
	return nil
}

// changes says in what a group's inputs differ from those it was made from.
func (in *inputs) changes(root string, g group, fixed, versions map[string]string) []string {
	var out []string
	for _, kind := range sorted(fixed) {
		if was, now := in.lines[fmt.Sprintf("%s %s -", g, kind)], fixed[kind]; was != now {
			out = append(out, fmt.Sprintf("it was made with %s %s, now it is %s", kind, orNone(was), now))
		}
	}
	for _, k := range sorted(in.lines) {
		f := strings.Fields(k)
		if f[0] != string(g) {
			continue
		}
		switch f[1] {
		case "module":
			if now := versions[f[2]]; now != in.lines[k] {
				out = append(out, fmt.Sprintf("%s was %s, go.mod has %s", f[2], in.lines[k], orNone(now)))
			}
		case "api":
			now, err := apiHash(packageDir(root, f[2]))
			if err != nil {
				out = append(out, err.Error())
			} else if now != in.lines[k] {
				out = append(out, f[2]+" has other declarations or comments")
			}
		}
	}
	if g == oursGroup {
		there, _ := existing(root)
		for _, p := range there {
			if in.lines["ours api "+p] == "" {
				out = append(out, p+" is new")
			}
		}
	}
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
