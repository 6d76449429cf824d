// Package repl evaluates notebook cells: Go source that is checked as a whole
// by Go's own type checker, rewritten where the interpreter errs, and run.
//
//	s, err := repl.NewSession(repl.Options{})
//	r := s.Execute(ctx, repl.Cell{ID: "1", Number: 1, Source: "x := 41\nx + 1"}, out)
//	r.Value.Data["text/plain"] // 42; out got what the cell printed and showed
//	r.Err                      // nil, or why the cell failed, with its line
//	s.Complete("x.", 2)        // while a cell runs, too
//	s.Close()
//
// # How it hangs together
//
// An Engine is what every front end talks to: the Jupyter kernel, the terminal
// (repl/terminal), `graft run`. Session is the engine in this process.
// worker.Client is one over a pipe to a child process that has a Session: what
// ends the child, such as a stack overflow, does not end the front end, so the
// kernel and the commands use that. An Output receives what a cell prints and
// shows while it runs; the Result is how it ended.
//
// The way of a cell, each step a package in internal/:
//
//	%commands    lines with % and ! are carried out and taken out (commands.go)
//	split        into declarations and statements; the last expression is its value
//	check        go/types over the session; a cell it rejects changes nothing
//	lower        to Go that yaegi, the interpreter, runs as Go means it
//	run          statement by statement; nb is what lowered code calls
//	render       the value as text, HTML, pictures: display.Render
//
// # What is not Go
//
// Cells take two liberties. Where n values are wanted and a call gives n and an
// error, the error is taken, and one that is not nil ends the cell:
// r := ckpt.Open(path). A statement whose last result is such an error ends the
// cell too. Besides, unused names, missing imports of packages that Options
// names, and declaring a name again are no errors. `graft export` (repl/export)
// writes the program in which all of that stands as Go wants it.
//
// # Errors
//
// A cell fails with an *Error in its Result. Its Name says where it comes from:
//
//	SyntaxError, CompileError   the parser, go/types: nothing was run
//	Error                       a statement's error was not nil: what stood before it holds
//	Panic                       the cell, or a goroutine that it started
//	Interrupted                 its context ended: within 100 ms, and every variable is kept
//	CommandError                a % or ! line
//	WorkerError                 the child process ended; the message says what is lost
//
// # Limits
//
// A process has one live Session: the standard library's way to the running
// cell, package host, has one place. Cells are compiled one at a time and run
// side by side; all methods may be called while some run.
package repl

import (
	"context"
	"encoding/json"
	"strings"
)

// Engine evaluates cells. Its methods may be called while cells run.
type Engine interface {
	// Execute runs one cell. Ending ctx interrupts it; variables survive. Cells
	// are compiled one at a time and run side by side, as goroutines do: for an
	// order among them the caller waits for each one's end.
	Execute(ctx context.Context, cell Cell, out Output) Result
	// Comm takes what a front end sends on a comm: it calls the functions that
	// cells have set for it, as a cell that runs, and says how that failed.
	Comm(ctx context.Context, m CommMessage, out Output) *Error
	// IsComplete says whether source can be run as it stands.
	IsComplete(source string) Completeness
	// Complete lists what may stand at cursor, a byte offset into source.
	Complete(source string, cursor int) Completion
	// Inspect describes what stands at cursor, a byte offset into source.
	Inspect(source string, cursor int) Inspection
	// Close ends the engine and everything it started.
	Close() error
}

// Cell is one piece of source to run.
type Cell struct {
	ID     string // the parent of its outputs, unique per run
	Number int    // n of In[n], named in positions
	Source string
	// Subshell says that the cell runs beside those of the main shell, which
	// get what is written past Go's own print functions.
	Subshell bool
	// Next is the cell that is known to follow when this one ends without an
	// error, or nil. An engine may begin it by itself; what it shows waits for
	// the call of Execute that brings its Output.
	Next *Cell `json:"-"`
	// Notebook is the path of the notebook that the cell stands in, where the
	// front end says so. Cells have it in JPY_SESSION_NAME, where Jupyter's
	// server puts it as it starts a kernel.
	Notebook string `json:",omitempty"`
	// From says where parts of Source stood first, by their offsets: in cells of
	// a session before. Errors while later cells run name those places.
	From []Piece `json:",omitempty"`
}

// Piece is a part of a cell's source, up to the next, that stood in another
// cell.
type Piece struct {
	Offset       int
	Cell         string // "In[3]"
	Line, Column int    // of its first byte, from 1
}

