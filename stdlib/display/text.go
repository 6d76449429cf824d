package display

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Texts longer than this are cut when they show themselves; fmt.Print prints
// them whole.
const (
	maxBytes  = 20_000
	maxLines  = 300
	maxString = 4 << 20 // of a string, which its owner made as long as it is
)

// cut shortens a text that would flood the page, and says by how much.
func cut(s string) string { return cutAt(s, maxBytes) }

func cutAt(s string, most int) string {
	end := len(s)
	if end > most {
		end = boundary(s, most)
	}
	lines := 0
	for i := range end {
		if s[i] == '\n' {
			if lines++; lines == maxLines {
				end = i
				break
			}
		}
	}
	if end == len(s) {
		return s
	}
	left := len(s) - end
	return s[:end] + fmt.Sprintf("\n… %d more bytes; fmt.Print prints all", left)
}

// cutTo shortens s to n bytes at most, an ellipsis among them.
func cutTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:boundary(s, n-len("…"))] + "…"
}

// boundary is the last start of a character at or before n.
func boundary(s string, n int) int {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// columns is the width of s in a terminal or a fixed-width font.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) || r >= 0xFF01 && r <= 0xFF60 || r >= 0x3000 && r <= 0x303F:
			n += 2
		default:
			n++
		}
	}
	return n
}

// pad fills s to width columns, the text at its left, middle or right.
func pad(s string, width int, a Alignment) string {
	gap := max(0, width-columns(s))
	left := map[Alignment]int{Right: gap, Center: gap / 2}[a]
	return strings.Repeat(" ", left) + s + strings.Repeat(" ", gap-left)
}
