package tensorslice

import (
	"bytes"
	"encoding/hex"
	"testing"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/sstable"
)

// The scalars a=0.5 and b=2, as TensorFlow wrote them.
const golden = "00001c0a1a0a090a01611200180122000a090a01621200180122001202080100050f0061000100120d0a016112001a062a040000003f01040f62000100120d0a016212001a062a040000004000000000010000000016979666" +
	"000000000100000000c0f2a1b00001020100540000000001000000000ce3965a5908660e" +
	"00000000000000000000000000000000000000000000000000000000000000000000000057fb808b247547db"

// table puts meta and row into a table with right checksums, so that what
// they hold is reached.
func table(meta, row []byte) []byte {
	var buf bytes.Buffer
	w := sstable.NewWriter(&buf)
	_ = w.Add(nil, meta)
	_ = w.Add([]byte{0, 'a', 0, 1, 0}, row)
	_ = w.Close()
	return buf.Bytes()
}

func readAll(file []byte) error {
	c := newCheckpoint("fuzz")
	if err := c.load(mapped.Memory("fuzz", file)); err != nil {
		return err
	}
	for name := range c.saved {
		if _, err := c.Tensor(name); err != nil {
			return err
		}
	}
	return nil
}

// Whatever stands in a file, reading it ends in values or in an error.
func FuzzFile(f *testing.F) {
	seed, err := hex.DecodeString(golden)
	if err != nil {
		f.Fatal(err)
	}
	if err := readAll(seed); err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, file []byte) { _ = readAll(file) })
}

func FuzzMessages(f *testing.F) {
	meta, _ := hex.DecodeString("0a1a0a090a0161120018012200")
	row, _ := hex.DecodeString("120d0a016112001a062a040000003f")
	f.Add(meta, row)
	f.Fuzz(func(t *testing.T, meta, row []byte) { _ = readAll(table(meta, row)) })
}
