package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"

	"graft/repl/internal/command"
)

// cdCommand is %cd.
func (s *Session) cdCommand(_ context.Context, c command.Command, cell Cell, out Output) Result {
	dir := strings.Trim(c.Args, `"`)
	if dir == "" || dir == "~" || strings.HasPrefix(dir, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return commandError(cell, c, err.Error())
		}
		dir = filepath.Join(home, strings.TrimPrefix(dir, "~"))
	}
	if err := os.Chdir(dir); err != nil {
		return commandError(cell, c, err.Error())
	}
	if now, err := os.Getwd(); err == nil {
		out.Stream("stdout", now+"\n")
	}
	return Result{}
}

// envCommand is %env.
func (s *Session) envCommand(_ context.Context, c command.Command, cell Cell, out Output) Result {
	name, value, set := strings.Cut(c.Args, "=")
	name = strings.TrimSpace(name)
	switch {
	case set && name != "":
		if err := os.Setenv(name, strings.Trim(strings.TrimSpace(value), `"`)); err != nil {
			return commandError(cell, c, err.Error())
		}
	case c.Args == "":
		env := os.Environ()
		sort.Strings(env)
		out.Stream("stdout", strings.Join(env, "\n")+"\n")
	default:
		v, ok := os.LookupEnv(name)
		if !ok {
			return commandError(cell, c, fmt.Sprintf("there is no environment variable %s", name))
		}
		out.Stream("stdout", v+"\n")
	}
	return Result{}
}

// writefileCommand is %%writefile.
func (s *Session) writefileCommand(_ context.Context, c command.Command, cell Cell, out Output) Result {
	name, mode, verb := c.Args, os.O_TRUNC, "wrote"
	if rest, ok := strings.CutPrefix(name, "-a "); ok {
		name, mode, verb = strings.TrimSpace(rest), os.O_APPEND, "appended to"
	}
	if name == "" {
		return commandError(cell, c, "%%writefile needs the name of a file")
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|mode, 0o644)
	if err == nil {
		_, err = io.WriteString(f, c.Body)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return commandError(cell, c, err.Error())
	}
	out.Stream("stdout", fmt.Sprintf("%s %s\n", verb, name))
	return Result{}
}

// shellCommand is !command.
func (s *Session) shellCommand(ctx context.Context, c command.Command, cell Cell, out Output) Result {
	if c.Args == "" {
		return commandError(cell, c, "! needs a command")
	}
	// It would be waited for all the same: what it puts out is the cell's.
	if line := strings.TrimSpace(c.Args); strings.HasSuffix(line, "&") && !strings.HasSuffix(line, "&&") && runtime.GOOS != "windows" {
		return commandError(cell, c, "! waits for its command, so & means nothing: leave it out, or start it from Go, with exec.Command(…).Start(), which does not wait")
	}
	shell := []string{"sh", "-c", c.Args}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/c", c.Args}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1:]...)
	cmd.Stdout, cmd.Stderr = stream{out, "stdout"}, stream{out, "stderr"}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return Result{Err: &Error{Name: Interrupted, Message: "the command was interrupted", Line: c.Line, Column: c.Col,
			Traceback: excerpt(cell, c.Line, c.Col, "the command was interrupted")}}
	case err != nil:
		return commandError(cell, c, err.Error())
	}
	return Result{}
}

// stream writes to one of a cell's streams, whole runes at a time.
type stream struct {
	out  Output
	name string
}

func (w stream) Write(b []byte) (int, error) {
	w.out.Stream(w.name, string(bytes.ToValidUTF8(b, []byte("\uFFFD"))))
	return len(b), nil
}
