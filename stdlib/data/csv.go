package data

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"graft/ckpt/nearby"
)

// CSVOptions say where a CSV file has paths and labels. The zero value is a
// first line of headings, then a path and a label on each line.
type CSVOptions struct {
	// Dir is the folder that paths are in. Default: the CSV file's.
	Dir string
	// PathColumn and LabelColumn are the headings of the columns. Default: the
	// first two columns.
	PathColumn, LabelColumn string
	// NoHeader says that the first line is a picture.
	NoHeader bool
	// Comma between fields. Default: ','.
	Comma rune
	// Extension is put behind paths, such as ".jpg".
	Extension string
	// Classes are the names of the labels. Default: if all labels are whole
	// numbers from 0 on, these; else the labels' words in alphabetical order.
	Classes []string
}

// CSV is pictures by a CSV file of paths and labels. Labels are words or
// numbers, without spaces around them. Errors: a column that is not there, a
// line that has too few fields or no label, a picture that is not there, a
// label that is none of the Classes, a first line that names a picture where
// headings are expected.
func CSV(path string, o CSVOptions) (*Pictures, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	defer f.Close()
	if o.Dir == "" {
		o.Dir = filepath.Dir(path)
	}
	rows, err := readCSV(f, o)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	words := make([]string, len(rows))
	for i, r := range rows {
		words[i] = r.label
	}
	labels, classes, err := labelWords(words, o.Classes)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	s := &Pictures{labels: labels, classes: classes}
	for _, r := range rows {
		if info, err := os.Stat(r.path); err != nil || info.IsDir() {
			return nil, fmt.Errorf("data: %s: line %d: there is no picture %s", path, r.line, r.path)
		}
		s.from = append(s.from, file(r.path))
	}
	return s, nil
}

type csvRow struct {
	path, label string
	line        int
}

func readCSV(in io.Reader, o CSVOptions) ([]csvRow, error) {
	r := csv.NewReader(in)
	if o.Comma != 0 {
		r.Comma = o.Comma
	}
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	if o.NoHeader && o.PathColumn+o.LabelColumn != "" {
		return nil, fmt.Errorf("columns are named %q and %q, but NoHeader says that there are no headings", o.PathColumn, o.LabelColumn)
	}
	paths, labels := 0, 1
	var rows []csvRow
	for first := true; ; first = false {
		fields, err := r.Read()
		switch {
		case err == io.EOF && len(rows) == 0:
			return nil, fmt.Errorf("it has no pictures")
		case err == io.EOF:
			return rows, nil
		case err != nil:
			return nil, err
		}
		line, _ := r.FieldPos(0)
		if first {
			fields[0] = strings.TrimPrefix(fields[0], "\ufeff") // a byte order mark
		}
		if first {
			if err := separated(fields, o); err != nil {
				return nil, err
			}
		}
		if first && !o.NoHeader {
			if paths, labels, err = columns(fields, o); err != nil {
				return nil, err
			}
			continue
		}
		if len(fields) <= max(paths, labels) {
			return nil, fmt.Errorf("line %d has %d fields, at least %d are wanted", line, len(fields), max(paths, labels)+1)
		}
		label := strings.TrimSpace(fields[labels])
		if label == "" {
			return nil, fmt.Errorf("line %d has no label: field %d is empty", line, labels+1)
		}
		rows = append(rows, csvRow{o.picture(fields[paths]), label, line})
	}
}

// picture is the path of a field.
func (o CSVOptions) picture(field string) string {
	name := filepath.FromSlash(field) + o.Extension
	if !filepath.IsAbs(name) {
		name = filepath.Join(o.Dir, name)
	}
	return name
}

// separated looks whether the first line's fields are apart.
func separated(fields []string, o CSVOptions) error {
	if strings.HasPrefix(fields[0], "\xff\xfe") || strings.HasPrefix(fields[0], "\xfe\xff") {
		return fmt.Errorf("it is in UTF-16; save it in UTF-8")
	}
	for _, c := range ";\t|" {
		if len(fields) == 1 && o.Comma == 0 && strings.ContainsRune(fields[0], c) {
			return fmt.Errorf("line 1 has no comma: %.60q; with Comma: %q its fields are apart", fields[0], c)
		}
	}
	return nil
}

// columns finds the columns by their headings.
func columns(headings []string, o CSVOptions) (paths, labels int, err error) {
	paths, labels = 0, 1
	if info, err := os.Stat(o.picture(headings[0])); err == nil && info.Mode().IsRegular() && o.PathColumn+o.LabelColumn == "" {
		return 0, 0, fmt.Errorf("line 1 should be headings, and %q is a picture: without headings, NoHeader: true", headings[0])
	}
	for _, c := range []struct {
		name string
		at   *int
	}{{o.PathColumn, &paths}, {o.LabelColumn, &labels}} {
		if c.name == "" {
			continue
		}
		if *c.at = slices.Index(headings, c.name); *c.at < 0 {
			return 0, 0, fmt.Errorf("there is no column %q; there are %s", c.name, strings.Join(headings, ", "))
		}
	}
	return paths, labels, nil
}

// labelWords makes numbers of words.
func labelWords(words, classes []string) ([]int, []string, error) {
	labels := make([]int, len(words))
	if classes == nil {
		most := -1
		for i, w := range words {
			n, err := strconv.Atoi(w)
			if err != nil || n < 0 || n >= maxClasses {
				most = -1
				break
			}
			labels[i], most = n, max(most, n)
		}
		if most >= 0 {
			for i := range most + 1 {
				classes = append(classes, strconv.Itoa(i))
			}
			return labels, classes, nil
		}
		classes = slices.Compact(slices.Sorted(slices.Values(words)))
	}
	at := map[string]int{}
	for i, c := range classes {
		at[c] = i
	}
	for i, w := range words {
		n, ok := at[w]
		if !ok {
			number, err := strconv.Atoi(w)
			if n = number; err != nil || n < 0 || n >= len(classes) {
				return nil, nil, fmt.Errorf("picture %d has the label %q, which is none of the %d classes", i, w, len(classes))
			}
		}
		labels[i] = n
	}
	return labels, slices.Clone(classes), nil
}
