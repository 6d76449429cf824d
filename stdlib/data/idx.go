package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"graft/ckpt/nearby"
)

// maxIDX bounds what an IDX file may hold once unpacked: MNIST's largest has
// 47 MB.
const maxIDX = 1 << 30

// readIDX reads an array of bytes in the format of the MNIST family
// (yann.lecun.com/exdb/mnist): 0, 0, the type 8, the rank, each size as four
// bytes, big end first, then the values. A file that is compressed with gzip
// is unpacked.
func readIDX(path string) (shape []int, values []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	defer f.Close()
	shape, values, err = decodeIDX(f)
	if err != nil {
		return nil, nil, fmt.Errorf("data: %s: %w", path, err)
	}
	return shape, values, nil
}

func decodeIDX(r io.Reader) (shape []int, values []byte, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxIDX+1))
	if err != nil {
		return nil, nil, err
	}
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, nil, fmt.Errorf("unpack: %w", err)
		}
		if text, err = io.ReadAll(io.LimitReader(z, maxIDX+1)); err != nil {
			return nil, nil, fmt.Errorf("unpack: %w", err)
		}
	}
	if len(text) > maxIDX {
		return nil, nil, fmt.Errorf("it holds more than %d bytes", maxIDX)
	}
	return parseIDX(text)
}

func parseIDX(text []byte) (shape []int, values []byte, err error) {
	if len(text) < 4 || text[0] != 0 || text[1] != 0 {
		return nil, nil, fmt.Errorf("not an IDX file: it begins with % x, 00 00 08 is wanted", text[:min(4, len(text))])
	}
	if text[2] != 8 {
		return nil, nil, fmt.Errorf("its values are of IDX type %d, only bytes (8) can be read", text[2])
	}
	rank := int(text[3])
	if len(text) < 4+4*rank {
		return nil, nil, fmt.Errorf("it ends within its header: %d bytes, %d are wanted", len(text), 4+4*rank)
	}
	n := 1
	for i := range rank {
		d := int(binary.BigEndian.Uint32(text[4+4*i:]))
		if d > 0 && n > maxIDX/d {
			return nil, nil, fmt.Errorf("its sizes %v, %d are beyond reason", shape, d)
		}
		n *= d
		shape = append(shape, d)
	}
	if values = text[4+4*rank:]; len(values) != n {
		return nil, nil, fmt.Errorf("its shape %v wants %d values, it holds %d", shape, n, len(values))
	}
	return shape, values, nil
}
