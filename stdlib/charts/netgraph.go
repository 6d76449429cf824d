package charts

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"graft/stdlib/graph"
)

// NetGraph shows a net's layers, or groups of them, and what each is given by
// which: data flows from top to bottom.
type NetGraph struct {
	Title string

	boxes []*box
	width int // boxes in the widest row
	rows  int
}

// box is one layer, or a scope of layers.
type box struct {
	name       string
	shape      string // of its result
	parameters int
	inputs     []*box
	row, at    int
	last       *graph.Node // what the next layer takes
}

// NetOptions say how much is shown.
type NetOptions struct {
	// Depth is how many segments of a layer's name are kept: 1 shows
	// InceptionV3/Mixed_7c as one box, 2 its branches. Default: 1.
	Depth int
}

// Net draws what the node out is computed from: usually the logits. Scopes are
// the boxes, below the scope that all share. It fails for nil, a negative
// Depth, and a graph of more than 2,000 boxes.
func Net(out *graph.Node, opt NetOptions) (*NetGraph, error) {
	if out == nil {
		return nil, errors.New("charts: the graph of nil: a node is expected, such as the logits")
	}
	if opt.Depth == 0 {
		opt.Depth = 1
	}
	if opt.Depth < 0 {
		return nil, fmt.Errorf("charts: NetOptions.Depth is %d: expected 1 or more", opt.Depth)
	}
	nodes := needed(out)
	root := sharedScope(nodes)
	n := &NetGraph{Title: strings.Trim(root, "/")}
	b := &boxing{root: root, depth: opt.Depth, byName: map[string]*box{}, of: map[*graph.Node]*box{}}
	for _, node := range nodes {
		b.add(node)
	}
	vars, err := out.Graph().Collection(graph.GlobalVariables, "")
	if none := (*graph.NoMatchError)(nil); err != nil && !errors.As(err, &none) {
		return nil, err
	}
	for _, v := range vars {
		if bx := b.byName[b.scope(v.Name())]; bx != nil {
			bx.parameters += v.Size()
		}
	}
	if n.boxes = b.boxes; len(n.boxes) > 2000 {
		return nil, fmt.Errorf("charts: the graph has %d boxes, at most 2000 can be shown: choose a smaller Depth", len(n.boxes))
	}
	n.place()
	return n, nil
}

// needed are the nodes that out is computed from, inputs first, without what
// belongs to variables.
func needed(out *graph.Node) []*graph.Node {
	type frame struct {
		n    *graph.Node
		next int
	}
	var sorted []*graph.Node
	seen, stack := map[*graph.Node]bool{out: true}, []frame{{out, 0}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if in := f.n.Inputs(); f.next < len(in) {
			f.next++
			if next := in[f.next-1]; !seen[next] {
				seen[next] = true
				stack = append(stack, frame{next, 0})
			}
			continue
		}
		sorted = append(sorted, f.n)
		stack = stack[:len(stack)-1]
	}
	return sorted
}

// sharedScope is the scope that the operations share: vgg_16/.
func sharedScope(nodes []*graph.Node) string {
	root, first := "", true
	for _, n := range nodes {
		if len(n.Inputs()) == 0 {
			continue
		}
		name := plain(n.Name())
		scope := name[:strings.LastIndex(name, "/")+1]
		if first {
			root, first = scope, false
		}
		for !strings.HasPrefix(scope, root) {
			root = root[:strings.LastIndex(strings.TrimSuffix(root, "/"), "/")+1]
		}
	}
	return root
}

// plain is a name without the doubled scope that TF-Slim's nets give their
// operations: InceptionV3/InceptionV3/Mixed_7c.
func plain(name string) string {
	if first, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(rest, first+"/") {
		return rest
	}
	return name
}

// boxing puts nodes into boxes.
type boxing struct {
	root   string
	depth  int
	boxes  []*box
	byName map[string]*box
	of     map[*graph.Node]*box
}

// scope is the box that a name belongs to.
func (b *boxing) scope(name string) string {
	name = plain(name)
	rest, inside := strings.CutPrefix(name, b.root)
	if !inside {
		return name
	}
	segments := strings.Split(rest, "/")
	return strings.Join(segments[:min(b.depth, max(1, len(segments)-1))], "/")
}

func (b *boxing) add(n *graph.Node) {
	if len(n.Inputs()) == 0 && n.Op() != "Placeholder" { // a variable, a constant
		return
	}
	name := b.scope(n.Name())
	bx := b.byName[name]
	if bx == nil {
		bx = &box{name: name}
		b.byName[name] = bx
		b.boxes = append(b.boxes, bx)
	}
	b.of[n], bx.last = bx, n
	bx.shape = fmt.Sprint(n.Shape())
	for _, in := range n.Inputs() {
		if from := b.of[in]; from != nil && from != bx && !slices.Contains(bx.inputs, from) {
			bx.inputs = append(bx.inputs, from)
		}
	}
}

