package sstable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/golang/snappy"

	"graft/ckpt/internal/mapped"
)

func build(t testing.TB, entries int, size int) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf)
	for i := range entries {
		if err := w.Add(fmt.Appendf(nil, "key%06d", i), bytes.Repeat([]byte{byte(i)}, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct{ entries, size int }{{0, 0}, {1, 10}, {17, 3}, {5000, 200}, {4, 600000}} {
		file := build(t, c.entries, c.size)
		table, err := Open(mapped.Memory("table", file))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for it := table.Scan(""); it.Next(); n++ {
			if want := fmt.Sprintf("key%06d", n); string(it.Key()) != want || len(it.Value()) != c.size {
				t.Fatalf("entry %d is %q with %d bytes", n, it.Key(), len(it.Value()))
			}
		}
		if n != c.entries {
			t.Errorf("%d entries, want %d", n, c.entries)
		}
		for i := range c.entries {
			if _, ok, err := table.Get(fmt.Sprintf("key%06d", i)); !ok || err != nil {
				t.Fatalf("key %d: %v %v", i, ok, err)
			}
		}
		if _, ok, err := table.Get("key0000005"); ok || err != nil {
			t.Errorf("an absent key: %v %v", ok, err)
		}
	}
}

func TestAddOutOfOrder(t *testing.T) {
	w := NewWriter(&bytes.Buffer{})
	if err := w.Add([]byte("b"), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]byte("a"), nil); err == nil {
		t.Error("no error for a key that comes before the last")
	}
}

func TestSnappyBomb(t *testing.T) {
	bomb := append(binary.AppendUvarint(nil, 1<<31), 0)
	if _, err := unsnappy(bomb); err == nil {
		t.Error("a claim of 2 GiB in 6 bytes was believed")
	}
	text := bytes.Repeat([]byte("abcd"), 1000)
	if got, err := unsnappy(snappy.Encode(nil, text)); err != nil || !bytes.Equal(got, text) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func FuzzTable(f *testing.F) {
	f.Add(build(f, 20, 5))
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := Open(mapped.Memory("table", file))
		if err != nil {
			return
		}
		it := table.Scan("")
		for it.Next() {
		}
	})
}

// A block behind right checksums may hold anything.
func FuzzBlock(f *testing.F) {
	f.Add([]byte{0, 1, 1, 'a', 'x', 0, 0, 0, 0, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, block []byte) {
		entries, err := decodeBlock(block)
		if err != nil {
			return
		}
		for _, e := range entries {
			_, _, _ = parseHandle(e.value)
		}
	})
}
