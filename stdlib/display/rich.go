package display

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"regexp"
	"strings"
)

// The MIME types that front ends draw.
const (
	typeText     = "text/plain"
	typeHTML     = "text/html"
	typeMarkdown = "text/markdown"
	typeLaTeX    = "text/latex"
	typeJSON     = "application/json"
	typeSVG      = "image/svg+xml"
	typePNG      = "image/png"
)

// Rich is a value with representations of its own choosing. Its zero value
// shows as nothing.
type Rich struct {
	data map[string]string
}

// MIME returns the representations by MIME type, text/plain among them.
func (r Rich) MIME() map[string]string {
	if r.data == nil {
		return map[string]string{typeText: ""}
	}
	return maps.Clone(r.data)
}

// String is the value as text.
func (r Rich) String() string { return r.data[typeText] }

// Text shows s as it stands.
func Text(s string) Rich {
	return Rich{map[string]string{typeText: s}}
}

// HTML shows a piece of HTML. Scripts run only where the front end trusts the
// notebook, and never on GitHub or nbviewer. As text it is shown without its
// tags.
func HTML(s string) Rich {
	return Rich{map[string]string{typeText: plainHTML(s), typeHTML: s}}
}

// Markdown shows CommonMark text with tables and, between dollar signs,
// formulas.
func Markdown(s string) Rich {
	return Rich{map[string]string{typeText: s, typeMarkdown: s}}
}

// LaTeX shows a formula. It may stand between $…$, $$…$$, \(…\), \[…\] or in
// an environment (\begin{align}…); a bare one is set as displayed mathematics.
func LaTeX(s string) Rich {
	formula := strings.TrimSpace(s)
	delimited := false
	for _, start := range []string{"$", `\(`, `\[`, `\begin{`} {
		delimited = delimited || strings.HasPrefix(formula, start)
	}
	if !delimited {
		formula = `$\displaystyle ` + formula + "$"
	}
	return Rich{map[string]string{typeText: s, typeLaTeX: formula}}
}

// JSON shows v, as encoding/json writes it, as a tree that folds. It fails
// when v holds what JSON cannot, such as a channel or NaN.
func JSON(v any) (Rich, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return Rich{}, fmt.Errorf("display: JSON of %T: %w", v, err)
	}
	return Rich{map[string]string{typeText: cut(string(b)), typeJSON: string(b)}}, nil
}

// SVG shows a picture in SVG. It fails when s is not well-formed XML with an
// svg element at its root. As text it is its title, or its size.
func SVG(s string) (Rich, error) {
	alt, err := describeSVG(s)
	if err != nil {
		return Rich{}, fmt.Errorf("display: not an SVG picture: %w", err)
	}
	return Rich{map[string]string{typeText: alt, typeSVG: s}}, nil
}

// describeSVG reads all of s, so that a broken picture is an error here and
// not a blank in the notebook.
func describeSVG(s string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	var path []string
	var title, size string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				if t.Name.Local != "svg" {
					return "", fmt.Errorf("its root is <%s>, expected <svg>", t.Name.Local)
				}
				size = svgSize(t.Attr)
			}
			path = append(path, t.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) == 2 && path[1] == "title" {
				title += string(t)
			}
		}
	}
	if size == "" {
		return "", errors.New("it has no <svg> element")
	}
	if title = strings.TrimSpace(title); title != "" {
		return fmt.Sprintf("%s (%s)", title, size), nil
	}
	return size, nil
}

func svgSize(attrs []xml.Attr) string {
	at := map[string]string{}
	for _, a := range attrs {
		at[a.Name.Local] = a.Value
	}
	if at["width"] != "" && at["height"] != "" {
		return fmt.Sprintf("SVG picture, %s × %s", at["width"], at["height"])
	}
	if box := strings.Fields(strings.ReplaceAll(at["viewBox"], ",", " ")); len(box) == 4 {
		return fmt.Sprintf("SVG picture, %s × %s", box[2], box[3])
	}
	return "SVG picture"
}

// What plainHTML leaves out, and where it breaks lines.
var (
	htmlHidden = regexp.MustCompile(`(?is)<(script|style|head)\b.*?</(script|style|head)>|<!--.*?-->`)
	htmlCell   = regexp.MustCompile(`(?i)</t[dh]>\s*`)
	htmlBreak  = regexp.MustCompile(`(?i)\s*(<br\b[^>]*>|</(p|div|tr|li|h[1-6]|table|caption|ul|ol|pre|details|summary)>)\s*`)
	htmlTag    = regexp.MustCompile(`(?s)<[/!?a-zA-Z][^>]*>`)
	htmlBlank  = regexp.MustCompile(`\n\s*\n+`)
	htmlOpen   = regexp.MustCompile(`(?is)(<(script|style|head)\b|<!--|<[^>]*$).*$`)
)

// maxPlain bounds the HTML whose text is looked for: with a megabyte of it
// that took ten times as long as showing it.
const maxPlain = 8 << 10

// plainHTML is the text of a piece of HTML, for where HTML cannot be drawn; of
// a long piece, of its beginning.
func plainHTML(s string) string {
	if len(s) > maxPlain {
		start := strings.ToValidUTF8(s[:maxPlain], "")
		return plainHTML(htmlOpen.ReplaceAllString(htmlHidden.ReplaceAllString(start, ""), "")) + " …"
	}
	s = htmlHidden.ReplaceAllString(s, "")
	s = htmlCell.ReplaceAllString(s, "  ")
	s = htmlBreak.ReplaceAllString(s, "\n")
	s = html.UnescapeString(htmlTag.ReplaceAllString(s, ""))
	s = strings.TrimSpace(htmlBlank.ReplaceAllString(s, "\n"))
	if s == "" {
		return "(HTML without text)"
	}
	return s
}
