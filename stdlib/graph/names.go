package graph

import (
	"fmt"
	"regexp"
	"strings"
)

// TensorFlow's rules for names: outside all scopes a name begins with a
// letter, a digit or a point, inside one with anything that is allowed.
const (
	rootNames  = `^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$`
	innerNames = `^[A-Za-z0-9_.\\/>-]*$`
)

var (
	rootName  = regexp.MustCompile(rootNames)
	innerName = regexp.MustCompile(innerNames)
)

// checkName refuses what TensorFlow refuses as the name of an operation or of
// a scope inside the name scope within.
func checkName(within, name string) error {
	if within == "" && !rootName.MatchString(name) {
		return fmt.Errorf("graph: '%s' is not a valid root scope name. A root scope name has to match the following pattern: %s", name, rootNames)
	}
	if !innerName.MatchString(name) {
		return fmt.Errorf("graph: '%s' is not a valid scope name. A scope name has to match the following pattern: %s", name, innerNames)
	}
	return nil
}

// UniqueName takes a name that nothing in the graph has yet: name, or name_1,
// name_2, …, without regard to case (tf.Graph.unique_name). It stays taken.
func (g *Graph) UniqueName(name string) string {
	key := strings.ToLower(name)
	n := g.names[key]
	g.names[key] = n + 1
	if n == 0 {
		return name
	}
	for {
		next := fmt.Sprintf("%s_%d", key, n)
		if _, taken := g.names[next]; !taken {
			g.names[next] = 1
			return fmt.Sprintf("%s_%d", name, n)
		}
		n++
	}
}

func join(scope, name string) string {
	if scope == "" {
		return name
	}
	return scope + "/" + name
}
