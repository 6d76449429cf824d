// Package install makes Jupyter know graft: it writes, removes and examines
// kernelspecs (jupyter-client.readthedocs.io/en/stable/kernels.html). It is
// what `graft install`, `graft uninstall` and `graft doctor` do.
//
//	done, err := install.Install(install.Where{SysPrefix: true}) // the active Python environment
//	fmt.Println(done.Folder)                                     // …/share/jupyter/kernels/graft
//	install.Examine(ctx, func(f install.Finding) { fmt.Println(f.OK, f.Text, f.Mend) })
//
// A kernelspec is a folder with kernel.json, which says what Jupyter is to
// start (Spec), and with the logos that launchers show. Jupyter looks for such
// folders on a search path; Where names the places on it as Jupyter's own
// commands do: --user, --sys-prefix, and for all users. The path of the
// executable in kernel.json is absolute, so that no PATH is needed.
//
// Examine is for when it does not work. It asks jupyter for its search path,
// finds every kernelspec named graft there and says which of them counts,
// looks whether what it starts is there and may be started, and then does what
// Jupyter does: starts the kernel and runs a cell over its sockets. Each
// Finding that is not OK has the command that mends it.
//
// # Errors
//
// Two places at once; no home folder, no active Python environment; a folder
// that may not be written, with the places that may; for Uninstall, that there
// is nothing. What Examine finds wrong is a Finding, not an error.
package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Name is the kernelspec's, and that of its folder.
const Name = "graft"

// Where names a place for a kernelspec; at most one may be set. Without any
// it is the user's.
type Where struct {
	User      bool   // for this user
	SysPrefix bool   // in the Python environment that is active
	System    bool   // for all users
	Prefix    string // under this folder: PREFIX/share/jupyter/kernels
}

// Folder returns the kernelspec's folder.
func (w Where) Folder() (string, error) {
	n := 0
	for _, set := range []bool{w.User, w.SysPrefix, w.System, w.Prefix != ""} {
		if set {
			n++
		}
	}
	if n > 1 {
		return "", errors.New("choose one of --user, --sys-prefix, --system and --prefix")
	}
	data, err := w.data()
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(data, "kernels", Name))
}

// data is the folder that Jupyter calls its data folder.
func (w Where) data() (string, error) {
	switch {
	case w.Prefix != "":
		return filepath.Join(w.Prefix, "share", "jupyter"), nil
	case w.SysPrefix:
		prefix, err := activePrefix()
		return filepath.Join(prefix, "share", "jupyter"), err
	case w.System:
		return systemData(), nil
	}
	return userData()
}

// userData follows jupyter_core's jupyter_data_dir.
func userData() (string, error) {
	if dir := os.Getenv("JUPYTER_DATA_DIR"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("there is no home folder (%w): set JUPYTER_DATA_DIR, or choose --prefix DIR", err)
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter"), nil
	case "windows":
		if dir := os.Getenv("APPDATA"); dir != "" {
			return filepath.Join(dir, "jupyter"), nil
		}
		return filepath.Join(home, ".jupyter", "data"), nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

func systemData() string {
	if runtime.GOOS != "windows" {
		return "/usr/local/share/jupyter"
	}
	if dir := os.Getenv("PROGRAMDATA"); dir != "" {
		return filepath.Join(dir, "jupyter")
	}
	return `C:\ProgramData\jupyter`
}

// activePrefix is the Python environment of this shell: the one that is
// activated, else the one whose jupyter is found first.
func activePrefix() (string, error) {
	for _, name := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if dir := os.Getenv(name); dir != "" {
			return dir, nil
		}
	}
	for _, python := range []string{"python3", "python"} {
		out, err := exec.Command(python, "-c", "import sys; print(sys.prefix)").Output()
		if dir := strings.TrimSpace(string(out)); err == nil && dir != "" {
			return dir, nil
		}
	}
	return "", errors.New("no Python environment is active (VIRTUAL_ENV and CONDA_PREFIX are empty, and there is no python3): activate one, or choose --user or --prefix DIR")
}

// searchPath lists the data folders in which Jupyter looks for kernelspecs,
// as far as they can be known without asking it.
func searchPath() []string {
	dirs := filepath.SplitList(os.Getenv("JUPYTER_PATH"))
	for _, w := range []Where{{User: true}, {SysPrefix: true}, {System: true}} {
		if dir, err := w.data(); err == nil {
			dirs = append(dirs, dir)
		}
	}
	if runtime.GOOS != "windows" {
		dirs = append(dirs, "/usr/share/jupyter")
	}
	return dirs
}
