package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Finding is one thing that Examine looked at.
type Finding struct {
	OK   bool
	Text string // what was found
	Mend string // the command that mends it, "" if there is nothing to mend
}

func good(format string, a ...any) Finding { return Finding{OK: true, Text: fmt.Sprintf(format, a...)} }

func bad(mend, format string, a ...any) Finding {
	return Finding{Text: fmt.Sprintf(format, a...), Mend: mend}
}

// Commands that mend.
const (
	mendJupyter = "python3 -m pip install --upgrade jupyterlab"
	mendInstall = "graft install"
)

// Examine looks at everything between Jupyter and a running cell, telling
// each finding as it comes.
func Examine(ctx context.Context, tell func(Finding)) {
	dirs := searchPath()
	for _, f := range examineJupyter(ctx, &dirs) {
		tell(f)
	}
	spec, folder, findings := examineSpecs(dirs)
	for _, f := range findings {
		tell(f)
	}
	if spec == nil {
		return
	}
	f := examineExecutable(*spec, folder)
	tell(f)
	if len(spec.Argv) == 0 || !runnable(spec.Argv[0]) {
		return
	}
	start := time.Now()
	if err := tryKernel(ctx, *spec); err != nil {
		tell(bad(mendInstall, "the kernel does not work: %v", err))
		return
	}
	tell(good("the kernel starts, and runs a cell: %d ms", time.Since(start).Milliseconds()))
}

// oldest is the first major version of jupyter_client that graft is tested
// with.
const oldest = 7

// examineJupyter asks Jupyter for its version and its search path.
func examineJupyter(ctx context.Context, dirs *[]string) []Finding {
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		return []Finding{bad(mendJupyter, "there is no jupyter on the PATH; graft run works without, and VS Code brings its own")}
	}
	var paths struct {
		Data []string `json:"data"`
	}
	out, err := exec.CommandContext(ctx, jupyter, "--paths", "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &paths)
	}
	if err != nil {
		return []Finding{bad(mendJupyter, "%s does not say where it looks for kernels: %v", jupyter, err)}
	}
	*dirs = paths.Data
	out, err = exec.CommandContext(ctx, jupyter, "--version").Output()
	m := regexp.MustCompile(`jupyter_client\s*:\s*(\d+)(\S*)`).FindSubmatch(out)
	if err != nil || m == nil {
		return []Finding{bad(mendJupyter, "%s does not say which jupyter_client it has", jupyter)}
	}
	if major, _ := strconv.Atoi(string(m[1])); major < oldest {
		return []Finding{bad(mendJupyter, "jupyter_client is %s%s, older than %d.0", m[1], m[2], oldest)}
	}
	return []Finding{good("%s, with jupyter_client %s%s", jupyter, m[1], m[2])}
}

// examineSpecs finds the kernelspec that Jupyter takes, the first of its
// search path, and those that it hides.
func examineSpecs(dirs []string) (spec *Spec, folder string, findings []Finding) {
	for _, dir := range slices.Compact(dirs) {
		candidate := filepath.Join(dir, "kernels", Name)
		text, err := os.ReadFile(filepath.Join(candidate, "kernel.json"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if spec != nil {
			findings = append(findings, good("another kernelspec in %s is hidden by the one before", candidate))
			continue
		}
		var s Spec
		if err == nil {
			err = json.Unmarshal(text, &s)
		}
		if err != nil {
			return nil, "", append(findings, bad(mendFor(candidate), "the kernelspec in %s is broken: %v", candidate, err))
		}
		spec, folder = &s, candidate
		findings = append(findings, good("kernelspec in %s", folder))
	}
	if spec == nil {
		return nil, "", []Finding{bad(mendInstall, "Jupyter finds no kernelspec %q in %s", Name, strings.Join(dirs, ", "))}
	}
	return spec, folder, findings
}

// mendFor is the command that writes the kernelspec in folder anew.
func mendFor(folder string) string {
	for flag, w := range map[string]Where{"": {User: true}, " --sys-prefix": {SysPrefix: true}, " --system": {System: true}} {
		if f, err := w.Folder(); err == nil && f == folder {
			return mendInstall + flag
		}
	}
	if prefix, ok := strings.CutSuffix(folder, filepath.Join(string(filepath.Separator)+"share", "jupyter", "kernels", Name)); ok {
		return mendInstall + " --prefix " + prefix
	}
	return mendInstall
}

// examineExecutable looks at what the kernelspec starts.
func examineExecutable(s Spec, folder string) Finding {
	mend := mendFor(folder)
	if len(s.Argv) == 0 {
		return bad(mend, "the kernelspec starts nothing: its argv is empty")
	}
	started := s.Argv[0]
	switch {
	case !filepath.IsAbs(started):
		return bad(mend, "the kernelspec starts %q, which depends on the PATH of whoever runs Jupyter", started)
	case !runnable(started):
		return bad(mend, "the kernelspec starts %s, which is no executable file", started)
	case passing(started):
		return bad(mend, "the kernelspec starts %s, which `go run` made and Go removes one day", started)
	case !slices.Contains(s.Argv, "{connection_file}"):
		return bad(mend, "the kernelspec does not hand on {connection_file}: its argv is %q", s.Argv)
	case s.InterruptMode != "message":
		return bad(mend, "the kernelspec's interrupt_mode is %q, want \"message\"", s.InterruptMode)
	}
	if self, err := os.Executable(); err == nil && !passing(self) && !sameFile(self, started) {
		return good("it starts %s, which is not this %s; `%s` would change that", started, self, mend)
	}
	return good("it starts %s", started)
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}
