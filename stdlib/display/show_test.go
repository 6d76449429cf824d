package display

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"graft/stdlib/host"
)

// fakeHost keeps what a cell shows.
type fakeHost struct {
	ctx context.Context

	mu    sync.Mutex
	log   []string // display, update and clear, in order
	ids   []string
	state map[string]host.Bundle
}

func install(t *testing.T) (*fakeHost, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	h := &fakeHost{ctx: ctx, state: map[string]host.Bundle{}}
	t.Cleanup(host.Install(h))
	t.Cleanup(cancel)
	return h, cancel
}

func (h *fakeHost) note(what, id string, b host.Bundle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, what+" "+b[typeText])
	h.ids = append(h.ids, id)
	h.state[id] = b
}

func (h *fakeHost) Context() context.Context         { return h.ctx }
func (h *fakeHost) Display(id string, b host.Bundle) { h.note("display", id, b) }
func (h *fakeHost) Update(id string, b host.Bundle)  { h.note("update", id, b) }
func (h *fakeHost) Clear(wait bool)                  { h.log = append(h.log, fmt.Sprint("clear ", wait)) }
func (h *fakeHost) Input(p string, password bool) (string, error) {
	if password {
		return "", errors.New("no passwords")
	}
	return "answer to " + p, nil
}

// Render knows one type that display does not, as a session knows those of
// its cells.
func (h *fakeHost) Render(v any) host.Bundle {
	if _, ok := v.(chan int); ok {
		return host.Bundle{typeText: "a cell's own"}
	}
	return Render(v)
}

func (h *fakeHost) want(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(h.log, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestShowAndUpdate(t *testing.T) {
	h, cancel := install(t)
	a, err := Show("one")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Show(make(chan int))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Update([]int{2}); err != nil {
		t.Fatal(err)
	}
	Clear(true)
	h.want(t, "display one", "display a cell's own", "update [2]", "clear true")
	if h.ids[0] == h.ids[1] || h.ids[0] != h.ids[2] || h.ids[0] == "" {
		t.Errorf("ids %q", h.ids)
	}
	if s, err := Input("name?"); s != "answer to name?" || err != nil {
		t.Error(s, err)
	}
	if _, err := Password("key?"); err == nil {
		t.Error("no error")
	}
	cancel()
	if err := b.Update(1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Show(1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := (*Handle)(nil).Update(1); err == nil {
		t.Error("no error")
	}
	if len(h.ids) != 3 {
		t.Error("shown after the interrupt")
	}
}

func TestProgress(t *testing.T) {
	h, cancel := install(t)
	now := time.Unix(0, 0)
	p := newProgress(100, "epoch 1 <b>", func() time.Time { return now })
	for range 40 {
		now = now.Add(30 * time.Millisecond)
		p.Add(1)
	}
	p.Set(-5)
	now = now.Add(time.Second)
	p.Set(50)
	p.Set(100)
	p.Done("loss 0.5")
	h.want(t,
		"display epoch 1 <b>: 0 of 100 (0 %)",
		"update epoch 1 <b>: 4 of 100 (4 %)",
		"update epoch 1 <b>: 8 of 100 (8 %)",
		"update epoch 1 <b>: 12 of 100 (12 %)",
		"update epoch 1 <b>: 16 of 100 (16 %)",
		"update epoch 1 <b>: 20 of 100 (20 %)",
		"update epoch 1 <b>: 24 of 100 (24 %)",
		"update epoch 1 <b>: 28 of 100 (28 %)",
		"update epoch 1 <b>: 32 of 100 (32 %)",
		"update epoch 1 <b>: 36 of 100 (36 %), 0:02 left",
		"update epoch 1 <b>: 40 of 100 (40 %), 0:02 left",
		"update epoch 1 <b>: 50 of 100 (50 %), 0:02 left",
		"update epoch 1 <b>: 100 of 100 (100 %), 0:02, loss 0.5",
	)
	if want := `<div><progress value="100" max="100" style="width:16em;vertical-align:middle"></progress> epoch 1 &lt;b&gt;: 100 of 100 (100 %), 0:02, loss 0.5</div>`; h.state[h.ids[0]][typeHTML] != want {
		t.Errorf("%s\nwant\n%s", h.state[h.ids[0]][typeHTML], want)
	}
	if got := p.MIME()[typeText]; got != "epoch 1 <b>: 100 of 100 (100 %), 0:02, loss 0.5" {
		t.Error(got)
	}
	cancel()
	p.Done("") // an interrupted cell shows nothing more
	NewProgress(3, "late").Done("x")
	if len(h.log) != 13 {
		t.Error(h.log[13:])
	}
}

func TestProgressWithoutTotal(t *testing.T) {
	h, _ := install(t)
	now := time.Unix(0, 0)
	p := newProgress(-1, "", func() time.Time { return now })
	now = now.Add(3723 * time.Second)
	p.Add(7)
	if got := h.state[h.ids[0]][typeHTML]; got != `<div><progress style="width:16em;vertical-align:middle"></progress> 7</div>` {
		t.Error(got)
	}
	p.Done("")
	h.want(t, "display 0", "update 7", "update 7, 1:02:03")
	var none *Progress
	none.Add(1)
	none.Set(1)
	none.Done("")
	if none.MIME()[typeText] != "<nil>" {
		t.Error(none.MIME())
	}
}

func TestProgressFromSeveralGoroutines(t *testing.T) {
	h, _ := install(t)
	p := NewProgress(800, "rows")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				p.Add(1)
			}
		})
	}
	wg.Wait()
	p.Done("")
	if got := h.state[h.ids[0]][typeText]; !strings.HasPrefix(got, "rows: 800 of 800 (100 %)") {
		t.Error(got)
	}
}

// A bar that begins in the middle judges the time left by what is done from
// there on.
func TestProgressBegins(t *testing.T) {
	h, _ := install(t)
	now := time.Unix(0, 0)
	p := newProgress(100, "", func() time.Time { return now })
	p.Begin(50)
	p.Say("loss 2")
	now = now.Add(10 * time.Second)
	p.Set(60)
	now = now.Add(10 * time.Second)
	p.Say("loss 1")
	p.Set(70)
	p.Done("")
	h.want(t,
		"display 0 of 100 (0 %)",
		"update 60 of 100 (60 %), 0:40 left, loss 2",
		"update 70 of 100 (70 %), 0:30 left, loss 1",
		"update 70 of 100 (70 %), 0:20",
	)
	var none *Progress
	none.Begin(3)
	none.Say("nothing")
}
