package notebook

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// with is a notebook whose cells have these sources, the second tagged
// parameters.
func with(t *testing.T, minor int, sources ...string) *Notebook {
	t.Helper()
	var cells []string
	for i, s := range sources {
		tags := "[]"
		if i == 1 {
			tags = `["parameters"]`
		}
		cells = append(cells, fmt.Sprintf(`{"cell_type":"code","metadata":{"tags":%s},"outputs":[],"execution_count":null,"source":%q}`, tags, s))
	}
	nb, err := Parse([]byte(fmt.Sprintf(`{"nbformat":4,"nbformat_minor":%d,"metadata":{},"cells":[%s]}`, minor, strings.Join(cells, ","))))
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

func TestInject(t *testing.T) {
	nb := with(t, 5, "first", "size := 3 // pictures\nrate, name := 0.1, \"a\"\nvar (\n\tmodel string\n\tdeep bool\n)", "last")
	for i, want := range []string{"// Parameters\nsize = 7\nname = \"7 \\\"x\\\"\"\nmodel = \"m=n\"\ndeep = true", "// Parameters\nrate = 1/3.0"} {
		var params []Parameter
		for _, text := range [][]string{{"size=7", `name=7 "x"`, "model=m=n", "deep=true"}, {"rate=1/3.0"}}[i] {
			p, err := ParseParameter(text)
			if err != nil {
				t.Fatal(err)
			}
			params = append(params, p)
		}
		if err := nb.Inject(params); err != nil {
			t.Fatal(err)
		}
		if len(nb.Cells) != 4 || nb.Cells[2].Source != want || !nb.Cells[2].HasTag("injected-parameters") || nb.Cells[3].Source != "last" {
			t.Errorf("got %q", nb.Cells[2].Source)
		}
	}
	var id string
	if err := json.Unmarshal(nb.Cells[2].rest["id"], &id); err != nil || len(id) != 8 {
		t.Errorf("the id is %q, %v", id, err)
	}
	old := with(t, 4, "first", "x := 1")
	if err := old.Inject([]Parameter{{"x", "2"}}); err != nil || old.Cells[2].rest["id"] != nil {
		t.Errorf("nbformat 4.4 has no ids: %s, %v", old.Cells[2].rest["id"], err)
	}
}

func TestInjectRefuses(t *testing.T) {
	for want, f := range map[string]func() error{
		"no code cell is tagged":    func() error { return with(t, 5, "x := 1").Inject([]Parameter{{"x", "2"}}) },
		`no variable "y", only x`:   func() error { return with(t, 5, "", "x := 1").Inject([]Parameter{{"y", "2"}}) },
		`"2 3", which is no Go`:     func() error { return with(t, 5, "", "x := 1").Inject([]Parameter{{"x", "2 3"}}) },
		"nothing but variables":     func() error { return with(t, 5, "", "func f() {}").Inject([]Parameter{{"x", "2"}}) },
		`"x", want name=value`:      func() error { _, err := ParseParameter("x"); return err },
		`"a b=1", want name=value`:  func() error { _, err := ParseParameter("a b=1"); return err },
		`"func=1", want name=value`: func() error { _, err := ParseParameter("func=1"); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
