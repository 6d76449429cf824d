package typedata

import (
	"archive/zip"
	_ "embed"
	"strings"
	"sync"
)

//go:embed docs.zip
var docsZip string

// Docs is the embedded documentation. It may be used by several goroutines.
type Docs struct {
	mu      sync.Mutex
	entries map[string]*zip.File
	pkgs    map[string]map[string]string
}

// NewDocs returns the documentation, of which nothing is read yet.
func NewDocs() *Docs { return &Docs{pkgs: map[string]map[string]string{}} }

// Doc returns the text of a name: "" is the package itself, "Name" a function,
// type, constant or variable, "Type.Name" a method or a field. It is "" where
// there is none. The language's own names are in package "builtin".
func (d *Docs) Doc(pkg, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	texts, ok := d.pkgs[pkg]
	if !ok {
		texts = d.load(pkg)
		d.pkgs[pkg] = texts
	}
	return texts[name]
}

// load reads one package's texts, none when it is unknown.
func (d *Docs) load(pkg string) map[string]string {
	if d.entries == nil {
		d.entries = open(docsZip)
	}
	f := d.entries[pkg]
	if f == nil {
		return nil
	}
	data, err := read(f)
	if err != nil {
		return nil
	}
	parts := strings.Split(string(data), "\x00")
	texts := make(map[string]string, len(parts)/2)
	for i := 0; i+1 < len(parts); i += 2 {
		texts[parts[i]] = parts[i+1]
	}
	return texts
}
