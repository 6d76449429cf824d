package repl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// In testdata/sessions a file is a session: the section "In[n]" is a cell,
// "Out[n]" what it prints, shows and fails with. -update writes what a session
// does now; read the difference before keeping it.
func TestSessions(t *testing.T) {
	files, err := filepath.Glob("testdata/sessions/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions: ", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { playSession(t, file) })
	}
}

func playSession(t *testing.T, file string) {
	if raceEnabled && (strings.HasSuffix(file, "errors.txtar") || strings.HasSuffix(file, "packages.txtar")) {
		t.Skip("panics have no lines under the race detector")
	}
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	s := newTestSession(t)
	want := map[string]string{}
	for _, f := range a.Files {
		want[f.Name] = string(f.Data)
	}
	var fs []txtar.File
	for _, f := range a.Files {
		name, isCell := strings.CutPrefix(f.Name, "In[")
		if !isCell {
			if !strings.HasPrefix(f.Name, "Out[") { // a file beside the notebook
				if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f.Name, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
				fs = append(fs, f)
			}
			continue
		}
		n := 0
		_, _ = fmt.Sscanf(name, "%d]", &n)
		got := playCell(s, n, strings.TrimSuffix(string(f.Data), "\n"))
		out := fmt.Sprintf("Out[%d]", n)
		if !*update && got != want[out] {
			t.Errorf("%s prints\n%s\nwant\n%s", f.Name, got, want[out])
		}
		fs = append(fs, f)
		if got != "" {
			fs = append(fs, txtar.File{Name: out, Data: []byte(got)})
		}
	}
	if *update {
		a.Files = fs
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var durations = regexp.MustCompile(`\b[0-9.]+(ns|µs|ms|s)\b|series of [0-9]+`)

// playCell runs a cell and writes down all a user would see.
func playCell(s *Session, n int, source string) string {
	r := &record{}
	res := s.Execute(context.Background(), Cell{ID: fmt.Sprint(n), Number: n, Source: source}, r)
	var b strings.Builder
	b.WriteString(r.out.String())
	if e := r.err.String(); e != "" {
		fmt.Fprintf(&b, "stderr: %s", e)
	}
	for _, note := range res.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	for _, d := range r.shown {
		fmt.Fprintf(&b, "shown: %s\n", representations(d.Data))
	}
	if res.Value != nil {
		fmt.Fprintf(&b, "=> %s\n", representations(res.Value.Data))
	}
	if res.Err != nil {
		fmt.Fprintf(&b, "%s at %d:%d\n%s\n", res.Err.Name, res.Err.Line, res.Err.Column, strings.Join(res.Err.Traceback, "\n"))
	}
	text := b.String()
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	text = pointer.ReplaceAllString(text, "PTR")
	if strings.Contains(source, "%time") || strings.Contains(source, "%%time") {
		text = durations.ReplaceAllString(text, "TIME")
	}
	return text
}

// representations is the plain text, and the names of what there is besides.
func representations(data map[string]string) string {
	var more []string
	for k := range data {
		if k != "text/plain" {
			more = append(more, k)
		}
	}
	sort.Strings(more)
	if len(more) == 0 {
		return data["text/plain"]
	}
	return data["text/plain"] + " (also as " + strings.Join(more, ", ") + ")"
}
