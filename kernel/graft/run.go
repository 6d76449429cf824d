package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"graft/kernel/notebook"
	"graft/repl"
	"graft/repl/terminal"
	"graft/repl/worker"
)

func runCommand() *cobra.Command {
	var output string
	var parameters []string
	var memory byteSize
	cmd := &cobra.Command{
		Use:   "run FILE.ipynb",
		Short: "Run a notebook from top to bottom, without Jupyter",
		Example: "  graft run tutorials/01-first-transfer.ipynb\n" +
			"  graft run -o done.ipynb -p learningRate=0.1 tutorials/10-learning-rate.ipynb",
		Long: "Run a notebook from top to bottom, without Jupyter. Text goes to the terminal, pictures too where it can\n" +
			"draw them; otherwise they are saved in FILE.out. The first cell that fails ends the run with exit status 1,\n" +
			"but for cells tagged raises-exception, whose errors are shown.\n\n" +
			"-p name=value gives a variable of the cell tagged parameters another value, as papermill does. Where the notebook has\n" +
			"a string, the value is its text; otherwise it is a Go expression. (papermill itself has no translator for Go: with\n" +
			"--language .net-csharp it writes `var name = value;`, which is Go too.)",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return failed(runNotebook(args[0], output, parameters, memory))
		},
	}
	cmd.Flags().StringArrayVarP(&parameters, "parameter", "p", nil, "give a parameter a value: `NAME=VALUE` (repeatable)")
	memoryFlag(cmd, &memory)
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the executed notebook to `FILE`")
	return cmd
}

// runNotebook runs the notebook at path and, if output is not empty, writes
// it there with its outputs, those of a failed run too.
func runNotebook(path, output string, parameters []string, memory byteSize) error {
	nb, err := notebook.Read(path)
	if err != nil {
		return err
	}
	if err := inject(nb, parameters); err != nil {
		return err
	}
	// The notebook's path is told to its cells as Jupyter's server tells it.
	name, err := filepath.Abs(path)
	if err == nil {
		err = os.Setenv("JPY_SESSION_NAME", name)
	}
	if err != nil {
		return err
	}
	// Cells open files relative to their notebook, as under Jupyter.
	if output != "" {
		if output, err = filepath.Abs(output); err != nil {
			return err
		}
	}
	stem := strings.TrimSuffix(filepath.Base(path), ".ipynb")
	beside := filepath.Dir(path)
	if output != "" {
		stem, beside = strings.TrimSuffix(filepath.Base(output), ".ipynb"), filepath.Dir(output)
	}
	pictures, err := filepath.Abs(filepath.Join(beside, stem+".out"))
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Dir(path)); err != nil {
		return err
	}
	engine, err := worker.New(workerName)
	if err != nil {
		return err
	}
	defer engine.Close()
	engine.MemoryLimit = uint64(memory)
	r := &runner{nb: nb, engine: engine, record: &notebook.Record{}, printer: printer(pictures)}
	runErr := r.run()
	if output != "" {
		if err := r.write(output); err != nil {
			return err
		}
	}
	return runErr
}

// inject gives parameters the values of the command line.
func inject(nb *notebook.Notebook, texts []string) error {
	var params []notebook.Parameter
	for _, text := range texts {
		p, err := notebook.ParseParameter(text)
		if err != nil {
			return err
		}
		params = append(params, p)
	}
	if len(params) == 0 {
		return nil
	}
	return nb.Inject(params)
}

// runner runs the code cells of one notebook.
type runner struct {
	nb      *notebook.Notebook
	engine  repl.Engine
	record  *notebook.Record
	printer *terminal.Printer
	ran     []*notebook.Cell
}

func (r *runner) run() error {
	var code []*notebook.Cell
	for _, c := range r.nb.Cells {
		if c.Type == "code" {
			code = append(code, c)
		}
	}
	start := time.Now()
	for i, c := range code {
		if err := r.cell(c, i+1, len(code)); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%d cells in %.1f s\n", len(code), time.Since(start).Seconds())
	return nil
}

func (r *runner) cell(c *notebook.Cell, number, total int) error {
	first, _, _ := strings.Cut(strings.TrimSpace(c.Source), "\n")
	fmt.Fprintf(os.Stderr, "[%d/%d] %s\n", number, total, first)
	ctx, stop := interruptible()
	defer stop()
	r.record.Begin()
	r.printer.Begin(number)
	r.ran = append(r.ran, c)
	cell := repl.Cell{ID: fmt.Sprint(number), Number: number, Source: c.Source}
	result := r.engine.Execute(ctx, cell, both{r.record, r.printer})
	r.record.End(number, result)
	r.printer.End(result)
	if note := result.Told(); note != "" {
		fmt.Fprintln(os.Stderr, note)
	}
	if result.Err == nil {
		return nil
	}
	text := strings.Join(result.Err.Traceback, "\n")
	if text == "" {
		text = result.Err.Error()
	}
	// A tag that nbclient knows: the error is what the cell is there to show.
	if c.HasTag("raises-exception") && result.Err.Name != repl.Interrupted {
		r.printer.Stream("stderr", text+"\n")
		return nil
	}
	return fmt.Errorf("cell %d of %d failed:\n%s", number, total, text)
}

// write writes the notebook with the outputs of the cells that ran and none
// of those that did not.
func (r *runner) write(path string) error {
	for _, c := range r.nb.Cells {
		if c.Type == "code" {
			if err := c.ClearOutputs(); err != nil {
				return err
			}
		}
	}
	for i, c := range r.ran {
		if err := c.SetOutputs(i+1, r.record.Cell(i)); err != nil {
			return err
		}
	}
	return r.nb.Write(path)
}
