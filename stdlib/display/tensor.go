package display

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"gorgonia.org/tensor"
)

// Tensors print in NumPy's layout (numpy/_core/arrayprint.py of NumPy 2) with
// PyTorch's precision: more than maxValues are cut to edgeItems at both ends
// of each axis.
const (
	maxValues = 1000
	edgeItems = 3
	precision = 4
	lineWidth = 75
)

// tensorText is a tensor's dtype, its shape and its values.
func tensorText(t *tensor.Dense) string {
	shape := []int(t.Shape())
	name := t.Dtype().Name()
	if !t.IsNativelyAccessible() {
		return fmt.Sprintf("%s %v (its values are outside of this program's memory)", name, shape)
	}
	if t.Shape().IsScalar() {
		v, err := scalar(t)
		if err != nil {
			return fmt.Sprintf("%s scalar (reading it failed: %v)", name, err)
		}
		p := tensorPrinter{values: []any{v}}
		return fmt.Sprintf("%s scalar: %s", name, strings.TrimSuffix(strings.TrimSpace(p.words()[0]), "."))
	}
	p := tensorPrinter{t: t, shape: shape, cut: t.Shape().TotalSize() > maxValues}
	if err := p.read(nil); err != nil {
		return fmt.Sprintf("%s %v (reading its values failed: %v)", name, shape, err)
	}
	p.texts = p.words()
	return fmt.Sprintf("%s %v\n%s", name, shape, p.block(0, "", lineWidth))
}

// scalar reads a tensor without axes, whose Data is the value itself.
func scalar(t *tensor.Dense) (any, error) {
	v := reflect.ValueOf(t.Data())
	if v.Kind() == reflect.Slice {
		if v.Len() == 0 {
			return nil, fmt.Errorf("it has no value")
		}
		v = v.Index(0)
	}
	return v.Interface(), nil
}

type tensorPrinter struct {
	t      *tensor.Dense
	shape  []int
	cut    bool
	values []any    // those that are shown, in order
	texts  []string // the same, all of one width
	next   int      // the first of texts that block has not used
}

// items are the shown indices along an axis; -1 is what is left out.
func (p *tensorPrinter) items(axis int) []int {
	n := p.shape[axis]
	var out []int
	for i := range n {
		switch {
		case !p.cut || n <= 2*edgeItems || i < edgeItems || i >= n-edgeItems:
			out = append(out, i)
		case i == edgeItems:
			out = append(out, -1)
		}
	}
	return out
}

// read collects the shown values; at is the position on the first axes.
func (p *tensorPrinter) read(at []int) error {
	if len(at) == len(p.shape) {
		v, err := p.t.At(at...)
		if err != nil {
			return err
		}
		if masked, err := p.t.MaskAt(at...); err == nil && masked {
			v = masking{}
		}
		p.values = append(p.values, v)
		return nil
	}
	for _, i := range p.items(len(at)) {
		if i < 0 {
			continue
		}
		if err := p.read(append(at[:len(at):len(at)], i)); err != nil {
			return err
		}
	}
	return nil
}

// masking stands for a value that the tensor's mask hides.
type masking struct{}

// words are the values as texts of one width.
func (p *tensorPrinter) words() []string {
	var floats []float64
	bits := 0
	for _, v := range p.values {
		switch f := v.(type) {
		case float32:
			floats, bits = append(floats, float64(f)), 32
		case float64:
			floats, bits = append(floats, f), 64
		}
	}
	format := floatFormat(floats, bits)
	texts, width := make([]string, len(p.values)), 0
	for i, v := range p.values {
		switch f := v.(type) {
		case float32:
			texts[i] = format(float64(f))
		case float64:
			texts[i] = format(f)
		case bool:
			texts[i] = map[bool]string{true: "True", false: "False"}[f]
		case string:
			texts[i] = strconv.Quote(cutTo(f, 80))
		case masking:
			texts[i] = "--"
		default:
			texts[i] = cutTo(fmt.Sprint(v), 80)
		}
		width = max(width, columns(texts[i]))
	}
	for i, s := range texts {
		texts[i] = strings.Repeat(" ", width-columns(s)) + s
	}
	return texts
}

