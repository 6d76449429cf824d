package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

func newSession() string { return uuid.NewString() }

// counter numbers messages; with the session in front a number is unique in
// the world.
type counter struct{ n atomic.Uint64 }

func (c *counter) next(session string) string {
	return session + "_" + strconv.FormatUint(c.n.Add(1), 10)
}

// now is the time as jupyter_client reads it: its pattern knows no more than
// six digits of a second.
func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }

// marshal leaves <, > and & as they are: half a page of HTML would grow by a
// third.
func marshal(v any) ([]byte, error) {
	if a, ok := v.(appender); ok {
		return a.appendJSON(make([]byte, 0, 256)), nil
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// Strings is a list that is never null.
type Strings []string

// MarshalJSON writes [] for nil.
func (s Strings) MarshalJSON() ([]byte, error) {
	if s == nil {
		return []byte("[]"), nil
	}
	return marshal([]string(s))
}

// List is a list of anything that is never null.
type List []any

// MarshalJSON writes [] for nil.
func (l List) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return marshal([]any(l))
}

// Object is a JSON object of any values that is never null. NaN and the
// infinities, which JSON does not have, become null, and a value that JSON
// cannot hold at all its text.
type Object map[string]any

// MarshalJSON writes {} for nil.
func (o Object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	b, err := marshal(map[string]any(o))
	var value *json.UnsupportedValueError
	var typ *json.UnsupportedTypeError
	if errors.As(err, &value) || errors.As(err, &typ) {
		return marshal(finite(map[string]any(o)))
	}
	return b, err
}

// finite replaces what JSON cannot hold.
func finite(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = finite(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = finite(e)
		}
		return out
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return v
	case float32:
		return finite(float64(v))
	}
	if _, err := json.Marshal(v); err != nil {
		return fmt.Sprint(v)
	}
	return v
}

// Raw is a JSON object as it came, never null.
type Raw json.RawMessage

// MarshalJSON writes {} for what is no object.
func (r Raw) MarshalJSON() ([]byte, error) {
	if b := bytes.TrimLeft(r, " \t\r\n"); len(b) == 0 || b[0] != '{' {
		return []byte("{}"), nil
	}
	return r, nil
}

// UnmarshalJSON keeps what came.
func (r *Raw) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

// Bundle maps MIME types to representations: text, base64 for pictures, and
// JSON text for the types that are JSON, which it puts in place as JSON.
type Bundle map[string]string

// MarshalJSON writes {} for nil.
func (b Bundle) MarshalJSON() ([]byte, error) { return b.appendJSON(nil), nil }

// isJSON knows application/json, application/vnd.vega.v5+json and their like,
// with or without parameters.
func isJSON(mime string) bool {
	mime, _, _ = strings.Cut(mime, ";")
	mime = strings.TrimSpace(mime)
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}
