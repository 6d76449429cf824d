package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"
)

// The signatures of message were computed with Python 3.11's hmac and hashlib.
const (
	key       = "a0436f6c-1916-498b-8eb9-e81ab9368e84"
	header    = `{"msg_id":"1","msg_type":"kernel_info_request","session":"s","username":"u","date":"2026-01-02T03:04:05.000006Z","version":"5.4"}`
	signature = "c0b787e8526cd2a41e2fd71375304fb3c54845ef69329a812dd9bd95d291b91b"
	sha512Sum = "94d6b478f443fabd6b893eb024bfdf75c2e4194da64cfe7b74942ab7aa507d8f38219d4d0cc0feee69ecbf2f129eabd50634e5d43dfc65f2ebad8697135a513e"
)

func message(signature string) [][]byte {
	return [][]byte{[]byte("id"), []byte(delimiter), []byte(signature), []byte(header), []byte("{}"), []byte("{}"), []byte("{}"), []byte("buffer")}
}

func codec(t testing.TB, scheme, key string) *Codec {
	t.Helper()
	c, err := NewCodec(scheme, []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDecode(t *testing.T) {
	for scheme, sum := range map[string]string{"hmac-sha256": signature, "": signature, "hmac-sha512": sha512Sum} {
		m, err := codec(t, scheme, key).Decode(message(sum))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Type != "kernel_info_request" || m.Header.ID != "1" || string(m.Raw) != header || m.Header.Subshell != nil {
			t.Errorf("got %+v", m)
		}
		if len(m.Identities) != 1 || string(m.Identities[0]) != "id" || len(m.Buffers) != 1 || string(m.Buffers[0]) != "buffer" {
			t.Errorf("identities %q, buffers %q", m.Identities, m.Buffers)
		}
	}
	if _, err := codec(t, "", "").Decode(message("")); err != nil {
		t.Errorf("without a key: %v", err)
	}
	if _, err := NewCodec("hmac-md5", []byte(key)); err == nil || !strings.Contains(err.Error(), `"hmac-md5"`) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	change := func(i int, text string) [][]byte {
		frames := message("")
		frames[i] = []byte(text)
		return frames
	}
	for want, frames := range map[string][][]byte{
		"want at least 6":              message("")[:6],
		"frames from the delimiter on": change(1, "no delimiter"),
		"header is not":                change(3, "[1]"),
		"parent_header is not":         change(4, "null"),
		"metadata is not":              change(5, ""),
		"content is not":               change(6, `{"a":NaN}`),
		"no msg_id":                    change(3, `{"msg_type":"x"}`),
		"wire: header:":                change(3, `{"msg_id":5}`),
	} {
		if _, err := codec(t, "", "").Decode(frames); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, sum := range []string{"", signature[:63], signature + "0", sha512Sum, strings.ToUpper(signature)} {
		if _, err := codec(t, "", key).Decode(message(sum)); err == nil || !strings.Contains(err.Error(), "signature") {
			t.Errorf("signature %q: got %v", sum, err)
		}
	}
}

// A recorded message does not work twice, however many came between.
func TestReplay(t *testing.T) {
	c := codec(t, "", key)
	for i := range 3 {
		_, err := c.Decode(message(signature))
		if (err == nil) != (i == 0) {
			t.Errorf("time %d: %v", i+1, err)
		}
	}
	var r replays
	for i := range maxSeen + 10 {
		if s := string(rune(i + 0x10000)); !r.add(s) || r.add(s) {
			t.Fatalf("signature %d", i)
		}
	}
	if len(r.set) != maxSeen || len(r.ring) != maxSeen {
		t.Errorf("%d and %d are remembered, want %d", len(r.set), len(r.ring), maxSeen)
	}
}

func TestEncode(t *testing.T) {
	c := codec(t, "", key)
	parent := json.RawMessage(header)
	frames, id, err := c.Encode(Outgoing{Type: "stream", Parent: parent, Content: Stream{"stdout", "<b>&\xff"}, Buffers: [][]byte{{1}}})
	if err != nil {
		t.Fatal(err)
	}
	if string(frames[3]) != header {
		t.Errorf("the parent is %s, want an exact copy", frames[3])
	}
	if string(frames[5]) != `{"name":"stdout","text":"<b>&\ufffd"}` {
		t.Errorf("the content is %s", frames[5])
	}
	var h Header
	if err := json.Unmarshal(frames[2], &h); err != nil {
		t.Fatal(err)
	}
	// The pattern of jupyter_client.jsonutil, as a whole.
	iso := regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,6})?(Z|([\+\-]\d{2}:?\d{2}))?$`)
	if h.ID != id || h.Session != c.Session() || h.Type != "stream" || h.Version != "5.5" || !iso.MatchString(h.Date) {
		t.Errorf("the header is %s", frames[2])
	}
	again, other, _ := c.Encode(Outgoing{Type: "stream", Parent: parent, Content: Stream{"stdout", "x"}})
	if other == id || bytes.Equal(again[1], frames[1]) {
		t.Error("two messages have one id or signature")
	}
	if m, err := codec(t, "", key).Decode(frames); err != nil || m.Parent.ID != "1" || m.Buffers[0][0] != 1 {
		t.Errorf("it does not come back: %+v, %v", m, err)
	}
	frames, _, _ = c.Encode(Outgoing{Type: "status", Content: Status{"idle"}})
	if string(frames[3]) != "{}" || string(frames[4]) != "{}" {
		t.Errorf("parent %s, metadata %s, want {}", frames[3], frames[4])
	}
	if frames, _, _ = codec(t, "", "").Encode(Outgoing{Type: "status", Content: Status{"idle"}}); len(frames[1]) != 0 {
		t.Errorf("signed %s without a key", frames[1])
	}
}

// No zero value of a content has a null in it where the protocol has none.
func TestNoNulls(t *testing.T) {
	for _, content := range []any{
		Status{}, Ok{}, Failure{}, Fault{}, ExecuteInput{}, ExecuteReply{}, ExecuteFailure{}, Page{}, SetNextInput{}, Subshell{}, SubshellList{}, Stream{}, Display{}, ExecuteResult{}, ClearOutput{},
		Expression{}, CompleteReply{}, InspectReply{}, IsCompleteReply{}, HistoryReply{}, KernelInfo{}, ConnectReply{}, Shutdown{},
		InputRequest{}, Comm{}, CommInfoReply{}, Welcome{},
	} {
		text, err := marshal(content)
		if err != nil || bytes.Contains(text, []byte("null")) {
			t.Errorf("%T is %s, %v", content, text, err)
		}
	}
}

func TestJSONCannotHoldEverything(t *testing.T) {
	nan := math.NaN()
	o := Object{"a": nan, "b": []any{math.Inf(1), float32(1.5)}, "c": map[string]any{"d": math.Inf(-1)}, "e": make(chan int), "f": "<"}
	text, err := marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if got := regexp.MustCompile(`"0x\w+"`).ReplaceAllString(string(text), `"chan"`); got != `{"a":null,"b":[null,1.5],"c":{"d":null},"e":"chan","f":"<"}` {
		t.Errorf("got %s", got)
	}
	b := Bundle{
		"text/plain": "[1]", "application/json": "[1]", "application/vnd.vega.v5+json": `{"a": 1}`,
		"application/geo+json; charset=utf-8": "{}", "application/x+json": "[NaN]", "image/svg+xml": "<svg/>",
	}
	text, err = marshal(b)
	want := `{"application/geo+json; charset=utf-8":{},"application/json":[1],"application/vnd.vega.v5+json":{"a":1},"application/x+json":"[NaN]","image/svg+xml":"<svg/>","text/plain":"[1]"}`
	if err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

// What writes itself is what encoding/json would write.
func FuzzAppend(f *testing.F) {
	f.Add("a\"\\\b\f\n\r\t\x00\x1f\x7f<>&", "é😀\u2028\u2029\xff\xed\xa0\x80", `{"a": [1, "é"]}`, 7)
	f.Add("", "\xf0\x9f", "[NaN]", -1)
	for i := range 10 { // at every place of eight bytes
		f.Add(strings.Repeat("a", i)+"\""+strings.Repeat("b", 20), strings.Repeat("a", i)+"\x1f\\é"+strings.Repeat("!", 20), "", i)
	}
	f.Fuzz(func(t *testing.T, a, b, j string, n int) {
		type display struct {
			Data      map[string]any    `json:"data"`
			Metadata  map[string]string `json:"metadata"`
			Transient Transient         `json:"transient"`
		}
		shown := display{map[string]any{a: b, "application/json": j}, map[string]string{"k": a}, Transient{b}}
		if json.Valid([]byte(j)) {
			shown.Data["application/json"] = json.RawMessage(j)
		}
		for _, c := range []struct {
			mine appender
			want any
		}{
			{Status{a}, map[string]string{"execution_state": a}},
			{Stream{a, b}, struct {
				Name string `json:"name"`
				Text string `json:"text"`
			}{a, b}},
			{ExecuteInput{a, n}, struct {
				Code  string `json:"code"`
				Count int    `json:"execution_count"`
			}{a, n}},
			{ExecuteResult{n, Display{Bundle{a: b, "application/json": j}, Object{"k": a}, Transient{b}}}, struct {
				Count int `json:"execution_count"`
				display
			}{n, shown}},
			{Header{ID: a, Session: b, Username: a, Date: b, Type: a, Version: b}, struct {
				ID       string `json:"msg_id"`
				Session  string `json:"session"`
				Username string `json:"username"`
				Date     string `json:"date"`
				Type     string `json:"msg_type"`
				Version  string `json:"version"`
			}{a, b, a, b, a, b}},
		} {
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			if err := e.Encode(c.want); err != nil {
				t.Fatal(err)
			}
			if got := c.mine.appendJSON(nil); string(got)+"\n" != want.String() {
				t.Errorf("%#v is\n%swant\n%s", c.mine, got, want.Bytes())
			}
		}
	})
}

// FuzzDecode: any frames, signed and unsigned; what is accepted has the parts
// that the kernel relies on.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(header), []byte("{}"), []byte("{}"), []byte(`{"code":"1"}`), "")
	f.Add([]byte("{"), []byte("[]"), []byte("null"), []byte("\xff"), signature)
	f.Add([]byte(`{"msg_id":"a","msg_type":"b","subshell_id":null}`), []byte(`{"msg_id":7}`), []byte("{}"), []byte("{}"), "")
	f.Fuzz(func(t *testing.T, header, parent, metadata, content []byte, sum string) {
		frames := [][]byte{[]byte(delimiter), []byte(sum), header, parent, metadata, content}
		if _, err := codec(t, "", key).Decode(frames); err == nil && sum != string(codec(t, "", key).signer.sign(frames[2:])) {
			t.Fatal("an unsigned message was accepted")
		}
		m, err := codec(t, "", "").Decode(frames)
		if err != nil {
			return
		}
		if m.Header.ID == "" || m.Header.Type == "" || !json.Valid(m.Raw) || !json.Valid(m.Content) {
			t.Fatalf("accepted %q", frames)
		}
		var request ExecuteRequest
		_ = json.Unmarshal(m.Content, &request)
		if out, _, err := codec(t, "", "").Encode(Outgoing{Type: "x", Parent: m.Raw, Content: Object{}}); err != nil || !bytes.Equal(out[3], header) {
			t.Fatalf("the parent %q became %q, %v", header, out[3], err)
		}
	})
}