// Output receives what a cell writes and shows, in order. Implementations are
// called from several goroutines.
type Output interface {
	// Stream takes text for "stdout" or "stderr".
	Stream(name, text string)
	// Display takes a shown value, or the replacement of one.
	Display(Display)
	// Clear removes the cell's outputs, with wait at the next output.
	Clear(wait bool)
	// Input asks the user for a line and blocks until it is there.
	Input(ctx context.Context, prompt string, password bool) (string, error)
}

// CommOutput is an Output whose front end speaks comms.
type CommOutput interface {
	Output
	// Comm takes what a cell sends on a comm.
	Comm(CommMessage)
}

// CommMessage opens or closes a comm, a channel between cells and code in the
// front end, or is what is said on it.
type CommMessage struct {
	Kind     string          // one of those below
	ID       string          // of the comm
	Target   string          `json:",omitempty"` // of one that is opened
	Data     json.RawMessage // a JSON object
	Metadata json.RawMessage `json:",omitempty"` // a JSON object, or nil
	Buffers  [][]byte        `json:",omitempty"`
}

// The kinds of messages on comms, as they are called on the wire.
const (
	CommOpen  = "comm_open"
	CommData  = "comm_msg"
	CommClose = "comm_close"
)

// Display is a value in the representations a front end can choose from.
type Display struct {
	ID       string            // display id, or ""
	Update   bool              // replaces every output shown under ID
	Data     map[string]string // MIME type → text, base64 (images) or JSON text
	Metadata map[string]any    // as in a Jupyter message, or nil
}

// Result is how a cell ended.
type Result struct {
	Value *Display // the trailing expression's value, or nil
	Err   *Error   // nil when the cell ran to its end
	Notes []string // what the session did by itself: an import that was missing
	// What the cell asks of the front end's own:
	Page *Display // text for its pager
	Next *Next    // the source of the next cell
	// Declared is what the cell has declared, also when it failed later, and
	// Forgot that what was declared before is no more: what a front process
	// needs to declare it again in another session.
	Declared []Declaration `json:",omitempty"`
	Forgot   bool          `json:",omitempty"`
}

// Told is what the session did by itself, in a line; "" when that is nothing
// worth a word: that fmt means "fmt" nobody doubts, but rand could be another.
func (r Result) Told() string {
	said, before := "", ""
	for _, note := range r.Notes {
		verb, what, _ := strings.Cut(note, " ")
		if verb == "imported" && !strings.Contains(what, "/") {
			continue
		}
		switch {
		case said == "":
			said = note
		case verb == before:
			said += ", " + what
		default:
			said += "; " + note
		}
		before = verb
	}
	return said
}

// Next is source that the front end is to offer as a cell.
type Next struct {
	Source  string
	Replace bool // this cell's source, rather than a new one
}

// The names of errors, as front ends show them ("ename").
const (
	SyntaxError  = "SyntaxError"  // the cell is not Go
	CompileError = "CompileError" // the cell is Go that does not type-check
	PanicError   = "Panic"        // the cell, or a goroutine it started, panicked
	CellError    = "Error"        // a statement's error result was not nil
	Interrupted  = "Interrupted"  // the user stopped the cell
	WorkerError  = "WorkerError"  // the process that ran the cell ended
	CommandError = "CommandError" // a % or ! command failed
)

// Error is why a cell failed.
type Error struct {
	Name      string   // one of the names above
	Message   string   // one line, or a few
	Traceback []string // what a front end prints: message, position, source line with a caret
	Line      int      // 1-based line in the cell, 0 when unknown
	Column    int      // 1-based column in bytes, 0 when unknown
}

func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Completeness answers Jupyter's is_complete_request.
type Completeness struct {
	Status string // "complete", "incomplete", "invalid"
	Indent string // suggested for the next line when incomplete
}

// Completion lists the texts that may replace source[Start:End].
type Completion struct {
	Start, End int // byte offsets
	Matches    []Match
}

// Match is one completion.
type Match struct {
	Text      string
	Kind      string // "function", "type", "variable", "constant", "module", "field", "method", "keyword"
	Signature string // the object's type, for the list's second column
}

// Inspection is what is known of a name; Data is nil when nothing is.
type Inspection struct {
	Found  bool
	Data   map[string]string // MIME type → text
	Source string            // Go, as a cell declared it; "" for what none did
}
