package tensorbundle

import (
	"bytes"
	"encoding/hex"
	"testing"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/tensors"
)

// index puts a header and an entry into a table with right checksums, so that
// what they hold is reached.
func index(header, entry []byte) []byte {
	var buf bytes.Buffer
	w := sstable.NewWriter(&buf)
	_ = w.Add(nil, header)
	_ = w.Add([]byte("a"), entry)
	_ = w.Close()
	return buf.Bytes()
}

// Whatever an index holds, reading it ends in entries or in an error.
func FuzzIndex(f *testing.F) {
	header, _ := hex.DecodeString("08011a020801")
	half, _ := hex.DecodeString("080112002804350638271f")
	f.Add(header, half)
	f.Fuzz(func(t *testing.T, header, value []byte) {
		b := &Bundle{entries: map[string]*entry{}}
		file := index(header, value)
		if b.readIndex(mapped.Memory("index", file)) != nil {
			return
		}
		for _, name := range b.Names() {
			if info, ok := b.Info(name); !ok || info.Bytes < 0 {
				t.Errorf("%s: %+v", name, info)
			}
		}
	})
}

// A string tensor's bytes decode to its strings or to an error, and what we
// write decodes to what was written.
func FuzzStrings(f *testing.F) {
	f.Add([]byte("one"), []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, s, raw []byte) {
		b := &Bundle{}
		_, _ = b.strings(&entry{dtype: tensors.String, shape: []int{2}}, raw)
		stored, crc := stringBytes([][]byte{s, nil})
		back, err := b.strings(&entry{dtype: tensors.String, shape: []int{2}, crc: crc}, stored)
		if err != nil || !bytes.Equal(back[0], s) || len(back[1]) != 0 {
			t.Errorf("%q came back as %q, %v", s, back, err)
		}
	})
}
