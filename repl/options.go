package repl

import (
	"go/types"
	"reflect"
)

// Exports are compiled symbols by import path ("path/name") and identifier,
// in yaegi's form.
type Exports = map[string]map[string]reflect.Value

// Options configure a Session; the zero value works.
type Options struct {
	// Symbols are the compiled packages that cells can import. Default: the
	// standard library and graft's own.
	Symbols func() Exports
	// Importer gives the types of compiled packages. Default: the export data
	// embedded in the binary.
	Importer types.Importer
	// Packages lists the import paths that a cell may use without importing
	// them. Default: those that the embedded export data knows.
	Packages []string
	// Doc returns the documentation of a name ("" for the package itself,
	// "T.M" for a method). Default: the embedded documentation.
	Doc func(pkgPath, name string) string
	// Render turns a compiled value into its representations, text/plain at
	// least. Default: package display of the standard library.
	Render func(v any) map[string]string
}
