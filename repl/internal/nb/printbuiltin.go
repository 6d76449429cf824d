package nb

import (
	"fmt"
	"strconv"
	"strings"
)

// BuiltinPrint is the print builtin, BuiltinPrintln println; both write to
// stderr.
func (rt *Runtime) BuiltinPrint(ln bool, a ...any) {
	var b strings.Builder
	for i, x := range a {
		if i > 0 && ln {
			b.WriteByte(' ')
		}
		b.WriteString(printed(x))
	}
	if ln {
		b.WriteByte('\n')
	}
	rt.write("stderr", b.String())
}

func printed(x any) string {
	if c, ok := unwrap(x); ok {
		x = c.V
	}
	switch x := x.(type) {
	case float64:
		return printedFloat(x)
	case float32:
		return printedFloat(float64(x))
	case complex128:
		return "(" + printedFloat(real(x)) + printedFloat(imag(x)) + "i)"
	case nil:
		return "nil"
	}
	return fmt.Sprint(x)
}

// printedFloat is the run-time's own format, +d.dddddde+ddd.
func printedFloat(x float64) string {
	s := strconv.FormatFloat(x, 'e', 6, 64)
	if x != x || x > 1.7976931348623157e308 || x < -1.7976931348623157e308 {
		return s
	}
	if s[0] != '-' {
		s = "+" + s
	}
	if i := strings.IndexByte(s, 'e'); i >= 0 && len(s)-i == 4 {
		s = s[:i+2] + "0" + s[i+2:]
	}
	return s
}
