package repl

import (
	"go/token"
	"go/types"
	"io"
	"maps"
	"reflect"
	"strings"

	yaegiunsafe "github.com/traefik/yaegi/stdlib/unsafe"

	"graft/repl/internal/gosyms"
	"graft/repl/internal/typedata"
	"graft/repl/internal/yaegi"
	"graft/stdlib/data"
	"graft/stdlib/display"
	"graft/stdlib/symbols"
)

// withDefaults fills in what is not set. Nothing large is built or read here
// but the list of packages: tables when a session starts, types and
// documentation when a cell asks for them.
func (o Options) withDefaults() Options {
	if o.Symbols == nil {
		o.Symbols = defaultSymbols
	}
	if o.Packages == nil {
		o.Packages = typedata.Packages()
	}
	if o.Doc == nil {
		o.Doc = typedata.NewDocs().Doc
	}
	if o.Render == nil {
		o.Render = display.Render
	}
	return o
}

// defaultSymbols are Go's packages, graft's, and those that graft brings.
// Conversions of unsafe.Pointer are the interpreter's own business.
func defaultSymbols() Exports {
	all := gosyms.Symbols()
	maps.Copy(all, symbols.Symbols())
	maps.Copy(all, yaegiunsafe.Symbols)
	for name, f := range map[string]any{"Fetch": data.Fetch, "FetchWith": data.FetchWith} {
		all["graft/ckpt/ckpt"][name] = reflect.ValueOf(f) // with a progress bar, and ended by an interrupt
	}
	return all
}

func defaultImporter(fset *token.FileSet) types.Importer { return typedata.NewImporter(fset) }

func newBackend(symbols map[string]map[string]reflect.Value, stdout, stderr io.Writer) (Backend, error) {
	return yaegi.New(symbols, strings.NewReader(""), stdout, stderr)
}
