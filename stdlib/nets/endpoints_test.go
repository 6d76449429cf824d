package nets

import (
	"strings"
	"testing"

	"graft/stdlib/graph"
)

func TestEndPoints(t *testing.T) {
	_, end, err := InceptionV1(small(t, 64), Config{NumClasses: 3, GlobalPool: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n := ok[*graph.Node](t)(end.Get("Mixed_4e")); n != end["Mixed_4e"] {
		t.Errorf("got %v", n)
	}
	for name, want := range map[string]string{"Mixed4e": "the nearest are Mixed_4e", "mixed_5C": "the nearest are Mixed_5c", "": "there is no end point"} {
		if _, err := end.Get(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	if _, err := (EndPoints{}).Get("x"); err == nil || !strings.Contains(err.Error(), "there are none") {
		t.Error(err)
	}
	defer func() {
		if r, is := recover().(string); !is || !strings.Contains(r, "EndPoints.Get") {
			t.Errorf("panic %q", r)
		}
	}()
	_ = end["Mixed4e"].Shape()
}
