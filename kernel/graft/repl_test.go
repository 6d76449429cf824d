package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"graft/kernel/notebook"
)

// The test binary is the command itself when it is asked to be, and the
// worker: those are the executable that starts them.
func TestMain(m *testing.M) {
	if os.Getenv("GRAFT_TEST_AS_COMMAND") != "" || len(os.Args) > 1 && os.Args[1] == workerName {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

// command is graft with arguments.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), "GRAFT_TEST_AS_COMMAND=1", "XDG_STATE_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	return c
}

// Cells from a pipe run one after the other, up to the first that fails.
func TestReplFromAPipe(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.ipynb")
	for _, c := range []struct {
		in, out string
		fails   bool
	}{
		{"6*7\n", "42\n", false},
		{"func f(n int) int {\n\treturn n + 1\n}\n\nf(\n41)\n", "42\n", false},
		{"x := 1\nx++\nx\n%save " + saved + "\n", "2\nwrote " + saved + ", 3 cells\n", false},
		{"%run " + saved + "\nx + 1\n", "2\n3\n", false},
		{"strings.ToUpper?\n", "func strings.ToUpper(s string) string", false},
		{"nothing.here?\n", "nothing is called nothing.here here", true},
		{"%exit\nfmt.Println(1)\n", "", false},
		{"y +\n", "expected operand", true},
		{"panic(\"no\")\n1\n", "panic: no", true},
		{"%save here\n", "one file ending in .ipynb is wanted", false},
		{"%%writefile " + filepath.Join(t.TempDir(), "a") + "\nfunc {\n\n1\n", "1\n", false},
	} {
		cmd := command(t, "repl")
		cmd.Stdin = strings.NewReader(c.in)
		out, err := cmd.CombinedOutput()
		if (err != nil) != c.fails || !strings.Contains(string(out), c.out) {
			t.Errorf("%q: %v and\n%s\nwant %q", c.in, err, out, c.out)
		}
	}
	nb, err := notebook.Read(saved)
	if err != nil || len(nb.Cells) != 3 {
		t.Errorf("the saved notebook: %v %v", nb, err)
	}
}

// %run runs a notebook in its folder, and %cd holds for %run too.
func TestReplRunsBesideTheNotebook(t *testing.T) {
	dir := t.TempDir()
	book := `{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"code","id":"a","metadata":{},"outputs":[],"execution_count":null,
		"source":"fmt.Printf(\"read %s\\n\", os.ReadFile(\"beside.txt\"))"}]}`
	for name, text := range map[string]string{"b.ipynb": book, "beside.txt": "this"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := command(t, "repl")
	cmd.Dir = filepath.Dir(dir)
	cmd.Stdin = strings.NewReader("%run " + filepath.Base(dir) + "/b.ipynb\nos.ReadDir(\"" + filepath.Base(dir) + "\")\n%cd " + filepath.Base(dir) + "\n%run b.ipynb\n%save c.ipynb\n")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), "read this") != 2 {
		t.Errorf("%v:\n%s\nwant read this, twice", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "c.ipynb")); err != nil {
		t.Errorf("%%save is not where %%cd went: %v", err)
	}
}

// What cells may use is the flag's to say, as the kernel's and run's.
func TestReplMemoryLimit(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is watched on Linux")
	}
	cmd := command(t, "repl", "--memory-limit", "200MiB")
	cmd.Stdin = strings.NewReader("b := make([]byte, 600<<20)\ncopy(b, bytes.Repeat([]byte{1}, len(b)))\ntime.Sleep(time.Minute)\n")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "out of memory") || !strings.Contains(string(out), "may use 200 MiB") {
		t.Errorf("beyond its memory limit: %v and\n%s", err, out)
	}
}

// pane is a terminal in which graft repl runs.
type pane struct {
	t      *testing.T
	socket string
}

func (p pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-L", p.socket}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return string(out)
}

// until waits for a text on the screen.
func (p pane) until(text string) string {
	p.t.Helper()
	screen := ""
	for range 600 {
		if screen = p.tmux("capture-pane", "-p", "-t", "0"); strings.Contains(screen, text) {
			return screen
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Fatalf("the screen never shows %q:\n%s", text, screen)
	return ""
}

func (p pane) keys(keys ...string) { p.tmux(append([]string{"send-keys", "-t", "0"}, keys...)...) }

// A person at a terminal: prompts, cells of several lines, completion with
// its documentation, Ctrl-C, pictures, history of an earlier session.
func TestReplAtATerminal(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("there is no tmux to drive a terminal with")
	}
	c := command(t, "repl")
	home, sessions := t.TempDir(), 0
	start := func() pane {
		sessions++ // a server of its own: that of an earlier session may be about to end
		p := pane{t, fmt.Sprintf("graft-%d-%d", os.Getpid(), sessions)}
		line := fmt.Sprintf("env GRAFT_TEST_AS_COMMAND=1 XDG_STATE_HOME=%s XDG_DATA_HOME=%s HOME=%s TERM=xterm-256color %s repl", home, home, home, c.Path)
		p.tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50", line)
		t.Cleanup(func() { _ = exec.Command("tmux", "-L", p.socket, "kill-server").Run() })
		p.until("[1]>")
		return p
	}
	p := start()
	p.keys("func twice(n int) int {", "Enter")
	p.keys("return n * 2", "Enter", "}", "Enter")
	p.until("[2]>")
	p.keys("twice(21)", "Enter")
	p.until("42\n")
	// Pasted code keeps its tabs, which typed would complete, and runs when Enter says so.
	code := exec.Command("tmux", "-L", p.socket, "load-buffer", "-")
	code.Stdin = strings.NewReader("func area(r int) int {\n\treturn 3 * r * r\n}\n\narea(5)")
	if out, err := code.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p.tmux("paste-buffer", "-p", "-t", "0")
	p.until("area(5)")
	p.keys("Enter")
	p.until("75\n")
	// So does code that is pasted while a cell runs.
	p.keys("time.Sleep(2 * time.Second)", "Enter")
	time.Sleep(500 * time.Millisecond)
	p.tmux("paste-buffer", "-p", "-t", "0")
	p.until("[5]> func area")
	p.keys("C-e", "+1", "Enter")
	p.until("76\n")
	p.keys("strings.ToTi", "Tab")
	p.until("returns a copy of the")
	p.keys("C-c", "C-u")
	p.keys("C-u", "kept := 7; for {}", "Enter")
	time.Sleep(time.Second)
	p.keys("C-c")
	p.until("Interrupted")
	p.keys("kept", "Enter")
	p.until("\n7\n")
	p.keys(`charts.Bars([]string{"a", "b"}, []float64{3, 4}, "two")`, "Enter")
	p.until("▀▀▀")
	p.keys("half a ce", "C-c")
	p.keys("C-d")
	p = start()
	p.keys("C-r")
	p.keys("twice(")
	p.until("twice(21)")
}

// run FILE that is not there says so, with the status of a failure.
func TestReplOfNoFile(t *testing.T) {
	var errs bytes.Buffer
	cmd := command(t, "repl", "missing.go")
	cmd.Stderr = &errs
	if err := cmd.Run(); err == nil || !strings.Contains(errs.String(), "missing.go") {
		t.Errorf("%v: %s", err, errs.String())
	}
}
