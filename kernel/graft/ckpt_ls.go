package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

func lsCommand() *cobra.Command {
	var asJSON, hash bool
	var pick selection
	cmd := &cobra.Command{
		Use:   "ls FILE…",
		Short: "List tensors as a tree of scopes, with shapes, types, parameters and bytes",
		Example: "  graft ckpt ls model.ckpt-100\n" +
			"  graft ckpt ls vgg_16.ckpt --include fc8 --hash --json",
		Long: "List tensors as a tree of scopes, with shapes, types, parameters and bytes. No tensor is read, but for --hash and,\n" +
			"under --json, the strings, whose bytes are counted as they are hashed: a length in 4 bytes and the string.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, path := range args {
				r, err := open(path)
				if err != nil {
					return err
				}
				names, err := pick.of(r.Names())
				if err == nil && asJSON {
					err = failed(lsJSON(cmd.OutOrStdout(), r, names, hash))
				} else if err == nil {
					if i > 0 {
						fmt.Fprintln(cmd.OutOrStdout())
					}
					err = failed(lsTree(cmd.OutOrStdout(), r, names, hash))
				}
				r.Close()
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a tensor: name, dtype, shape, bytes and, with --hash, sha256")
	cmd.Flags().BoolVar(&hash, "hash", false, "the SHA-256 of each tensor's little-endian bytes in C order")
	pick.flags(cmd)
	return cmd
}

type listed struct {
	Name   string `json:"name"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"`
}

func lsJSON(w io.Writer, r *ckpt.Reader, names []string, hash bool) error {
	bar := progress{}
	if hash {
		bar = newProgress("hashing", bytesOf(r, names))
	}
	defer bar.done()
	for _, name := range names {
		info, err := r.Info(name)
		if err != nil {
			return err
		}
		l := listed{Name: name, DType: info.DType.String(), Shape: append([]int{}, info.Shape...), Bytes: info.Bytes}
		if hash || info.DType == ckpt.String {
			if l.SHA256, l.Bytes, err = sum(r, name); err != nil {
				return err
			}
			bar.add(info.Bytes)
		}
		if !hash {
			l.SHA256 = ""
		}
		if err := printJSON(w, l); err != nil {
			return err
		}
	}
	return nil
}

// sum hashes a tensor's values.
func sum(r *ckpt.Reader, name string) (hash string, bytes int64, err error) {
	v, err := r.View(name)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	if bytes, err = v.WriteTo(h); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), bytes, nil
}

// scope is a node of the tree: what lies below a part of the names.
type scope struct {
	name          string
	info          *tensors.Info // of a tensor with just this name
	children      []*scope
	byName        map[string]*scope
	values, bytes int64
}

// child finds or makes the scope of one part of a name.
func (s *scope) child(name string) *scope {
	if c, ok := s.byName[name]; ok {
		return c
	}
	if s.byName == nil {
		s.byName = map[string]*scope{}
	}
	c := &scope{name: name}
	s.byName[name], s.children = c, append(s.children, c)
	return c
}

// separator is what parts the names of a checkpoint: PyTorch's a dot.
func separator(names []string) string {
	for _, n := range names {
		if strings.Contains(n, "/") {
			return "/"
		}
	}
	return "."
}

// split parts a name. What follows /.ATTRIBUTES/ in an object checkpoint says
// which value of an object it is, and is no scope.
func split(name, separator string) []string {
	object, attribute, ok := strings.Cut(name, "/.ATTRIBUTES/")
	parts := strings.Split(object, separator)
	if ok {
		parts = append(parts, ".ATTRIBUTES/"+attribute)
	}
	return parts
}

func lsTree(w io.Writer, r *ckpt.Reader, names []string, hash bool) error {
	root := &scope{}
	parts := separator(names)
	for _, name := range names {
		info, err := r.Info(name)
		if err != nil {
			return err
		}
		at := root
		at.values, at.bytes = at.values+info.Elements(), at.bytes+info.Bytes
		for _, p := range split(name, parts) {
			at = at.child(p)
			at.values, at.bytes = at.values+info.Elements(), at.bytes+info.Bytes
		}
		at.info = &info
	}
	fmt.Fprintf(w, "%s (%s): %d tensors, %d parameters, %s\n", r.Path(), r.Format(), len(names), root.values, size(root.bytes))
	objects, err := r.Objects()
	if err != nil {
		return err
	}
	t := &tree{r: r, w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), hash: hash, full: map[string]string{}}
	for _, n := range objects.Nodes {
		for _, a := range n.Attributes {
			t.full[a.Key] = a.FullName
		}
	}
	if hash {
		t.bar = newProgress("hashing", root.bytes)
	}
	if err := t.print(root, ""); err != nil {
		return err
	}
	t.bar.done()
	if err := t.w.Flush(); err != nil {
		return err
	}
	if notes := r.Notes(); len(notes) > 0 {
		fmt.Fprintf(w, "besides, %d values that are no tensors: %s\n", len(notes), strings.Join(first(notes, 10), ", "))
	}
	return nil
}

func first(list []string, n int) []string {
	if len(list) > n {
		return append(list[:n:n], "…")
	}
	return list
}

// tree prints scopes; full names the variables of an object checkpoint.
type tree struct {
	r    *ckpt.Reader
	w    *tabwriter.Writer
	hash bool
	full map[string]string
	bar  progress
}

func (t *tree) print(s *scope, indent string) error {
	for _, c := range s.children {
		if c.info != nil {
			if err := t.line(indent+c.name, c); err != nil {
				return err
			}
		} else {
			fmt.Fprintf(t.w, "%s%s/\t\t\t%d\t%s\n", indent, c.name, c.values, size(c.bytes))
		}
		if err := t.print(c, indent+"  "); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) line(label string, c *scope) error {
	i := c.info
	note := ""
	if len(i.Slices) > 0 {
		note = fmt.Sprintf("in %d slices", len(i.Slices))
	}
	if full := t.full[i.Name]; full != "" && full != i.Name {
		note = "= " + full
	}
	if t.hash {
		hash, _, err := sum(t.r, i.Name)
		if err != nil {
			return err
		}
		t.bar.add(i.Bytes)
		note = strings.TrimSpace(note + " " + hash)
	}
	fmt.Fprintf(t.w, "%s\t%v\t%s\t%d\t%s\t%s\n", label, i.DType, shape(i.Shape), i.Elements(), size(i.Bytes), note)
	return nil
}

func shape(s []int) string { return strings.ReplaceAll(fmt.Sprint(append([]int{}, s...)), " ", ",") }

func size(bytes int64) string {
	v, units := float64(bytes), []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for v >= 999.95 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
