package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"graft/kernel/notebook"
	"graft/repl/export"
)

func exportCommand() *cobra.Command {
	var output, source string
	cmd := &cobra.Command{
		Use:   "export FILE.ipynb",
		Short: "Write a notebook as a Go program that prints the same",
		Example: "  graft export notebook.ipynb                # notebook/main.go and notebook/go.mod\n" +
			"  graft export notebook.ipynb -o prog/main.go",
		Long: "Write a notebook as a Go program that prints the same: DIR/main.go and DIR/go.mod, or, with -o FILE.go, only\n" +
			"the program. The errors that cells take are written out as if err != nil, imports are added, trailing\n" +
			"expressions are printed. What has no meaning outside a notebook becomes a comment and is named.\n\n" +
			"A program that imports packages of graft needs graft's source; go.mod says where it lies. It is looked for\n" +
			"where this command was built from and above the working directory, or given with --graft.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				output = strings.TrimSuffix(args[0], ".ipynb")
			}
			return failed(exportNotebook(args[0], output, source))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`DIR` for main.go and go.mod, or a file FILE.go; default: the notebook's name")
	cmd.Flags().StringVar(&source, "graft", "", "`DIR` of graft's source, for go.mod")
	return cmd
}

// exportNotebook writes the notebook at path as a program.
func exportNotebook(path, output, source string) error {
	nb, err := notebook.Read(path)
	if err != nil {
		return err
	}
	if output, err = filepath.Abs(output); err != nil {
		return err
	}
	if source != "" {
		if source, err = filepath.Abs(source); err != nil {
			return err
		}
	}
	// Packages beside the notebook are found from its folder, as they are when it runs.
	if err := os.Chdir(filepath.Dir(path)); err != nil {
		return err
	}
	module := moduleName(strings.TrimSuffix(filepath.Base(path), ".ipynb"))
	p, err := export.Notebook(exportCells(nb), export.Options{Name: filepath.Base(path), Module: module})
	if cell := (*export.CellError)(nil); errors.As(err, &cell) {
		return fmt.Errorf("export: %s: cell %d is not valid:\n%s\n(tag a cell raises-exception when its error is what it shows)", path, cell.Number, cell.Msg)
	}
	if err != nil {
		return err
	}
	files := map[string][]byte{output: p.Source}
	if filepath.Ext(output) != ".go" {
		if files, err = programFiles(module, output, source, p); err != nil {
			return err
		}
	}
	if filepath.Ext(output) == ".go" && len(p.Files) > 0 {
		p.Notes = append(p.Notes, "the program imports packages beside the notebook: without -o DIR they are not copied")
	}
	for _, name := range sortedKeys(files) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		if err := os.WriteFile(name, files[name], 0o644); err != nil {
			return fmt.Errorf("export: %w", err)
		}
		fmt.Println("wrote", name)
	}
	for _, n := range p.Notes {
		fmt.Fprintln(os.Stderr, n)
	}
	return nil
}

// exportCells are a notebook's code cells, each with the heading above it.
func exportCells(nb *notebook.Notebook) []export.Cell {
	var cells []export.Cell
	heading := ""
	for _, c := range nb.Cells {
		switch c.Type {
		case "markdown":
			for _, l := range strings.Split(c.Source, "\n") {
				if strings.HasPrefix(l, "#") {
					heading = strings.TrimSpace(strings.TrimLeft(l, "#"))
				}
			}
		case "code":
			cells = append(cells, export.Cell{Number: len(cells) + 1, Heading: heading, Source: c.Source, MayFail: c.HasTag("raises-exception")})
			heading = ""
		}
	}
	return cells
}

// programFiles are the files of a module with the program.
func programFiles(module, dir, source string, p *export.Program) (map[string][]byte, error) {
	files := map[string][]byte{filepath.Join(dir, "main.go"): p.Source}
	for name, text := range p.Files {
		files[filepath.Join(dir, filepath.FromSlash(name))] = text
	}
	mod, sum, err := moduleFiles(module, p.Imports, source)
	if err != nil {
		return nil, err
	}
	files[filepath.Join(dir, "go.mod")] = mod
	if sum != nil {
		files[filepath.Join(dir, "go.sum")] = sum
	}
	return files, nil
}
