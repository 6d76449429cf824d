package nearby

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHint(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("data/first_transfer", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data/first_transfer/train-images.gz", "data/first_transfer/test-images.gz", "data/b.txt", "data/a.txt"} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"data/first_transfer/tran-images.gz":   "did you mean data/first_transfer/train-images.gz?",
		"data/first_trasfer/train-images.gz":   "did you mean data/first_transfer/train-images.gz?",
		"./dta/first_transfer/train-images.gz": "did you mean data/first_transfer/train-images.gz?",
		"data/first_trasfer/of mine":           "there is no folder data/first_trasfer; did you mean data/first_transfer?",
		"photos/cat.jpg":                       "there is no folder photos",
		"data/DATA":                            "",
		"data/c.txt":                           "did you mean data/a.txt?", // the first of equally near ones
		"data/first_transfer":                  "",
		"../" + filepath.Base(dir) + "/dat":    "did you mean ../" + filepath.Base(dir) + "/data?",
		"":                                     "",
	} {
		if got := Hint(filepath.FromSlash(path)); got != filepath.FromSlash(want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "labels.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := os.Open(filepath.Join(dir, "labelstxt"))
	got := Explain(err)
	if !errors.Is(got, fs.ErrNotExist) || !strings.HasSuffix(got.Error(), "did you mean "+filepath.Join(dir, "labels.txt")+"?") {
		t.Errorf("%v", got)
	}
	if other := errors.New("another"); Explain(other) != other || Explain(nil) != nil {
		t.Error("another error was changed")
	}
	_, err = os.Open(filepath.Join(dir, "something else"))
	if Explain(err) != err {
		t.Errorf("%v, where there is nothing to say", Explain(err))
	}
}