// block prints the part of the tensor below one position of its first axes.
func (p *tensorPrinter) block(axis int, indent string, width int) string {
	if axis == len(p.shape)-1 {
		return p.row(axis, indent, width-1)
	}
	var parts []string
	for _, i := range p.items(axis) {
		if i < 0 {
			parts = append(parts, "...")
		} else {
			parts = append(parts, p.block(axis+1, indent+" ", width-1))
		}
	}
	sep := strings.Repeat("\n", len(p.shape)-1-axis) + indent + " "
	return "[" + strings.Join(parts, sep) + "]"
}

// row prints the last axis, on several lines if it must.
func (p *tensorPrinter) row(axis int, indent string, width int) string {
	var b strings.Builder
	line := indent + " "
	start := len(line)
	for n, i := range p.items(axis) {
		word := "..."
		if i >= 0 {
			word = p.texts[p.next]
			p.next++
		}
		if n > 0 {
			line += " "
		}
		if columns(line)+columns(word) > width && len(line) > start {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent + " "
		}
		line += word
	}
	b.WriteString(line)
	return "[" + b.String()[start:] + "]"
}

// floatFormat chooses one notation for all of vs, as NumPy's FloatingFormat
// does: positional with aligned points, or with exponents when they lie far
// apart. bits is 32 or 64, of which the fewest digits that tell two values
// apart follow.
func floatFormat(vs []float64, bits int) func(float64) string {
	largest, smallest := 0.0, math.Inf(1)
	for _, v := range vs {
		if a := math.Abs(v); a > 0 && !math.IsInf(a, 0) {
			largest, smallest = max(largest, a), min(smallest, a)
		}
	}
	limit := 1e8
	if bits == 32 {
		limit = 1e6
	}
	if largest > 0 && (largest >= limit || smallest < 1e-4 || largest/smallest > 1000) {
		return exponentFormat(vs, bits)
	}
	return pointFormat(vs, bits)
}

func pointFormat(vs []float64, bits int) func(float64) string {
	digits := 0
	for _, v := range vs {
		_, frac, _ := strings.Cut(shortest(v, 'f', bits), ".")
		digits = max(digits, len(frac))
	}
	return func(v float64) string {
		if s, ok := notFinite(v); ok {
			return s
		}
		s := shortest(v, 'f', bits)
		_, frac, _ := strings.Cut(s, ".")
		return s + strings.Repeat(" ", digits-len(frac))
	}
}

func exponentFormat(vs []float64, bits int) func(float64) string {
	digits := 0
	for _, v := range vs {
		mantissa, _, _ := strings.Cut(shortest(v, 'e', bits), "e")
		_, frac, _ := strings.Cut(mantissa, ".")
		digits = max(digits, len(frac))
	}
	return func(v float64) string {
		if s, ok := notFinite(v); ok {
			return s
		}
		s := shortest(v, 'e', bits)
		mantissa, exponent, _ := strings.Cut(s, "e")
		_, frac, _ := strings.Cut(mantissa, ".")
		return mantissa + strings.Repeat("0", digits-len(frac)) + "e" + exponent
	}
}

// shortest has at most precision digits behind the point, and always a point.
func shortest(v float64, notation byte, bits int) string {
	if _, ok := notFinite(v); ok {
		return ""
	}
	s := strconv.FormatFloat(v, notation, -1, bits)
	mantissa, exponent, has := strings.Cut(s, "e")
	if _, frac, _ := strings.Cut(mantissa, "."); len(frac) > precision {
		mantissa, exponent, has = strings.Cut(strconv.FormatFloat(v, notation, precision, bits), "e")
		mantissa = strings.TrimRight(mantissa, "0")
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += "."
	}
	if has {
		mantissa += "e" + exponent
	}
	return mantissa
}

func notFinite(v float64) (string, bool) {
	switch {
	case math.IsNaN(v):
		return "nan", true
	case math.IsInf(v, 1):
		return "inf", true
	case math.IsInf(v, -1):
		return "-inf", true
	}
	return "", false
}
