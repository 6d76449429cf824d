package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"graft/kernel"
	"graft/repl/worker"
)

func kernelCommand() *cobra.Command {
	var connection string
	var limit int
	var memory byteSize
	cmd := &cobra.Command{
		Use:     "kernel --connection-file FILE",
		Short:   "Serve a Jupyter front end",
		Example: "  graft kernel --connection-file ~/.local/share/jupyter/runtime/kernel-1234.json",
		Long: "Serve a Jupyter front end. Front ends start this command themselves, as `graft install` tells them to.\n" +
			"Text that a cell writes beyond the output limit goes to a file.",
		// Front ends append arguments that ipykernel takes: `jupyter run FILE` its FILE, others --debug.
		Args:               cobra.ArbitraryArgs,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		Hidden:             true,
		RunE:               func(*cobra.Command, []string) error { return failed(runKernel(connection, limit, memory)) },
	}
	cmd.Flags().StringVarP(&connection, "connection-file", "f", "", "the front end's connection `FILE`")
	cmd.Flags().IntVar(&limit, "output-limit", 8<<20, "`BYTES` of text that a cell may show")
	memoryFlag(cmd, &memory)
	if err := cmd.MarkFlagRequired("connection-file"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func runKernel(path string, limit int, memory byteSize) error {
	connection, err := kernel.ReadConnection(path)
	if err != nil {
		return err
	}
	engine, err := worker.New(workerName)
	if err != nil {
		return err
	}
	engine.MemoryLimit = uint64(memory)
	// The first cell need not wait for the worker, nor kernel_info. Should it
	// not start, the first cell says why.
	go func() { _ = engine.Start() }()
	k, err := kernel.New(kernel.Options{
		Connection: connection, Engine: engine, Version: version(), History: historyFile(), OutputLimit: limit,
		Warn: func(err error) { fmt.Fprintln(os.Stderr, err) },
	})
	if err != nil {
		engine.Close()
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			k.Interrupt()
		}
	}()
	go followParent(k.Shutdown)
	return k.Run(ctx)
}

// followParent ends a kernel whose front end was killed: Jupyter says who
// started the kernel, and an orphan gets another parent.
func followParent(orphaned func()) {
	parent, err := strconv.Atoi(os.Getenv("JPY_PARENT_PID"))
	if err != nil || parent <= 1 || parent != os.Getppid() || runtime.GOOS == "windows" {
		return
	}
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			orphaned()
			return
		}
	}
}

// historyFile is where the user's cells are kept; "" if there is no place.
func historyFile() string {
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "graft", "history.jsonl")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	dirs := map[string]string{"darwin": "Library/Application Support", "windows": "AppData/Local"}
	dir, ok := dirs[runtime.GOOS]
	if !ok {
		dir = ".local/share"
	}
	return filepath.Join(home, filepath.FromSlash(dir), "graft", "history.jsonl")
}

// version is the module's, as the build recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.0.0"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
