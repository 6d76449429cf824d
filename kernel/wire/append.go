package wire

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appender is a content that writes itself: those that are sent for every
// cell, and those that may be megabytes. encoding/json goes through what a
// MarshalJSON returns once more for every level it is in.
type appender interface{ appendJSON(b []byte) []byte }

func (s Status) appendJSON(b []byte) []byte {
	return append(appendString(append(b, `{"execution_state":`...), s.State), '}')
}

func (s Stream) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"name":`...), s.Name)
	return append(appendString(append(b, `,"text":`...), s.Text), '}')
}

func (e ExecuteInput) appendJSON(b []byte) []byte {
	b = appendString(append(b, `{"code":`...), e.Code)
	return append(strconv.AppendInt(append(b, `,"execution_count":`...), int64(e.Count), 10), '}')
}

func (d Display) appendJSON(b []byte) []byte { return append(d.appendFields(append(b, '{')), '}') }

func (r ExecuteResult) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"execution_count":`...), int64(r.Count), 10)
	return append(r.appendFields(append(b, ',')), '}')
}

func (d Display) appendFields(b []byte) []byte {
	b = d.Data.appendJSON(append(b, `"data":`...))
	b = appendAny(append(b, `,"metadata":`...), d.Metadata)
	b = append(b, `,"transient":{`...)
	if d.Transient.DisplayID != "" {
		b = appendString(append(b, `"display_id":`...), d.Transient.DisplayID)
	}
	return append(b, '}')
}

func (d Bundle) appendJSON(b []byte) []byte {
	size := 0
	for mime, text := range d {
		size += len(mime) + len(text) + 8
	}
	b = append(slices.Grow(b, size+size/16), '{')
	for i, mime := range slices.Sorted(maps.Keys(d)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, mime), ':')
		b = appendRepresentation(b, mime, d[mime])
	}
	return append(b, '}')
}

// appendRepresentation puts JSON in place as JSON. JSON text that is none (a
// NaN in it, say) stays text.
func appendRepresentation(b []byte, mime, text string) []byte {
	if isJSON(mime) {
		var compact bytes.Buffer
		if json.Compact(&compact, []byte(text)) == nil {
			return append(b, compact.Bytes()...)
		}
	}
	return appendString(b, text)
}

func (h Header) appendJSON(b []byte) []byte {
	for _, f := range []struct{ name, value string }{
		{`{"msg_id":`, h.ID}, {`,"session":`, h.Session}, {`,"username":`, h.Username}, {`,"date":`, h.Date}, {`,"msg_type":`, h.Type}, {`,"version":`, h.Version},
	} {
		b = appendString(append(b, f.name...), f.value)
	}
	return append(b, '}')
}

// appendAny is for what marshals without fail.
func appendAny(b []byte, o Object) []byte {
	text, err := o.MarshalJSON()
	if err != nil {
		return append(b, "{}"...)
	}
	return append(b, text...)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string as encoding/json does without the escapes
// for HTML: bytes that are no UTF-8 become U+FFFD, and the two line separators
// that JavaScript once took for ends of lines are escaped.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) && plain(s[i:i+8]) {
			i += 8
			continue
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscape(append(b, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[from:i]...), `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			b = append(append(append(b, s[from:i]...), `\u202`...), hexDigits[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// plain tells whether eight bytes are ASCII that needs no escape: of a
// megabyte of base64 all are. The sums are those of "Determine if a word has a
// byte less than n" and "a zero byte" (graphics.stanford.edu/~seander/bithacks.html).
func plain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	_ = s[7]
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	quote, backslash := x^ones*'"', x^ones*'\\'
	control := (x - ones*' ') &^ x
	return (x|control|(quote-ones)&^quote|(backslash-ones)&^backslash)&tops == 0
}

func appendEscape(b []byte, c byte) []byte {
	if i := strings.IndexByte("\"\\\b\f\n\r\t", c); i >= 0 {
		return append(b, '\\', `"\bfnrt`[i])
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
