package nets

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"html"
	"image/png"
	"slices"
	"strings"

	"graft/stdlib/display"
	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
	"graft/stdlib/preprocessing"
)

// Predictions are the classes that a net finds most likely for a photo, the
// most likely first.
type Predictions struct {
	Net           string
	Classes       []int     // numbers of the net's classes
	Names         []string  // their names
	Probabilities []float64 // in [0, 1]

	photo []byte // PNG
}

// of takes the k most likely classes; of equal ones the first.
func (p *Predictions) of(logits []float32, labels []string, k int) {
	all := softmax(logits)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[b], all[a]) })
	for _, i := range order[:min(k, len(order))] {
		p.Classes, p.Names, p.Probabilities = append(p.Classes, i), append(p.Names, labels[i]), append(p.Probabilities, all[i])
	}
}

// Name is the name of the most likely class, "" of no predictions.
func (p *Predictions) Name() string {
	if len(p.Names) == 0 {
		return ""
	}
	return p.Names[0]
}

// String is a table of the classes and their probabilities.
func (p *Predictions) String() string {
	t := display.Table{Header: []string{"class", "probability", "name"}, Align: []display.Alignment{display.Right, display.Right, display.Left}}
	for i, n := range p.Names {
		t.Rows = append(t.Rows, []string{fmt.Sprint(p.Classes[i]), percent(p.Probabilities[i]), n})
	}
	return t.String()
}

func percent(p float64) string { return fmt.Sprintf("%.1f %%", 100*p) }

// MIME shows the photo beside the classes, with a bar for each; as text it is
// String's table.
func (p *Predictions) MIME() map[string]string {
	var b strings.Builder
	b.WriteString(`<table><tbody>`)
	for i, n := range p.Names {
		b.WriteString("<tr>")
		if i == 0 && p.photo != nil {
			fmt.Fprintf(&b, `<td rowspan="%d" style="vertical-align:top"><img alt="the photo" src="data:image/png;base64,%s"></td>`,
				len(p.Names), base64.StdEncoding.EncodeToString(p.photo))
		}
		fmt.Fprintf(&b, `<td style="text-align:left">%s</td><td style="text-align:right">%s</td>`, html.EscapeString(n), percent(p.Probabilities[i]))
		fmt.Fprintf(&b, `<td style="text-align:left"><div style="width:%.0fpx;height:10px;background:#4c78a8"></div></td></tr>`, 1+119*p.Probabilities[i])
	}
	b.WriteString("</tbody></table>")
	return map[string]string{"text/plain": p.String(), "text/html": b.String()}
}

// shown is the longer side of a photo beside its classes.
const shown = 160

// thumbnail is a photo made small.
func thumbnail(photo *graph.Tensor) ([]byte, error) {
	s := photo.Shape()
	scale := min(1, float64(shown)/float64(max(s[0], s[1])))
	small, err := preprocessing.Resize(photo, max(1, int(float64(s[0])*scale)), max(1, int(float64(s[1])*scale)), preprocessing.ResizeOptions{Method: preprocessing.Area})
	if err != nil {
		return nil, err
	}
	pix := small.Data().([]float32)
	if _, floats := photo.Data().([]float32); floats && slices.Max(pix) <= 2 {
		for i := range pix {
			pix[i] *= 255 // of [0, 1]
		}
	}
	p := &picture.Bytes{Pix: make([]byte, len(pix)), Height: small.Shape()[0], Width: small.Shape()[1], Channels: small.Shape()[2]}
	for i, v := range pix {
		p.Pix[i] = byte(max(0, min(v+0.5, 255)))
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p.Image()); err != nil {
		return nil, fmt.Errorf("nets: %w", err)
	}
	return out.Bytes(), nil
}
