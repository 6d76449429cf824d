package charts

import "errors"

// Panels are charts below each other over one x axis, as the loss and the
// accuracy of a run are.
type Panels struct {
	Title         string
	Charts        []Curves
	Width, Height int // in pixels of the screen; 0 means 640 × 400, and 130 more for each further chart
}

// NewPanels puts charts below each other. It fails without any.
func NewPanels(title string, charts ...*Curves) (*Panels, error) {
	p := &Panels{Title: title}
	for _, c := range charts {
		if c == nil {
			return nil, errors.New("charts: panels of a nil chart: expected a chart, such as &charts.Curves{}")
		}
		p.Charts = append(p.Charts, *c)
	}
	if len(charts) == 0 {
		return nil, errors.New("charts: panels of no charts: expected one or more")
	}
	return p, nil
}

// MIME draws the charts; the text names each series with its range.
func (p Panels) MIME() map[string]string { return panels(p.Title, p.Width, p.Height, p.Charts) }

// String is the charts in words.
func (p Panels) String() string { return describe(p.Title, p.Charts) }
