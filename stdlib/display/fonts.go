package display

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/flopp/go-findfont"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// preferred are fonts that are made to be read on a screen and have Chinese,
// and mostly Japanese and Korean: Linux, macOS, Windows. Others come after
// them.
func preferred() []string {
	return []string{
		"notosanscjk-regular.ttc", "notosanscjksc-regular.otf", "notosanssc-regular.otf", "sourcehansanssc-regular.otf", "sourcehansans-regular.ttc",
		"wqy-microhei.ttc", "wqy-zenhei.ttc", "droidsansfallbackfull.ttf", "droidsansfallback.ttf",
		"pingfang.ttc", "hiragino sans gb.ttc", "stheiti light.ttc", "stheiti medium.ttc", "arial unicode.ttf",
		"msyh.ttc", "msyh.ttf", "simhei.ttf", "deng.ttf", "msjh.ttc", "yugothm.ttc", "meiryo.ttc", "malgun.ttf", "simsun.ttc",
	}
}

// preferredBold are the bold ones among their families, for titles. Other
// families' regular letters are made bold.
func preferredBold() []string {
	return []string{
		"notosanscjk-bold.ttc", "notosanscjksc-bold.otf", "notosanssc-bold.otf", "sourcehansanssc-bold.otf", "sourcehansans-bold.ttc",
		"msyhbd.ttc", "msyhbd.ttf", "dengb.ttf", "msjhbd.ttc", "yugothb.ttc", "meiryob.ttc", "malgunbd.ttf",
	}
}

// systemFonts are those of this machine, looked for once.
var systemFonts = sync.OnceValue(func() *installed {
	paths := findfont.List()
	bold := slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return !slices.Contains(preferredBold(), strings.ToLower(filepath.Base(path)))
	})
	return &installed{paths: inOrder(paths, preferred()), warn: os.Stderr, bold: &installed{paths: inOrder(bold, preferredBold())}}
})

// inOrder puts the preferred fonts first, in their order.
func inOrder(paths, first []string) []string {
	rank := func(path string) int {
		if i := slices.Index(first, strings.ToLower(filepath.Base(path))); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortFunc(paths, func(a, b string) int {
		if n := rank(a) - rank(b); n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	return paths
}

// installed is the fonts of a machine. A font is opened when a letter is
// looked for that those before it lack.
type installed struct {
	warn io.Writer  // nil: a letter that no font has is no news
	bold *installed // nil: none

	mu     sync.Mutex
	paths  []string // not opened yet
	fonts  []*sfnt.Font
	found  map[rune]*sfnt.Font // nil: in none
	warned bool
}

// with returns a font that has r, or nil.
func (s *installed) with(r rune) *sfnt.Font {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, known := s.found[r]; known {
		return f
	}
	if s.found == nil {
		s.found = map[rune]*sfnt.Font{}
	}
	i := 0
	for ; ; i++ {
		if i == len(s.fonts) && !s.open() {
			break
		}
		if draws(s.fonts[i], r) {
			s.found[r] = s.fonts[i]
			return s.fonts[i]
		}
	}
	s.found[r] = nil
	if s.warn != nil && !s.warned {
		s.warned = true
		fmt.Fprintf(s.warn, "display: no font of this machine has the letter %q (U+%04X): in pictures it is a box. "+
			"Install a font that has it, such as Noto Sans CJK (Debian: apt-get install fonts-noto-cjk), and restart.\n", r, r)
	}
	return nil
}

// withBold returns a font that has r, and whether it is a bold one; nil where
// no font has it.
func (s *installed) withBold(r rune) (f *sfnt.Font, bold bool) {
	if s.bold != nil {
		if f := s.bold.with(r); f != nil {
			return f, true
		}
	}
	return s.with(r), false
}

// open opens the next font that can be read; false when there is none.
func (s *installed) open() bool {
	for len(s.paths) > 0 {
		path := s.paths[0]
		s.paths = s.paths[1:]
		if f := openFont(path); f != nil {
			s.fonts = append(s.fonts, f)
			return true
		}
	}
	return false
}

// openFont opens a font file, or of a collection the font for simplified
// Chinese, or the first; nil if it cannot be read. The file stays open: a font
// is read as its letters are needed.
func openFont(path string) *sfnt.Font {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	c, err := sfnt.ParseCollectionReaderAt(file)
	if err != nil {
		file.Close()
		return nil
	}
	var first *sfnt.Font
	var buf sfnt.Buffer
	for i := range c.NumFonts() {
		f, err := c.Font(i)
		if err != nil {
			continue
		}
		if first == nil {
			first = f
		}
		if name, err := f.Name(&buf, sfnt.NameIDFamily); err == nil && strings.HasSuffix(name, " SC") {
			return f
		}
	}
	if first == nil {
		file.Close()
	}
	return first
}

// draws reports whether a font has a letter as an outline: colour fonts have
// pictures, which cannot be drawn.
func draws(f *sfnt.Font, r rune) bool {
	var buf sfnt.Buffer
	i, err := f.GlyphIndex(&buf, r)
	if err != nil || i == 0 {
		return false
	}
	_, err = f.LoadGlyph(&buf, i, fixed.I(int(f.UnitsPerEm())), nil)
	return err == nil
}
