package main

import (
	"strings"
	"testing"
)

func TestByteSize(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "7": 7, "7B": 7, "512KiB": 512 << 10, "6GiB": 6 << 30, "1TiB": 1 << 40} {
		var b, again byteSize
		if err := b.Set(text); err != nil || uint64(b) != want {
			t.Errorf("%s: %d, %v, want %d", text, b, err, want)
		}
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%s is written %q, which reads %d, %v", text, b.String(), again, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1.5GiB", "6GB", "99999999999TiB", " 1"} {
		var b byteSize
		if err := b.Set(text); err == nil || !strings.Contains(err.Error(), "such as 6GiB") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
