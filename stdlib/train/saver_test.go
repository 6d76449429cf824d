package train

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// keptRun is a run of testdata/saver.json, which make_saver.py made with
// TensorFlow's Saver.
type keptRun struct {
	Run     string
	Options struct {
		MaxToKeep  *int    `json:"max_to_keep"`
		EveryHours float64 `json:"keep_checkpoint_every_n_hours"`
	}
	Saves, More []keptSave
	Recover     []string
}

type keptSave struct {
	Step, Minutes int
	Last          []string `json:"last_checkpoints"`
	State         []string
	Latest        string
	OnDisk        []string `json:"on_disk"`
}

// The Saver keeps what TensorFlow's keeps, and says so as it does.
func TestSaverKeeps(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "saver.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Runs []keptRun }
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	for _, run := range golden.Runs {
		t.Run(run.Run, func(t *testing.T) {
			g := graph.New()
			variable(t, g, "w", 1)
			sess := ok[*graph.Session](t)(graph.NewSession(g))
			dir := t.TempDir()
			play(t, sess, dir, run, run.Saves, false)
			if run.More != nil {
				play(t, sess, dir, run, run.More, len(run.Recover) > 0)
			}
		})
	}
}

// play saves as a new Saver does, and compares after each save.
func play(t *testing.T, sess *graph.Session, dir string, run keptRun, saves []keptSave, told bool) {
	t.Helper()
	start := time.Now().Add(-100 * time.Hour)
	s := ok[*Saver](t)(NewSaver(sess.Graph()))
	s.keeper.Since, s.KeepCheckpointEveryNHours = start, run.Options.EveryHours
	if run.Options.MaxToKeep != nil {
		s.MaxToKeep = *run.Options.MaxToKeep
	}
	if told {
		if err := s.RecoverLastCheckpoints(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range saves {
		path := ok[string](t)(s.Save(sess, filepath.Join(dir, "model.ckpt"), want.Step))
		at := start.Add(time.Duration(want.Minutes) * time.Minute)
		if err := os.Chtimes(path+".index", at, at); err != nil {
			t.Fatal(err)
		}
		state := ok[*ckpt.State](t)(ckpt.GetCheckpointState(dir))
		var onDisk []string
		for _, f := range ok[[]string](t)(filepath.Glob(filepath.Join(dir, "*.index"))) {
			onDisk = append(onDisk, strings.TrimSuffix(f, ".index"))
		}
		for what, pair := range map[string][2][]string{
			"last checkpoints": {s.LastCheckpoints(), want.Last}, "state": {state.All, want.State},
			"on disk": {onDisk, want.OnDisk}, "latest": {{state.Latest}, {want.Latest}},
		} {
			if got := bases(pair[0]); !slices.Equal(got, pair[1]) {
				t.Errorf("step %d: %s %v, want %v", want.Step, what, got, pair[1])
			}
		}
	}
}

func bases(paths []string) []string {
	out := []string{}
	for _, p := range paths {
		out = append(out, filepath.Base(p))
	}
	return out
}

// A folder that was moved, with absolute paths in its state, is understood.
func TestSaverRecoversMovedFolder(t *testing.T) {
	g := graph.New()
	variable(t, g, "w", 1)
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	dir := filepath.Join(t.TempDir(), "before")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	first := ok[*Saver](t)(NewSaver(g))
	for step := range 2 {
		ok[string](t)(first.Save(sess, filepath.Join(dir, "m"), step))
	}
	text := "model_checkpoint_path: \"" + filepath.ToSlash(dir) + "/m-1\"\nall_model_checkpoint_paths: \"" + filepath.ToSlash(dir) + "/m-0\"\nall_model_checkpoint_paths: \"" + filepath.ToSlash(dir) + "/m-1\"\n"
	if err := os.WriteFile(filepath.Join(dir, "checkpoint"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(filepath.Dir(dir), "after")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	s := ok[*Saver](t)(NewSaver(g))
	if err := s.RecoverLastCheckpoints(moved); err != nil {
		t.Fatal(err)
	}
	if got := bases(s.LastCheckpoints()); !slices.Equal(got, []string{"m-0", "m-1"}) {
		t.Errorf("recovered %v", got)
	}
	if err := s.RecoverLastCheckpoints(t.TempDir()); err != nil || len(s.LastCheckpoints()) != 0 {
		t.Errorf("of an empty folder: %v, %v", s.LastCheckpoints(), err)
	}
	s.MaxToKeep = -1
	_, err := s.Save(sess, filepath.Join(moved, "m"), 2)
	wants(t, err, "keep -1 checkpoints", "negative")
}
