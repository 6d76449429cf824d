package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command that a user sees shows in its help how it is called, and the
// examples call that command.
func TestExamples(t *testing.T) {
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			check(sub)
		}
		if c.Hidden && c.Name() != "kernel" {
			return
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, line := range strings.Split(c.Example, "\n") {
			if !strings.Contains(line, c.CommandPath()) {
				t.Errorf("%s: the example %q does not call it", c.CommandPath(), line)
			}
		}
	}
	check(rootCommand())
}
