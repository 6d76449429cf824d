package data

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCSV(t *testing.T) {
	dir := folder(t)
	for _, c := range []struct {
		name, text, want string
		o                CSVOptions
		labels           []int
		classes          []string
	}{
		{name: "words", text: "\ufefffile,class\nblue/more/a.png,sky\ngreen/more/b.png,grass\nblue/i.JPG,sky\n", labels: []int{1, 0, 1}, classes: []string{"grass", "sky"}},
		{name: "numbers", text: "file,class\nblue/more/a.png,2\ngreen/more/b.png,0\n", labels: []int{2, 0}, classes: []string{"0", "1", "2"}},
		{name: "columns", text: "label;split;id\n1;train;a\n0;train;c\n", o: CSVOptions{PathColumn: "id", LabelColumn: "label", Comma: ';',
			Extension: ".png", Dir: filepath.Join(dir, "blue", "more"), Classes: []string{"no", "yes"}}, labels: []int{1, 0}, classes: []string{"no", "yes"}},
		{name: "no header", text: "\"blue/more/a.png\", x\n", o: CSVOptions{NoHeader: true}, labels: []int{0}, classes: []string{"x"}},
		{name: "gone", text: "file,class\nblue/more/a.png,2\nnowhere.png,0\n", want: "line 3: there is no picture"},
		{name: "few", text: "file,class\n\nblue/more/a.png\n", want: "line 3 has 1 fields, at least 2"},
		{name: "empty", text: "file,class\n", want: "it has no pictures"},
		{name: "column", text: "file,class\nblue/more/a.png,2\n", o: CSVOptions{LabelColumn: "label"}, want: `no column "label"; there are file, class`},
		{name: "class", text: "file,class\nblue/more/a.png,sea\n", o: CSVOptions{Classes: []string{"sky"}}, want: `the label "sea", which is none of the 1 classes`},
		{name: "headings left out", text: "blue/more/a.png,sky\n", want: `line 1 should be headings, and "blue/more/a.png" is a picture`},
		{name: "no label", text: "file,class\nblue/more/a.png, \n", want: "line 2 has no label"},
		{name: "spaces", text: "file,class\r\nblue/more/a.png,sky \r\nblue/i.JPG, sky\r\n", labels: []int{0, 0}, classes: []string{"sky"}},
		{name: "semicolons", text: "file;class\nblue/more/a.png;sky\n", want: "with Comma: ';'"},
		{name: "UTF-16", text: "\xff\xfef\x00i\x00", want: "UTF-16"},
		{name: "quotes", text: "file,class\n\"a,2\n", want: "line 2"},
	} {
		path := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := CSV(path, c.o)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !slices.Equal(s.LabelInts(), c.labels) || !slices.Equal(s.ClassNames(), c.classes) {
			t.Errorf("%s: %v %v, want %v %v", c.name, s.LabelInts(), s.ClassNames(), c.labels, c.classes)
		}
		if _, err := s.Sample(2, 0); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
		err  string
	}{
		{"0:daisy\n1:dandelion\n", []string{"daisy", "dandelion"}, ""},
		{"1:b\r\n0:a: b\r\n", []string{"a: b", "b"}, ""},
		{"cat\ndog", []string{"cat", "dog"}, ""},
		{"0:a\n2:b\n", nil, "label 2"},
		{"0:a\n0:b\n", nil, "label 0"},
	} {
		got, err := ReadLabels(write(t, "labels.txt", []byte(c.text)))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: got %v", c.text, err)
			}
		} else if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v %v", c.text, got, err)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("file,class\na.png,2\n", "", "class")
	f.Add("a;\"b\"\n", "a", "")
	f.Fuzz(func(t *testing.T, text, path, label string) {
		rows, err := readCSV(strings.NewReader(text), CSVOptions{PathColumn: path, LabelColumn: label})
		if err != nil {
			return
		}
		words := make([]string, len(rows))
		for i, r := range rows {
			words[i] = r.label
		}
		labels, classes, err := labelWords(words, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range labels {
			if classes[l] != words[i] && strings.TrimLeft(words[i], "+0") != strings.TrimLeft(classes[l], "0") && words[i] != "-0" {
				t.Errorf("label %q became %q", words[i], classes[l])
			}
		}
	})
}

func FuzzLabels(f *testing.F) {
	f.Add("0:daisy\n1:rose\n")
	f.Add("a\r\nb")
	f.Fuzz(func(t *testing.T, text string) {
		if labels, err := parseLabels(text); err == nil && len(labels) == 0 {
			t.Errorf("%q has no labels", text)
		}
	})
}
