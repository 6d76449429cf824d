package data

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"graft/ckpt/nearby"
)

// ReadLabels reads the names of classes: TF-Slim's labels.txt, "0:daisy" on a
// line, or just a name on a line. Errors: a number that is left out or comes
// twice.
func ReadLabels(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	labels, err := parseLabels(string(b))
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", path, err)
	}
	return labels, nil
}

func parseLabels(text string) ([]string, error) {
	lines := strings.Split(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r\n", "\n"), "\n")
	numbered := !slices.ContainsFunc(lines, func(l string) bool { _, _, ok := numberedLabel(l); return !ok })
	if !numbered {
		return lines, nil
	}
	out, seen := make([]string, len(lines)), make([]bool, len(lines))
	for i, l := range lines {
		n, name, _ := numberedLabel(l)
		if n < 0 || n >= len(lines) || seen[n] {
			return nil, fmt.Errorf("line %d: label %d is left out, twice there or out of order: %d lines have the labels 0 … %d", i+1, n, len(lines), len(lines)-1)
		}
		out[n], seen[n] = name, true
	}
	return out, nil
}

// numberedLabel reads "0:daisy".
func numberedLabel(line string) (n int, name string, ok bool) {
	number, name, ok := strings.Cut(line, ":")
	n, err := strconv.Atoi(number)
	return n, name, ok && err == nil
}

// WriteLabels writes the names of classes as TF-Slim's labels.txt: "0:daisy".
// A name with a line end is an error.
func WriteLabels(path string, classes []string) error {
	var b strings.Builder
	for i, c := range classes {
		if strings.ContainsAny(c, "\r\n") {
			return fmt.Errorf("data: %s: the name %q of label %d has a line end", path, c, i)
		}
		fmt.Fprintf(&b, "%d:%s\n", i, c)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}
