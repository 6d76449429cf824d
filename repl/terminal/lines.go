package terminal

import (
	"bufio"
	"io"
	"strings"

	"graft/repl"
)

// Lines reads cells from a file or a pipe: each is as many lines as make
// complete Go.
type Lines struct {
	engine repl.Engine
	in     *bufio.Reader
}

// NewLines reads cells from in.
func NewLines(engine repl.Engine, in io.Reader) *Lines {
	return &Lines{engine: engine, in: bufio.NewReader(in)}
}

// Read returns the next cell. What is incomplete at the end of the input is
// a cell too: running it says what is missing.
func (l *Lines) Read() (string, error) {
	var source string
	for {
		line, err := l.in.ReadString('\n')
		source += line
		if err != nil {
			if strings.TrimSpace(source) == "" || err != io.EOF {
				return "", err
			}
			return strings.TrimRight(source, "\r\n"), nil
		}
		if strings.TrimSpace(source) == "" {
			source = ""
			continue
		}
		if complete(l.engine, source) {
			return strings.TrimRight(source, "\r\n"), nil
		}
	}
}

// complete tells whether a cell can be run as it stands. %% cells end with
// an empty line, since all that follows belongs to them.
func complete(engine repl.Engine, source string) bool {
	if strings.HasPrefix(strings.TrimSpace(source), "%%") {
		return strings.HasSuffix(source, "\n\n")
	}
	return engine.IsComplete(source).Status != "incomplete"
}
