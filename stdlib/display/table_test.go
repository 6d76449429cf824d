package display

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name       string
		t          Table
		text, html string
	}{
		{"numbers to the right, markup as text", Table{Caption: "a & b", Header: []string{"name", "n"}, Rows: [][]string{{"<x>", "1"}, {"yy", "-10.5"}, {"z"}}}, `a & b
name      n
<x>       1
yy    -10.5
z`, `<table><caption style="text-align:left">a &amp; b</caption><thead><tr><th style="text-align:left">name</th><th style="text-align:right">n</th></tr></thead>` +
			`<tbody><tr><td style="text-align:left">&lt;x&gt;</td><td style="text-align:right">1</td></tr>` +
			`<tr><td style="text-align:left">yy</td><td style="text-align:right">-10.5</td></tr>` +
			`<tr><td style="text-align:left">z</td><td style="text-align:right"></td></tr></tbody></table>`},
		{"cut", Table{Rows: [][]string{{"1"}, {"2"}, {"3"}, {"4"}}, MaxRows: 2}, "1\n2\n… 2 more rows",
			`<table><tbody><tr><td style="text-align:right">1</td></tr><tr><td style="text-align:right">2</td></tr>` +
				`<tr><td colspan="1" style="text-align:left">… 2 more rows</td></tr></tbody></table>`},
		{"percentages, gaps and thousands are numbers", Table{Rows: [][]string{{"5 %", "–", "1,000"}, {"10%", "2", ""}}}, "5 %  –  1,000\n10%  2", ""},
		{"told", Table{Header: []string{"left", "centre", "right"}, Rows: [][]string{{"1", "2", "a"}}, Align: []Alignment{Left, Center, Right}}, "left  centre  right\n1       2         a", ""},
		{"unknown alignments are Auto", Table{Rows: [][]string{{"1"}, {"22"}}, Align: []Alignment{99}}, " 1\n22", ""},
		{"wide characters", Table{Header: []string{"类别", "n"}, Rows: [][]string{{"猫", "1"}, {"cat", "2"}}}, "类别  n\n猫    1\ncat   2", ""},
		{"line ends stay in their cell", Table{Rows: [][]string{{"a\nb", "c"}}}, "a⏎b  c", `<table><tbody><tr><td style="text-align:left">a<br>b</td><td style="text-align:left">c</td></tr></tbody></table>`},
		{"rows longer than the header", Table{Header: []string{"a"}, Rows: [][]string{{"x", "y"}}}, "a\nx  y", ""},
		{"empty", Table{}, "", "<table><tbody></tbody></table>"},
	} {
		m := c.t.MIME()
		if m[typeText] != c.text {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, m[typeText], c.text)
		}
		if c.html != "" && m[typeHTML] != c.html {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, m[typeHTML], c.html)
		}
	}
	long := Table{Rows: make([][]string, 51)}
	if !strings.HasSuffix(long.String(), "… 1 more row") {
		t.Error("51 rows are not cut to 50")
	}
	long.MaxRows = -1
	if strings.Contains(long.String(), "more") {
		t.Error("all rows are cut")
	}
}
