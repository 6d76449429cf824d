package tutor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// language is what the tutor speaks.
type language string

const (
	english language = ""
	chinese language = "zh"
)

// spoken is the language of the notebook that asks. Jupyter's server tells a
// kernel the notebook's path, `graft run` does the same, and of VS Code the
// kernel knows it by its cells' addresses; jupyter console and `graft repl`
// have no notebook, and then it is that of the user's system. A tutorial under
// its own name is in its own language, whatever the system's.
func spoken(exercise string) language {
	number, _, _ := strings.Cut(exercise, ".")
	name := filepath.Base(filepath.ToSlash(os.Getenv("JPY_SESSION_NAME")))
	switch {
	case strings.Contains(name, ".zh"):
		return chinese
	case strings.HasPrefix(name, number+"-"):
		return english
	}
	for _, variable := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} { // the first that is set counts, as POSIX says
		if v := os.Getenv(variable); v != "" {
			if strings.HasPrefix(v, "zh") {
				return chinese
			}
			return english
		}
	}
	return english
}

// text is an English text in the language. One that is not in the catalogue
// stays English.
func (l language) text(s string) string {
	if l == chinese {
		if c, ok := inChinese(s); ok {
			return c
		}
	}
	return s
}

// say is fmt.Sprintf with an English format.
func (l language) say(format string, a ...any) string { return fmt.Sprintf(l.text(format), a...) }
