// Package terminal is the front end where there is no browser: `graft repl`,
// and what `graft run` prints.
//
//	printer := &terminal.Printer{Out: os.Stdout, Graphics: terminal.Detect(os.Getenv), Live: true, Columns: 80}
//	shell := &terminal.Shell{Engine: engine, Reader: terminal.NewLines(engine, os.Stdin), Printer: printer, Output: printer}
//	err := shell.Run() // until the input ends
//
// # How it hangs together
//
// A Shell has a Reader give it cells, runs them in a repl.Engine, and has a
// Printer show what they put out. Lines reads cells from a pipe or a file: a
// cell ends where the engine says that it is complete. Editor reads them from a
// person, by github.com/reeflective/readline: several lines, colours
// (Highlight), completion with documentation, search of the history. Commands
// are lines of the front end's own, such as %save, beside the session's.
//
// A Printer is a repl.Output. Text is text. A picture is drawn in the terminal
// as Graphics says (kitty's, iTerm2's or sixel's way, or with half blocks where
// there are only colours), and otherwise saved in Dir, with a line that says
// where. A display that is updated is shown once, at its cell's end, in its
// last state; one line, such as a progress bar, is written over in place where
// Live is set. Of other kinds their text/plain is shown.
//
// # Keys
//
// Ctrl-C interrupts the cell that runs, and variables stay; where a cell is
// being typed it gives up the text (ErrCancelled). Ctrl-D on an empty line
// ends the session.
//
// # Errors
//
// A cell's errors are printed, with the line and a caret, and the session goes
// on; only Lines stops at the first, which Run returns, since nobody is there
// to read it. Other errors are those of the Reader. Writing that fails is not
// told: a pipe that closes ends the program by itself.
package terminal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mattn/go-sixel"

	"graft/repl"
)

// Graphics is how a terminal takes pictures.
type Graphics string

// The ways a terminal takes pictures; None is a terminal, or a file, that
// takes text only.
const (
	None  Graphics = ""
	Kitty Graphics = "kitty" // sw.kovidgoyal.net/kitty/graphics-protocol
	ITerm Graphics = "iterm" // iterm2.com/documentation-images.html
	Sixel Graphics = "sixel" // vt100.net/docs/vt3xx-gp/chapter14.html
	// Blocks draws with half-block characters, for terminals that have colours
	// and no pictures; the picture itself is saved besides.
	Blocks Graphics = "blocks"
)

// Detect guesses from the environment what the terminal can draw.
func Detect(getenv func(string) string) Graphics {
	term, program := getenv("TERM"), getenv("TERM_PROGRAM")
	for _, k := range []struct {
		is bool
		g  Graphics
	}{
		{getenv("KITTY_WINDOW_ID") != "" || strings.Contains(term, "kitty") || program == "ghostty", Kitty},
		{program == "iTerm.app" || program == "WezTerm" || program == "vscode", ITerm},
		{strings.Contains(term, "sixel") || term == "foot" || strings.HasPrefix(term, "mlterm"), Sixel},
	} {
		if k.is {
			return k.g
		}
	}
	return None
}

// Printer is a repl.Output that writes to a terminal or a file. Outputs with
// a display id are shown once, at the end of their cell, in their last state;
// one line of text, such as a progress bar, is rewritten in place if Live.
type Printer struct {
	Out        io.Writer // text and pictures
	Graphics   Graphics
	Dir        string // where pictures are saved when Graphics is None or Blocks
	Live       bool   // Out is a terminal: lines can be rewritten
	Columns    int    // of the terminal, 0 when unknown
	TrueColour bool   // the terminal has 24-bit colours

	mu       sync.Mutex
	cell     int
	pictures int
	late     []*repl.Display // displays with an id, of this cell
	live     string          // the id of the line that is rewritten in place
	midLine  bool
}

// Begin starts the cell of that number.
func (p *Printer) Begin(number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cell, p.pictures, p.late, p.live = number, 0, nil, ""
}

// Stream writes text as it comes.
func (p *Printer) Stream(_, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.write(text)
}

