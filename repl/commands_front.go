package repl

import (
	"context"
	"fmt"
	"html"
	"os"
	"strings"
	"unicode/utf8"

	"graft/repl/internal/command"
)

// aboutCommand is name? and name??: the front end shows the answer in its
// pager.
func (s *Session) aboutCommand(_ context.Context, c command.Command, cell Cell, _ Output) Result {
	name, source, _ := command.Asks(c.Args)
	found := s.Inspect(name, len(name))
	if !found.Found {
		return commandError(cell, c, fmt.Sprintf("nothing is called %s here; names of packages go before a dot, as in strings.ToUpper?", name))
	}
	if source {
		found = found.WithSource()
	}
	return Result{Page: &Display{Data: found.Data}}
}

// WithSource adds the declaration's source to the representations.
func (i Inspection) WithSource() Inspection {
	if i.Source == "" {
		return i
	}
	data := make(map[string]string, len(i.Data))
	for mime, text := range i.Data {
		switch mime {
		case "text/plain":
			text += "\n\n" + i.Source
		case "text/markdown":
			text += "\n\n```go\n" + i.Source + "\n```"
		case "text/html":
			text += "<pre>" + html.EscapeString(i.Source) + "</pre>"
		}
		data[mime] = text
	}
	i.Data = data
	return i
}

// maxLoaded bounds a file that becomes a cell.
const maxLoaded = 1 << 20

// loadCommand is %load: the file's text takes the place of the cell.
func (s *Session) loadCommand(_ context.Context, c command.Command, cell Cell, _ Output) Result {
	name := strings.Trim(c.Args, `"`)
	if name == "" {
		return commandError(cell, c, "%load needs the name of a file")
	}
	info, err := os.Stat(name)
	if err != nil {
		return commandError(cell, c, err.Error())
	}
	if info.Size() > maxLoaded {
		return commandError(cell, c, fmt.Sprintf("%s has %d bytes; a cell takes at most %d", name, info.Size(), maxLoaded))
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return commandError(cell, c, err.Error())
	}
	if !utf8.Valid(text) {
		return commandError(cell, c, name+" is not text")
	}
	return Result{Next: &Next{Source: "// %load " + c.Args + "\n" + strings.TrimSuffix(string(text), "\n"), Replace: true}}
}
