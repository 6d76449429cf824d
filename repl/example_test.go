package repl_test

import (
	"context"
	"fmt"

	"graft/repl"
)

// out is where a cell's outputs go: a line each.
type out struct{}

func (out) Stream(name, text string)                            { fmt.Print(name, ": ", text) }
func (out) Display(d repl.Display)                              { fmt.Println("shown:", d.Data["text/plain"]) }
func (out) Clear(bool)                                          {}
func (out) Input(context.Context, string, bool) (string, error) { return "", nil }

func ExampleSession() {
	s, err := repl.NewSession(repl.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for i, source := range []string{"x := 41\nfmt.Println(\"hello\")\nx + 1", "x = \"forty\"", "os.Open(\"nowhere\")"} {
		r := s.Execute(context.Background(), repl.Cell{ID: fmt.Sprint(i), Number: i + 1, Source: source}, out{})
		switch {
		case r.Err != nil:
			fmt.Println(r.Err.Name, "in line", r.Err.Line)
		case r.Value != nil:
			fmt.Println(r.Value.Data["text/plain"])
		}
	}
	// Output:
	// stdout: hello
	// 42
	// CompileError in line 1
	// Error in line 1
}