func (p *Printer) write(text string) {
	if p.live != "" { // the line in place stays as it is, and is done with
		p.live = ""
		_, _ = io.WriteString(p.Out, "\n")
	}
	if text != "" {
		_, _ = io.WriteString(p.Out, text) // a closed pipe ends the program by itself
		p.midLine = !strings.HasSuffix(text, "\n")
	}
}

// Display shows a value now, or keeps it until its cell ends if it may change.
func (p *Printer) Display(d repl.Display) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inPlace(d) {
		return
	}
	if d.Update {
		for _, old := range p.late {
			if old.ID == d.ID {
				old.Data = d.Data
			}
		}
		return
	}
	if d.ID != "" {
		p.late = append(p.late, &d)
		return
	}
	p.show(d.Data)
}

// inPlace shows a line of text that may change where it stands. Its last
// state stays there when something else is written below it.
func (p *Printer) inPlace(d repl.Display) bool {
	text := strings.TrimRight(d.Data["text/plain"], "\n")
	if !p.Live || d.ID == "" || d.Data["image/png"] != "" || strings.Contains(text, "\n") || text == "" {
		return false
	}
	if p.live != d.ID {
		if p.midLine || p.live != "" {
			p.write("\n")
		}
		p.live, p.midLine = d.ID, false
	}
	if r := []rune(text); p.Columns > 0 && len(r) >= p.Columns {
		text = string(r[:p.Columns-1])
	}
	_, _ = io.WriteString(p.Out, "\r\x1b[K"+text)
	return true
}

// Clear drops what has not been shown yet; a terminal keeps what it has.
func (p *Printer) Clear(bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = nil
}

// End shows what waited, and the cell's value or its error.
func (p *Printer) End(r repl.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.late {
		p.show(d.Data)
	}
	p.late = nil
	if r.Value != nil {
		p.show(r.Value.Data)
	}
	if r.Page != nil {
		p.show(r.Page.Data)
	}
	if r.Next != nil {
		p.show(map[string]string{"text/plain": r.Next.Source})
	}
	if p.midLine || p.live != "" {
		p.write("")
		if p.midLine {
			p.write("\n")
		}
	}
}

// show picks the best representation the output takes.
func (p *Printer) show(data map[string]string) {
	if p.midLine {
		p.write("\n")
	}
	if picture := data["image/png"]; picture != "" {
		if err := p.picture(picture); err == nil {
			return
		} else {
			p.write(fmt.Sprintf("(a picture that cannot be shown: %v)\n", err))
		}
	}
	text := data["text/plain"]
	if text == "" {
		text = data["text/markdown"]
	}
	p.write(strings.TrimRight(text, "\n") + "\n")
}

func (p *Printer) picture(encoded string) error {
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return err
	}
	draw := map[Graphics]func([]byte) error{Kitty: p.kitty, ITerm: p.iterm, Sixel: p.sixel, Blocks: p.blocks, None: p.save}
	return draw[p.Graphics](raw)
}

// kitty sends the PNG in base64, in pieces of 4096 bytes as the protocol asks.
func (p *Printer) kitty(raw []byte) error {
	text := base64.StdEncoding.EncodeToString(raw)
	control := "a=T,f=100,"
	for len(text) > 0 {
		n := min(4096, len(text))
		more := 0
		if n < len(text) {
			more = 1
		}
		p.write(fmt.Sprintf("\x1b_G%sm=%d;%s\x1b\\", control, more, text[:n]))
		control, text = "", text[n:]
	}
	p.write("\n")
	return nil
}

func (p *Printer) iterm(raw []byte) error {
	p.write(fmt.Sprintf("\x1b]1337;File=inline=1;size=%d:%s\a\n", len(raw), base64.StdEncoding.EncodeToString(raw)))
	return nil
}

func (p *Printer) sixel(raw []byte) error {
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := sixel.NewEncoder(&buf).Encode(img); err != nil {
		return err
	}
	p.write(buf.String() + "\n")
	return nil
}

func (p *Printer) save(raw []byte) error {
	if err := os.MkdirAll(p.Dir, 0o755); err != nil {
		return err
	}
	p.pictures++
	path := filepath.Join(p.Dir, fmt.Sprintf("cell-%02d-%d.png", p.cell, p.pictures))
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		return err
	}
	p.write(fmt.Sprintf("[picture: %s]\n", path))
	return nil
}
