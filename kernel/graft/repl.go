package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"graft/kernel/history"
	"graft/kernel/notebook"
	"graft/repl"
	"graft/repl/terminal"
	"graft/repl/worker"
)

func replCommand() *cobra.Command {
	var memory byteSize
	cmd := &cobra.Command{
		Use:   "repl [FILE.go]",
		Short: "A session at the terminal, without Jupyter",
		Long: "A session at the terminal, without Jupyter: the same cells, commands and pictures.\n\n" +
			"Enter runs a cell once it is whole, Alt-Enter begins another line, Tab completes, Ctrl-R searches what was run\n" +
			"before, Ctrl-C gives up the line or stops the cell and keeps everything, Ctrl-D ends. NAME? says what is known of\n" +
			"a name, %run FILE.ipynb runs a notebook, %save FILE.ipynb writes the session as one, %help lists the rest.\n\n" +
			"From a file or a pipe the cells are run one after the other; the first that fails ends it with exit status 1.",
		Example: "  graft repl\n  echo 'fmt.Println(6 * 7)' | graft repl",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return failed(session(args, memory)) },
	}
	memoryFlag(cmd, &memory)
	return cmd
}

// printer shows outputs on standard output, and saves pictures in dir where it
// cannot draw them.
func printer(dir string) *terminal.Printer {
	p := &terminal.Printer{Out: os.Stdout, Dir: dir}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		p.Graphics, p.Live, p.TrueColour = terminal.Detect(os.Getenv), true, os.Getenv("COLORTERM") != ""
		p.Columns, _, _ = term.GetSize(fd)
	}
	return p
}

// session runs the cells that are typed, or those of a file.
func session(args []string, memory byteSize) error {
	engine, err := worker.New(workerName)
	if err != nil {
		return err
	}
	defer engine.Close()
	engine.MemoryLimit = uint64(memory)
	pictures := filepath.Join(os.TempDir(), fmt.Sprintf("graft-%d", os.Getpid()))
	t := &typed{record: &notebook.Record{}}
	t.record.Begin()
	p := printer(pictures)
	s := &terminal.Shell{Engine: engine, Printer: p, Output: both{t.record, p}, Colours: p.Live && os.Getenv("NO_COLOR") == "", Ran: t.ran}
	if p.Live && p.Graphics == terminal.None {
		p.Graphics = terminal.Blocks
	}
	s.Commands = []terminal.Command{
		{Name: "%run", Args: "FILE.ipynb", Help: "runs a notebook's cells in this session, in the notebook's folder", Do: func(args []string) error { return runInto(s, args) }},
		{Name: "%save", Args: "FILE.ipynb", Help: "writes the session as a notebook, with its outputs", Do: t.save},
	}
	if len(args) == 1 {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		return runLines(s, f)
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) || !p.Live {
		return runLines(s, os.Stdin)
	}
	if err := engine.Start(); err != nil {
		return err
	}
	t.history = history.Open(historyFile(), uuid.NewString())
	defer t.history.Close()
	var past []string
	for _, e := range t.history.Tail(5000) {
		past = append(past, e.Source)
	}
	editor, err := terminal.NewEditor(engine, past, s.Number)
	if err != nil {
		return err
	}
	defer editor.Close()
	s.Reader = editor
	fmt.Printf("graft %s: Go, a cell at a time. %%help lists commands, Ctrl-D ends.\n", version())
	return s.Run()
}

// runLines runs the cells of a file, up to the first that fails.
func runLines(s *terminal.Shell, in io.Reader) error {
	s.Reader = terminal.NewLines(s.Engine, in)
	err := s.Run()
	if cell := (*repl.Error)(nil); errors.As(err, &cell) {
		return errShown
	}
	return err
}

// typed keeps what a session ran.
type typed struct {
	record  *notebook.Record
	history *history.Store
	cells   []string
}

func (t *typed) ran(number int, source string, result repl.Result) {
	t.cells = append(t.cells, source)
	t.record.End(number, result)
	follow(source, t.record.Cell(len(t.cells)-1))
	t.record.Begin()
	if t.history != nil {
		output := ""
		if result.Value != nil {
			output = result.Value.Data["text/plain"]
		}
		t.history.Add(number, source, output)
	}
}

// save writes the cells and their outputs as a notebook.
func (t *typed) save(args []string) error {
	if len(args) != 1 || !strings.HasSuffix(args[0], ".ipynb") {
		return fmt.Errorf("one file ending in .ipynb is wanted")
	}
	var cells []map[string]any
	for i, source := range t.cells {
		cells = append(cells, map[string]any{"cell_type": "code", "id": fmt.Sprintf("cell-%d", i+1), "metadata": map[string]any{},
			"source": source, "outputs": []any{}, "execution_count": nil})
	}
	kernel := map[string]any{"display_name": "Go (graft)", "language": "go", "name": "graft"}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": map[string]any{
		"kernelspec": kernel, "language_info": map[string]any{"name": "go", "file_extension": ".go", "mimetype": "text/x-go"}}})
	if err != nil {
		return err
	}
	nb, err := notebook.Parse(text)
	if err != nil {
		return err
	}
	for i, c := range nb.Cells {
		if err := c.SetOutputs(i+1, t.record.Cell(i)); err != nil {
			return err
		}
	}
	if err := nb.Write(args[0]); err != nil {
		return err
	}
	fmt.Printf("wrote %s, %d cells\n", args[0], len(t.cells))
	return nil
}

// runInto runs a notebook's code cells, until one fails. As under Jupyter they
// find files beside the notebook.
func runInto(s *terminal.Shell, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("one notebook is wanted")
	}
	nb, err := notebook.Read(args[0])
	if err != nil {
		return err
	}
	before, err := os.Getwd()
	if err != nil {
		return err
	}
	beside, err := filepath.Abs(filepath.Dir(args[0]))
	if err != nil {
		return err
	}
	if err := moveEngine(s.Engine, beside); err != nil {
		return err
	}
	err = runCells(s, nb)
	return errors.Join(err, moveEngine(s.Engine, before))
}

// runCells runs a notebook's code cells, until one fails.
func runCells(s *terminal.Shell, nb *notebook.Notebook) error {
	for _, c := range nb.Cells {
		if c.Type != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimSpace(c.Source), "\n")
		fmt.Fprintf(os.Stderr, "[%d] %s\n", s.Number(), first)
		if res := s.Cell(c.Source); res.Err != nil && !c.HasTag("raises-exception") {
			return fmt.Errorf("stopped at the first cell that failed")
		}
	}
	return nil
}

// moveEngine changes the working directory of cells.
func moveEngine(engine repl.Engine, dir string) error {
	if res := engine.Execute(context.Background(), repl.Cell{ID: "%cd", Source: "%cd " + dir}, nowhere{}); res.Err != nil {
		return errors.New(res.Err.Message)
	}
	return nil
}

// nowhere takes outputs that nobody is to see.
type nowhere struct{}

func (nowhere) Stream(string, string) {}
func (nowhere) Display(repl.Display)  {}
func (nowhere) Clear(bool)            {}
func (nowhere) Input(context.Context, string, bool) (string, error) {
	return "", errors.New("there is nobody to ask")
}

// follow changes to the directory that a cell's %cd has changed to, so that
// %run and %save mean the files that cells do. It is what %cd prints.
func follow(source string, outputs []notebook.Output) {
	if !strings.HasPrefix(strings.TrimSpace(source), "%cd") || len(outputs) == 0 {
		return
	}
	text, _ := outputs[0]["text"].(string)
	dir, _, _ := strings.Cut(text, "\n")
	_ = os.Chdir(dir) // where it cannot, files are where they were
}
