package display

import (
	"fmt"
	"image"
	"maps"
	"reflect"

	"gonum.org/v1/plot"
	"gorgonia.org/tensor"
)

// Render returns the representations of a compiled value, text/plain always
// among them, none if the value has nothing to show:
//
//   - a value with MIME() map[string]string says itself, and with an empty map
//     that it has nothing to show;
//   - a *plot.Plot is a PNG of 640 × 400 pixels of the screen, at twice the
//     resolution, with a text that names its title, axes and legend. It is not
//     SVG: letters would then be set in whatever font the reader has, in the
//     places measured for another;
//   - an image.Image is a PNG;
//   - a *tensor.Dense is its dtype, shape and values in NumPy's layout;
//   - a [][]string is a table;
//   - an error, a fmt.Stringer, a string and a number are what fmt.Print prints;
//   - slices, maps and structs too, if that is short. Long ones are shown with
//     their middle left out, slices of structs as tables.
//
// What is too long is cut, and the last line says by how much.
func Render(v any) map[string]string {
	switch v := v.(type) {
	case nil:
		return textOnly("<nil>")
	case interface{ MIME() map[string]string }:
		return ownMIME(v)
	case *plot.Plot:
		return renderPlot(v)
	case *tensor.Dense:
		if v == nil {
			return textOnly("<nil>")
		}
		return textOnly(cut(tensorText(v)))
	case image.Image:
		return renderImage(v)
	case string:
		return textOnly(cutAt(v, maxString))
	case error, fmt.Stringer, fmt.Formatter:
		return textOnly(cut(fmt.Sprint(v)))
	case [][]string:
		if len(v) > 0 {
			return Table{Rows: v}.MIME()
		}
	}
	return renderComposite(v)
}

func textOnly(s string) map[string]string { return map[string]string{typeText: s} }

// ownMIME completes what a value says of itself; a nil pointer says nothing.
func ownMIME(v interface{ MIME() map[string]string }) map[string]string {
	if isNil(v) {
		return textOnly("<nil>")
	}
	m := maps.Clone(v.MIME())
	if m != nil && len(m) == 0 {
		return m // it has nothing to show
	}
	if m == nil {
		m = map[string]string{}
	}
	if _, ok := m[typeText]; !ok {
		m[typeText] = cut(fmt.Sprint(v))
	}
	return m
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

func renderImage(img image.Image) map[string]string {
	r, err := PNG(img)
	if err != nil {
		return textOnly(fmt.Sprintf("%T (%v)", img, err))
	}
	return r.MIME()
}
