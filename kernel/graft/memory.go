package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// byteSize is a flag such as 6GiB, as GOMEMLIMIT is written.
type byteSize uint64

// units are those of GOMEMLIMIT, the longest first.
var units = []struct {
	name string
	size uint64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// Set reads a number and a unit.
func (b *byteSize) Set(text string) error {
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || n > (1<<62)/u.size {
			return fmt.Errorf("%q is no size: want a number and B, KiB, MiB, GiB or TiB, such as 6GiB", text)
		}
		*b = byteSize(n * u.size)
		return nil
	}
	return nil // the last unit fits everything
}

// String writes a size that Set reads.
func (b *byteSize) String() string {
	for i := len(units) - 3; i >= 0; i-- {
		if u := units[i]; *b > 0 && uint64(*b)%u.size == 0 {
			return fmt.Sprintf("%d%s", uint64(*b)/u.size, u.name)
		}
	}
	return strconv.FormatUint(uint64(*b), 10)
}

// Type names the flag's value in the help.
func (b *byteSize) Type() string { return "SIZE" }

// memoryFlag is the limit of what cells may use.
func memoryFlag(cmd *cobra.Command, limit *byteSize) {
	cmd.Flags().Var(limit, "memory-limit", "private memory that cells may use, such as 6GiB (default three quarters of the machine's, on Linux)")
}
