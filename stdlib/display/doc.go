// Package display shows values below a notebook cell: text, HTML, formulas,
// pictures, tables, progress, and outputs that change in place.
//
// The last line of a cell shows itself, so most values need no call here.
// Show shows one earlier, and its handle replaces it:
//
//	h := display.Show("loading")
//	for i := range 10 {
//		work(i)
//		h.Update(display.Table{Header: []string{"part", "done"}, Rows: parts[:i]})
//	}
//
// A value shows itself when it has the method
//
//	MIME() map[string]string
//
// which maps MIME types to one representation each: text as text, images in
// base64, JSON as JSON text. The front end takes the richest it can draw, so
// text/plain should always be there. Render says what is shown for everything
// else.
//
// Outside a notebook, in a compiled program, text goes to standard output and
// nothing can be asked.
package display
