// Package export writes the code cells of a notebook as one Go program that
// prints the same.
//
// Declarations become the program's, statements go into main in the order of
// the cells. The texts are the user's own, comments too: what changes is
// edited in place. The facts come from the check that a session makes of the
// same cells, so that what export knows of a name is what the session knew:
//
//   - Names are objects, not spellings. A variable declared again with the
//     same type is assigned; with another type it is another variable, with a
//     number after its name. So are types and functions; a function or method
//     declared again with the same signature, and used by older functions, is
//     called through a variable that main sets where the cell stands.
//   - Variables that functions use are the program's, others main's.
//   - The two liberties that cells have are written out: a call whose error is
//     taken is followed by if err != nil, or, in the middle of an expression
//     where moving it would change the order of calls, stands in must.
//   - A trailing expression is printed, as text/plain shows it.
//   - A cell that defers or returns, or may fail (raises-exception), is a
//     function literal called at once.
//   - Names that nobody uses get the blank use that Go wants.
package export

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/command"
	"graft/repl/internal/split"
	"graft/repl/internal/typedata"
)

// Cell is one code cell, in the order in which it is run.
type Cell struct {
	Number  int    // n of In[n]
	Heading string // the line above it that says what it does, or ""
	Source  string
	MayFail bool // its error is expected: the notebook goes on after it
}

// Options say where the cells are from; the zero value works.
type Options struct {
	Name   string // of the notebook, for the program's first comment
	Module string // the program's module path; default "program"
}

// Program is a notebook as Go.
type Program struct {
	Source  []byte            // main.go, as gofmt writes it
	Files   map[string][]byte // packages beside the notebook: their files, by name with slashes
	Imports []string          // import paths of all of it, sorted, but for those of Files
	Notes   []string          // what came out otherwise than the notebook has it
}

// CellError is a cell that cannot be exported because it is not valid.
type CellError struct {
	Number int
	Msg    string // the errors, with line and column
}

func (e *CellError) Error() string { return fmt.Sprintf("In[%d]: %s", e.Number, e.Msg) }

// Notebook exports cells. It fails with a *CellError when one is not valid
// Go, unless the cell may fail: then it becomes a comment.
func Notebook(cells []Cell, opt Options) (*Program, error) {
	e := newExporter(opt)
	for _, c := range cells {
		if err := e.read(c); err != nil {
			return nil, err
		}
	}
	e.survey()
	e.nameAll()
	for _, p := range e.pieces {
		e.rewrite(p)
	}
	if e.broken != nil {
		return nil, fmt.Errorf("export: %w", e.broken)
	}
	return e.assemble()
}

// exporter is one export in work.
type exporter struct {
	opt     Options
	fset    *token.FileSet
	known   map[string]string
	session *check.Session

	pieces  []*piece
	vars    map[types.Object]*variable
	funcs   map[types.Object]*function
	methods map[types.Object]*function
	order   []types.Object // types, constants and generic functions, as declared
	names   map[types.Object]string

	words   map[string]bool   // all identifiers of the notebook
	taken   map[string]bool   // names of the program's own scope
	imports map[string]string // name → path
	locals  map[string]string // packages beside the notebook: the session's path → the program's
	files   map[string][]byte // of theirs
	carried []string          // what they import
	broken  error
	notes   []string

	errClash bool   // err is one of the notebook's variables
	otherErr string // what errors are called where err is the user's
	must     map[int]string
	shower   string // the helper that shows a value with a nil error
	labels   map[string]bool
	declared []string // package-level text
	inits    int
}

// piece is Go that stands in main in one go: a cell, or what a command gives
// of one.
type piece struct {
	cell   Cell
	cmd    *command.Command // what the piece, or its time, comes from
	before []string         // lines of Go that a command stands for
	after  []string
	timed  bool // after comes before the value is shown

	source  string
	comment bool // the source is only a comment
	units   []*check.Unit
	parsed  *split.Parsed // as the user wrote it
	at      map[int]types.Object
	takes   map[span]int // call → results wanted of it
	values  map[span]types.TypeAndValue
	errs    []span // where the user has a local variable err
	wrapped bool
	defers  bool   // it has a defer at its top level
	later   string // the function that shows its value then

	starts []string // what is set when the cell's declarations are made
	edits  []edit
	decls  []string
	main   string
}

type span struct{ from, to int }

// variable is one variable of the notebook, however often it is declared.
type variable struct {
	name   string
	typ    types.Type
	first  span   // its first declaration, in
	in     *piece //
	global bool   // the program's, not main's
	hoist  bool   // declared above the statement that sets it
	done   bool   // declared
}

// function is a function or method with all its declarations.
type function struct {
	obj      types.Object
	name     string
	versions []types.Object // of functions; a method has one object
	decls    int            // declarations so far
	used     map[types.Object]bool
	dispatch bool
	total    int
}

func newExporter(opt Options) *exporter {
	e := &exporter{opt: opt, fset: token.NewFileSet(), known: check.Known(typedata.Packages()),
		vars: map[types.Object]*variable{}, funcs: map[types.Object]*function{}, methods: map[types.Object]*function{},
		names: map[types.Object]string{}, words: map[string]bool{}, taken: map[string]bool{}, imports: map[string]string{},
		locals: map[string]string{}, files: map[string][]byte{}, must: map[int]string{}, labels: map[string]bool{}}
	e.session = e.newSession()
	for _, n := range types.Universe.Names() {
		e.taken[n] = true
	}
	for _, n := range []string{"main", "init", "_", "fmt", "log", "os", "exec", "time", "display"} {
		e.taken[n] = true
	}
	return e
}

func (e *exporter) newSession() *check.Session {
	return check.NewSession(e.fset, typedata.NewImporter(e.fset), e.known)
}

func (e *exporter) note(c Cell, format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf("In[%d]: ", c.Number)+fmt.Sprintf(format, args...))
}

// fresh is a name like base that nothing in the notebook or the program has.
func (e *exporter) fresh(base string) string {
	name := base
	for n := 2; e.taken[name] || e.words[name] || token.IsKeyword(name); n++ {
		name = fmt.Sprintf("%s%d", base, n)
	}
	e.taken[name] = true
	return name
}

// own is fresh for a name that the notebook itself gives.
func (e *exporter) own(base string) string {
	if !e.taken[base] {
		e.taken[base] = true
		return base
	}
	return e.fresh(base)
}

func (e *exporter) inLine(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
}
