package nets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"

	"graft/stdlib/graph"
)

// EndPoints are the results of a net's layers by TF-Slim's names. Reading a
// name that is not there gives nil, as for any map; Get says which there are.
type EndPoints map[string]*graph.Node

// Get is the end point of that name:
//
//	features, err := endPoints.Get("Mixed_7c")
//
// Another name is an error that has the nearest ones.
func (e EndPoints) Get(name string) (*graph.Node, error) {
	if n := e[name]; n != nil {
		return n, nil
	}
	if len(e) == 0 {
		return nil, fmt.Errorf("nets: there is no end point %q: there are none", name)
	}
	near := e.Names()
	far := func(s string) int {
		if strings.Contains(strings.ToLower(s), strings.ToLower(name)) {
			return 0 // it stands in a scope
		}
		return edlib.OSADamerauLevenshteinDistance(strings.ToLower(s), strings.ToLower(name))
	}
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
	return nil, fmt.Errorf("nets: there is no end point %q among the net's %d; the nearest are %s", name, len(e), strings.Join(near[:min(3, len(near))], ", "))
}

// Names are the names of the end points, sorted.
func (e EndPoints) Names() []string { return slices.Sorted(maps.Keys(e)) }