// place gives each box the row below its lowest input.
func (n *NetGraph) place() {
	count := map[int]int{}
	for _, b := range n.boxes { // inputs come first
		for _, in := range b.inputs {
			b.row = max(b.row, in.row+1)
		}
		b.at = count[b.row]
		count[b.row]++
		n.rows, n.width = max(n.rows, b.row+1), max(n.width, count[b.row])
	}
	for _, b := range n.boxes { // in the middle
		b.at = 2*b.at + n.width - count[b.row]
	}
}

const (
	boxWidth, boxHeight = 216, 46
	boxGapX, boxGapY    = 24, 26
)

// MIME draws the boxes; the text lists them with their inputs.
func (n *NetGraph) MIME() map[string]string {
	width := float64(n.width*(boxWidth+boxGapX) + boxGapX)
	height := float64(n.rows*(boxHeight+boxGapY) + boxGapY + 30)
	return show(max(width, 300), height, n.String(), func(c draw.Canvas, _ *image.RGBA) {
		top := c.Max.Y
		if n.Title != "" {
			c.FillText(bold(letters(16, ink(), draw.XLeft, draw.YTop)), vg.Point{X: 12 * px, Y: top - 10*px}, n.Title)
		}
		n.paint(c, top-30*px)
	})
}

func (b *box) corner(top vg.Length) vg.Point {
	return vg.Point{
		X: vg.Length(boxGapX+b.at*(boxWidth+boxGapX)/2) * px,
		Y: top - vg.Length(boxGapY/2+b.row*(boxHeight+boxGapY))*px,
	}
}

func (n *NetGraph) paint(c draw.Canvas, top vg.Length) {
	for _, b := range n.boxes {
		to := b.corner(top)
		for _, in := range b.inputs {
			from := in.corner(top)
			from.X, from.Y = from.X+boxWidth/2*px, from.Y-boxHeight*px
			arrow(c, from, vg.Point{X: to.X + boxWidth/2*px, Y: to.Y})
		}
	}
	name, detail := bold(letters(12, ink(), draw.XCenter, draw.YTop)), letters(11, inkSoft(), draw.XCenter, draw.YTop)
	for _, b := range n.boxes {
		at := b.corner(top)
		frame := []vg.Point{at, {X: at.X + boxWidth*px, Y: at.Y}, {X: at.X + boxWidth*px, Y: at.Y - boxHeight*px}, {X: at.X, Y: at.Y - boxHeight*px}}
		fill := grey(0xF7)
		if b.parameters > 0 {
			fill = mix(grey(0xFF), seriesColor(0), 0.14)
		}
		c.FillPolygon(fill, frame)
		c.StrokeLines(draw.LineStyle{Color: axisGrey(), Width: px}, append(frame, frame[0]))
		middle := at.X + boxWidth/2*px
		c.FillText(name, vg.Point{X: middle, Y: at.Y - 6*px}, elide(name, b.name, (boxWidth-12)*px))
		c.FillText(detail, vg.Point{X: middle, Y: at.Y - 25*px}, elide(detail, b.detail(), (boxWidth-12)*px))
	}
}

// arrow goes down from one box to another.
func arrow(c draw.Canvas, from, to vg.Point) {
	sty := draw.LineStyle{Color: axisGrey(), Width: 1.2 * px}
	middle := (from.Y + to.Y) / 2
	if from.Y-to.Y > 1.5*boxGapY*px { // past other rows
		middle = to.Y + boxGapY/2*px
	}
	c.StrokeLines(sty, []vg.Point{from, {X: from.X, Y: middle}, {X: to.X, Y: middle}, to})
	c.FillPolygon(axisGrey(), []vg.Point{to, {X: to.X - 3.5*px, Y: to.Y + 6*px}, {X: to.X + 3.5*px, Y: to.Y + 6*px}})
}

func (b *box) detail() string {
	if b.parameters == 0 {
		return b.shape
	}
	return fmt.Sprintf("%s, %s parameters", b.shape, thousands(b.parameters))
}

// thousands is a count that can be read: 138,357,544.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// String lists the boxes from top to bottom.
func (n *NetGraph) String() string {
	var out strings.Builder
	total := 0
	for _, b := range n.boxes {
		total += b.parameters
	}
	fmt.Fprintf(&out, "%s: %d boxes, %s parameters", n.Title, len(n.boxes), thousands(total))
	for _, b := range n.boxes {
		fmt.Fprintf(&out, "\n  %s  %s", b.name, b.detail())
		var from []string
		for _, in := range b.inputs {
			from = append(from, in.name)
		}
		if len(from) > 0 {
			fmt.Fprintf(&out, "  ← %s", strings.Join(from, ", "))
		}
	}
	return out.String()
}
