package install

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the paths are Linux's")
	}
	env := func(name, value string) { t.Helper(); t.Setenv(name, value) }
	env("HOME", "/home/u")
	for _, name := range []string{"JUPYTER_DATA_DIR", "XDG_DATA_HOME", "CONDA_PREFIX"} {
		env(name, "")
	}
	env("VIRTUAL_ENV", "/venv")
	// As `jupyter --paths` of jupyter_core 5 gives them on Linux.
	for want, w := range map[string]Where{
		"/home/u/.local/share/jupyter/kernels/graft":  {},
		"/venv/share/jupyter/kernels/graft":           {SysPrefix: true},
		"/usr/local/share/jupyter/kernels/graft":      {System: true},
		"/opt/p/share/jupyter/kernels/graft":          {Prefix: "/opt/p"},
		"/home/u/.local/share/jupyter/kernels/graft/": {User: true},
	} {
		if got, err := w.Folder(); err != nil || got != filepath.Clean(want) {
			t.Errorf("%+v: got %s, %v, want %s", w, got, err, want)
		}
	}
	env("XDG_DATA_HOME", "/data")
	if got, _ := (Where{}).Folder(); got != "/data/jupyter/kernels/graft" {
		t.Errorf("with XDG_DATA_HOME: %s", got)
	}
	env("JUPYTER_DATA_DIR", "/jd")
	if got, _ := (Where{}).Folder(); got != "/jd/kernels/graft" {
		t.Errorf("with JUPYTER_DATA_DIR: %s", got)
	}
	if _, err := (Where{User: true, System: true}).Folder(); err == nil {
		t.Error("two places at once are accepted")
	}
}

func TestInstallAndUninstall(t *testing.T) {
	w := Where{Prefix: t.TempDir()}
	if _, err := Uninstall(w); err == nil || !strings.Contains(err.Error(), "no kernelspec") {
		t.Errorf("uninstalling nothing: %v", err)
	}
	done, err := Install(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Install(w); err != nil { // over what is there
		t.Fatal(err)
	}
	// go test's executable is one that does not last, so that a copy is started.
	if !done.Copied || filepath.Dir(done.Executable) != done.Folder || !runnable(done.Executable) {
		t.Errorf("got %+v", done)
	}
	text, err := os.ReadFile(filepath.Join(done.Folder, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s Spec
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if s.Argv[0] != done.Executable || s.DisplayName != "Go (graft)" || s.Language != "go" || s.InterruptMode != "message" {
		t.Errorf("got %s", text)
	}
	if f := examineExecutable(s, done.Folder); !f.OK {
		t.Errorf("the doctor says %+v", f)
	}
	if folder, err := Uninstall(w); err != nil || folder != done.Folder {
		t.Errorf("uninstall: %s, %v", folder, err)
	}
	if _, err := os.Stat(done.Folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestPassing(t *testing.T) {
	t.Setenv("GOCACHE", filepath.FromSlash("/cache"))
	for path, want := range map[string]bool{
		"/tmp/go-build3275164513/b001/exe/graft": true,
		"/root/.cache/go-build/4a/4a5b-d/graft":  true,
		"/cache/4a/4a5b-d/graft":                 true,
		"/usr/local/bin/graft":                   false,
		"/home/u/go/bin/graft":                   false,
		"/tmp/graft":                             false,
	} {
		if got := passing(filepath.FromSlash(path)); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}

func TestLogo(t *testing.T) {
	for _, size := range []int{32, 64} {
		text, err := logoPNG(size)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(text))
		if err != nil || img.Bounds().Dx() != size || img.Bounds().Dy() != size || len(text) > 8<<10 {
			t.Errorf("%d: %v, %v, %d bytes", size, img.Bounds(), err, len(text))
		}
		if _, _, _, a := img.At(0, 0).RGBA(); a != 0 {
			t.Error("the corner is not clear")
		}
	}
	if err := xml.Unmarshal([]byte(logoSVG()), new(struct{ XMLName xml.Name })); err != nil {
		t.Error(err)
	}
}

// Each way for a kernelspec to be wrong is found, and named.
func TestDoctorFinds(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lasting := filepath.Join(t.TempDir(), executableName())
	if err := copyExecutable(exe, lasting); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	change := func(f func(*Spec)) Spec { s := specFor(lasting); f(&s); return s }
	cases := map[string]Spec{
		"argv is empty":            change(func(s *Spec) { s.Argv = nil }),
		"depends on the PATH":      change(func(s *Spec) { s.Argv[0] = "graft" }),
		"no executable file":       change(func(s *Spec) { s.Argv[0] = lasting + "gone" }),
		"go run":                   change(func(s *Spec) { s.Argv[0] = exe }),
		"{connection_file}":        change(func(s *Spec) { s.Argv = s.Argv[:2] }),
		"interrupt_mode is \"\"":   change(func(s *Spec) { s.InterruptMode = "" }),
		"which is no executable f": change(func(s *Spec) { s.Argv[0] = plain }),
	}
	if runtime.GOOS == "windows" {
		delete(cases, "which is no executable f")
	}
	for want, s := range cases {
		if f := examineExecutable(s, "/p/share/jupyter/kernels/graft"); f.OK || !strings.Contains(f.Text, want) || f.Mend == "" {
			t.Errorf("got %+v, want %q", f, want)
		}
	}
	if f := examineExecutable(specFor(lasting), "/p"); !f.OK {
		t.Errorf("a good one: %+v", f)
	}
	dir := t.TempDir()
	if _, _, fs := examineSpecs([]string{dir}); len(fs) != 1 || fs[0].OK || fs[0].Mend != mendInstall {
		t.Errorf("without a kernelspec: %+v", fs)
	}
	broken := filepath.Join(dir, "share", "jupyter")
	if err := os.MkdirAll(filepath.Join(broken, "kernels", Name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "kernels", Name, "kernel.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, fs := examineSpecs([]string{broken}); len(fs) != 1 || fs[0].OK || fs[0].Mend != mendInstall+" --prefix "+dir {
		t.Errorf("with a broken one: %+v", fs)
	}
}
