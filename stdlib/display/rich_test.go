package display

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Of a long piece of HTML the beginning is its text, without half a tag.
func TestLongHTMLAsText(t *testing.T) {
	for html, want := range map[string]string{
		"<b>ü</b>" + strings.Repeat("é", maxPlain):                                     "üé",
		"<p>text</p><img src=\"" + strings.Repeat("A", maxPlain) + "\"> after":         "text …",
		"<style>a{}</style>x<script>" + strings.Repeat("f();", maxPlain) + "</script>": "x …",
	} {
		got := HTML(html).MIME()["text/plain"]
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, " …") || !utf8.ValidString(got) || strings.ContainsAny(got, "<A;") {
			t.Errorf("got %.40q… of %d bytes, want %q", got, len(got), want)
		}
	}
}
