package kernel

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// sent records messages of text.
type sent struct{ names, texts []string }

func (s *sent) send(name, text string) {
	s.names, s.texts = append(s.names, name), append(s.texts, text)
}

func calm() bool { return false }

func TestStreamsJoin(t *testing.T) {
	got := &sent{}
	s := newStreams(64<<20, calm, got.send)
	var want strings.Builder
	began := time.Now()
	for i := range 100000 {
		line := fmt.Sprintf("line %d ü\n", i)
		want.WriteString(line)
		s.add("stdout", line)
	}
	s.flushThen(func() {})
	most := 3 + int(time.Since(began)/interval) + want.Len()/(maxText/2)
	if len(got.texts) > most {
		t.Errorf("%d messages, want at most %d", len(got.texts), most)
	}
	if strings.Join(got.texts, "") != want.String() {
		t.Error("the text has changed")
	}
	if got.texts[0] != "line 0 ü\n" {
		t.Errorf("the first message is %q, want the first line alone", got.texts[0])
	}
	for _, text := range got.texts {
		if len(text) > maxText+64 || !utf8.ValidString(text) {
			t.Errorf("a message of %d bytes, valid UTF-8: %v", len(text), utf8.ValidString(text))
		}
	}
}

func TestStreamsOrder(t *testing.T) {
	got := &sent{}
	s := newStreams(64<<20, calm, got.send)
	for i := range 50 {
		s.add([]string{"stdout", "stderr"}[i/3%2], fmt.Sprintln(i))
		if i%10 == 0 {
			s.flushThen(func() { got.send("display", "") })
		}
	}
	s.flushThen(func() {})
	var numbers []string
	for i, text := range got.texts {
		numbers = append(numbers, text)
		if name := got.names[i]; name != "display" {
			var first int
			_, _ = fmt.Sscan(text, &first)
			if want := []string{"stdout", "stderr"}[first/3%2]; name != want {
				t.Errorf("%q came on %s", text, name)
			}
		}
	}
	var want strings.Builder
	for i := range 50 {
		fmt.Fprintln(&want, i)
	}
	if strings.Join(numbers, "") != want.String() {
		t.Errorf("got %q", numbers)
	}
}

// Of a cell that is being interrupted each stream is joined for itself.
func TestStreamsHurry(t *testing.T) {
	got, hurry := &sent{}, false
	s := newStreams(64<<20, func() bool { return hurry }, got.send)
	s.add("stdout", "a")
	hurry = true
	for range 1000 {
		s.add("stdout", "o")
		s.add("stderr", "e")
	}
	s.flushThen(func() {})
	if len(got.texts) != 3 || got.texts[1] != strings.Repeat("o", 1000) || got.texts[2] != strings.Repeat("e", 1000) {
		t.Errorf("%d messages: %.40q", len(got.texts), got.texts)
	}
}

// Text that waits is sent without another call.
func TestStreamsTimer(t *testing.T) {
	texts := make(chan string, 10)
	s := newStreams(64<<20, calm, func(_, text string) { texts <- text })
	s.add("stdout", "a")
	s.add("stdout", "b")
	s.add("stdout", "c")
	if got := <-texts + "," + <-texts; got != "a,bc" {
		t.Errorf("got %q", got)
	}
}

func TestStreamsLimit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	got := &sent{}
	s := newStreams(1000, calm, got.send)
	for range 100 {
		s.add("stdout", strings.Repeat("x", 99)+"\n")
		s.flushThen(func() {})
	}
	shown, notices := 0, 0
	for i, text := range got.texts {
		if got.names[i] == "stdout" {
			shown += len(text)
		} else if notices++; !strings.Contains(text, "more than 1000 bytes") || !strings.Contains(text, s.kept.path) {
			t.Errorf("the notice is %q", text)
		}
	}
	kept, err := os.ReadFile(s.kept.path)
	if err != nil || shown != 1000 || notices != 1 || len(kept) != 9000 {
		t.Errorf("%d bytes shown, %d notices, %d bytes kept, %v", shown, notices, len(kept), err)
	}
}

func TestCollapse(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ntext":            "plain\ntext",
		"one\rline":              "one\rline",
		"a\rb\rc":                "a\rc", // what stood before a is not known
		"\n10%\r20%\r30%\n":      "\n30%\n",
		"\r10%\r20%\r30%":        "\r30%",
		"\rlong text\rshort\r":   "\rlong text\rshort\r",
		"\n\x1b[1m1\r\x1b[1m2\r": "\n\x1b[1m1\r\x1b[1m2\r",
		"a\r\nb\r\nc\r\n":        "a\r\nb\r\nc\r\n",
	} {
		if got := collapse(in); got != want {
			t.Errorf("collapse(%q) = %q, want %q", in, got, want)
		}
	}
}

// screen is what a line-by-line display shows of text: a carriage return goes
// back to the start of the line, and what follows overwrites.
func screen(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		var cells []rune
		at := 0
		for _, r := range line {
			switch {
			case r == '\r':
				at = 0
				continue
			case at < len(cells):
				cells[at] = r
			default:
				cells = append(cells, r)
			}
			at++
		}
		lines = append(lines, fmt.Sprint(string(cells), at))
	}
	return strings.Join(lines, "\n")
}

// Whatever stood on the line before, and whatever comes after, collapsing
// changes nothing that can be seen.
func FuzzCollapse(f *testing.F) {
	f.Add("before", "\r10%\r20%\n\rx\ry", "after")
	f.Add("", "日本\rabc\r😀\r", "z")
	f.Fuzz(func(t *testing.T, before, text, after string) {
		if !utf8.ValidString(before + text + after) {
			return
		}
		got := collapse(text)
		if a, b := screen(before+text+after), screen(before+got+after); a != b || len(got) > len(text) {
			t.Errorf("%q collapsed to %q: after %q the screen shows %q instead of %q", text, got, before, b, a)
		}
	})
}

func TestCursor(t *testing.T) {
	// Code points as Python counts them: len("aé😀e\u0301") is 5.
	const source = "aé😀e\u0301"
	bytes := []int{0, 1, 3, 7, 8, 10}
	for point, offset := range bytes {
		if got := byteOffset(source, point); got != offset {
			t.Errorf("byteOffset(%d) = %d, want %d", point, got, offset)
		}
		if got := codePoint(source, offset); got != point {
			t.Errorf("codePoint(%d) = %d, want %d", offset, got, point)
		}
	}
	for point, offset := range map[int]int{-1: 0, 6: 10, 1 << 40: 10} {
		if got := byteOffset(source, point); got != offset {
			t.Errorf("byteOffset(%d) = %d, want %d", point, got, offset)
		}
	}
}
