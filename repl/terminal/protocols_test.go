package terminal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"graft/repl"
)

// sent is what the printer writes to a terminal for a picture.
func sent(t *testing.T, g Graphics, raw []byte) string {
	t.Helper()
	var out bytes.Buffer
	p := &Printer{Out: &out, Graphics: g}
	p.Display(repl.Display{Data: map[string]string{"image/png": base64.StdEncoding.EncodeToString(raw)}})
	return out.String()
}

// noise is a PNG that does not compress, so that it takes several pieces, and
// its picture.
func noise(t *testing.T, width, height, colours int) ([]byte, image.Image) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	palette := make([]color.NRGBA, colours)
	for i := range palette {
		palette[i] = color.NRGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, palette[random.IntN(colours)])
		}
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), img
}

// Kitty's protocol: "The data is sent in chunks … no larger than 4096 bytes … All
// chunks, except the last, must have a size that is a multiple of 4 … the m key
// … 1 for all but the last chunk … subsequent chunks must have only the m and
// optionally q keys" (sw.kovidgoyal.net/kitty/graphics-protocol, Remote client).
func TestKittyIsDecoded(t *testing.T) {
	for _, size := range []int{1, 40, 100} {
		raw, _ := noise(t, size, size, 200)
		text := sent(t, Kitty, raw)
		var payload strings.Builder
		pieces := regexp.MustCompile(`\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\`).FindAllStringSubmatch(text, -1)
		length := 0
		for i, m := range pieces {
			last := i == len(pieces)-1
			keys := map[string]string{}
			for _, pair := range strings.Split(m[1], ",") {
				k, v, _ := strings.Cut(pair, "=")
				keys[k] = v
			}
			want := map[string]string{"m": "1"}
			if i == 0 {
				want["a"], want["f"] = "T", "100" // transmit and display; PNG
			}
			if last {
				want["m"] = "0"
			}
			if fmt.Sprint(keys) != fmt.Sprint(want) || len(m[2]) > 4096 || !last && len(m[2])%4 != 0 {
				t.Errorf("%d pixels, piece %d of %d: keys %v, want %v; %d bytes", size, i, len(pieces), keys, want, len(m[2]))
			}
			payload.WriteString(m[2])
			length += len(m[0])
		}
		got, err := base64.StdEncoding.DecodeString(payload.String())
		if err != nil || !bytes.Equal(got, raw) || length+1 != len(text) {
			t.Errorf("%d pixels: another picture arrives (%v), or %d bytes beside it", size, err, len(text)-length-1)
		}
	}
}

// iTerm2's: "ESC ] 1337 ; File = [arguments] : base-64 encoded file contents ^G",
// of whose arguments inline=1 shows and size is the file's in bytes
// (iterm2.com/documentation-images.html).
func TestITermIsDecoded(t *testing.T) {
	raw, _ := noise(t, 60, 40, 200)
	m := regexp.MustCompile(`^\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07\n$`).FindStringSubmatch(sent(t, ITerm, raw))
	if m == nil {
		t.Fatal("it is no File")
	}
	got, err := base64.StdEncoding.DecodeString(m[2])
	if err != nil || !bytes.Equal(got, raw) || m[1] != fmt.Sprintf("inline=1;size=%d", len(raw)) {
		t.Errorf("%q: another picture arrives (%v)", m[1], err)
	}
}

// Sixels (vt100.net/docs/vt3xx-gp/chapter14.html): a picture of few colours
// comes back, each part of a colour to the percent that the format has.
func TestSixelIsDecoded(t *testing.T) {
	for _, c := range []struct{ width, height, colours int }{{1, 1, 1}, {7, 6, 3}, {50, 31, 16}, {130, 64, 200}} {
		raw, want := noise(t, c.width, c.height, c.colours)
		got, err := readSixels(sent(t, Sixel, raw), c.width, c.height)
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		for y := range c.height {
			for x := range c.width {
				a, b := got[y*c.width+x], color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
				for i, v := range []uint8{b.R, b.G, b.B} {
					if d := float64(a[i])/100 - float64(v)/255; d > 0.011 || d < -0.011 {
						t.Fatalf("%v: pixel %d,%d is %v percent, want %v", c, x, y, a, b)
					}
				}
			}
		}
	}
}

// readSixels draws a device control string as chapter 14 says; a pixel that
// nothing is drawn at is [-100 -100 -100].
func readSixels(text string, width, height int) ([][3]int, error) {
	m := regexp.MustCompile(`(?s)^\x1bP[0-9;]*q(.*)\x1b\\\s*$`).FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("it is no device control string of sixels: %.20q … %.10q", text, text[max(0, len(text)-10):])
	}
	pixels := make([][3]int, width*height)
	for i := range pixels {
		pixels[i] = [3]int{-100, -100, -100}
	}
	colours := map[int][3]int{}
	x, y, current := 0, 0, 0
	draw := func(bits byte, times int) error {
		for range times {
			for k := range 6 {
				if bits>>k&1 == 0 {
					continue
				}
				if x >= width || y+k >= height {
					return fmt.Errorf("a pixel at %d,%d of %d×%d", x, y+k, width, height)
				}
				pixels[(y+k)*width+x] = colours[current]
			}
			x++
		}
		return nil
	}
	for _, t := range regexp.MustCompile(`["#!][0-9;]*[?-~]?|[$\-?-~]|.`).FindAllString(m[1], -1) {
		data := byte(0)
		if last := t[len(t)-1]; last >= '?' && last <= '~' {
			data = last - '?'
		}
		var numbers []int
		for _, s := range strings.FieldsFunc(t, func(r rune) bool { return r < '0' || r > '9' }) {
			n, _ := strconv.Atoi(s)
			numbers = append(numbers, n)
		}
		var err error
		switch t[0] {
		case '"': // raster attributes: aspect ratio, size
			if len(numbers) == 4 && (numbers[2] != width || numbers[3] != height) {
				return nil, fmt.Errorf("its size is %v", numbers[2:])
			}
		case '#':
			current = numbers[0]
			if len(numbers) == 5 && numbers[1] == 2 { // RGB in percent
				colours[current] = [3]int(numbers[2:])
			}
			if t[len(t)-1] >= '?' {
				err = draw(data, 1)
			}
		case '!':
			err = draw(data, numbers[0])
		case '$':
			x = 0
		case '-':
			x, y = 0, y+6
		case '\n', '\r', '\x1b':
		default:
			if t[0] < '?' || t[0] > '~' {
				return nil, fmt.Errorf("%q is no sixel", t)
			}
			err = draw(data, 1)
		}
		if err != nil {
			return nil, err
		}
	}
	return pixels, nil
}
