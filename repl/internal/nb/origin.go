package nb

import (
	"go/types"
	"strings"
)

// LocalPrefix begins the paths of packages that lie beside the notebook; no
// compiled package's path does.
const LocalPrefix = "./"

// Interpreted tells whether a package's code is interpreted: that of a cell
// or of a package beside the notebook.
func Interpreted(p *types.Package) bool {
	return p != nil && (p.Path() == "main" || strings.HasPrefix(p.Path(), LocalPrefix))
}
