package install

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"graft/kernel/wire"
)

// Spec is the content of kernel.json.
type Spec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
	// ProtocolVersion has three parts, as the schema of kernelspecs wants it
	// (JEP 105). From 5.6 on a front end passes another kind of file.
	ProtocolVersion string `json:"kernel_protocol_version"`
}

// specFor describes the kernel that executable runs. Interrupts come as
// messages: a signal would also have to reach a kernel in a container.
func specFor(executable string) Spec {
	return Spec{
		Argv:          []string{executable, "kernel", "--connection-file", "{connection_file}"},
		DisplayName:   "Go (graft)",
		Language:      "go",
		InterruptMode: "message",
		Env:           map[string]string{},
		Metadata:      map[string]any{"debugger": false},

		ProtocolVersion: wire.Version + ".0",
	}
}

// Installed is what Install did.
type Installed struct {
	Folder     string // of the kernelspec
	Executable string // that it starts
	Copied     bool   // Executable is a copy made for it
}

// Install writes the kernelspec. What it starts is this executable, or a copy
// of it beside the kernelspec if it is one of `go run`, which does not last.
func Install(w Where) (Installed, error) {
	folder, err := w.Folder()
	if err != nil {
		return Installed{}, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Installed{}, installFailed(err)
	}
	done := Installed{Folder: folder}
	if done.Executable, err = os.Executable(); err != nil {
		return Installed{}, fmt.Errorf("cannot find this executable: %w", err)
	}
	if passing(done.Executable) {
		kept := filepath.Join(folder, executableName())
		if err := copyExecutable(done.Executable, kept); err != nil {
			return Installed{}, installFailed(err)
		}
		done.Executable, done.Copied = kept, true
	}
	text, err := json.MarshalIndent(specFor(done.Executable), "", " ")
	if err != nil {
		return Installed{}, err
	}
	files := map[string][]byte{"kernel.json": append(text, '\n'), "logo-svg.svg": []byte(logoSVG())}
	for _, size := range []int{32, 64} {
		if files[fmt.Sprintf("logo-%dx%d.png", size, size)], err = logoPNG(size); err != nil {
			return Installed{}, err
		}
	}
	for name, content := range files {
		if err := replace(filepath.Join(folder, name), content); err != nil {
			return Installed{}, installFailed(err)
		}
	}
	return done, nil
}

func installFailed(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("%w: choose --user, or --prefix DIR with a folder that you may write", err)
	}
	return err
}

// Uninstall removes the kernelspec and everything in its folder.
func Uninstall(w Where) (folder string, err error) {
	folder, err = w.Folder()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(folder, "kernel.json")); err != nil {
		return "", fmt.Errorf("there is no kernelspec in %s: `graft doctor` lists those that Jupyter finds", folder)
	}
	return folder, os.RemoveAll(folder)
}

// passing tells an executable that `go run` made: it is removed when it ends,
// or, from Go 1.24 on, when the build cache is trimmed.
func passing(executable string) bool {
	if cache := os.Getenv("GOCACHE"); cache != "" && strings.HasPrefix(executable, cache+string(filepath.Separator)) {
		return true
	}
	for _, part := range strings.Split(filepath.ToSlash(executable), "/") {
		if strings.HasPrefix(part, "go-build") {
			return true
		}
	}
	return false
}

func executableName() string {
	if runtime.GOOS == "windows" {
		return "graft.exe"
	}
	return "graft"
}

func copyExecutable(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	return replaceWith(to, 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, src)
		return err
	})
}

// replace writes a file whole or not at all: a kernel may be starting.
func replace(path string, content []byte) error {
	return replaceWith(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

func replaceWith(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".graft-*")
	if err != nil {
		return err
	}
	err = write(f)
	if e := f.Chmod(mode); err == nil && runtime.GOOS != "windows" {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
