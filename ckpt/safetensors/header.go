package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

// header is what the beginning of a file says.
type header struct {
	entries  map[string]entry
	metadata map[string]string
}

// read holds the file to every rule of the format.
func (h *header) read(file *mapped.File) error {
	size := file.Size()
	if size < 8 {
		return fmt.Errorf("%d bytes are too few for the length of the header, which takes 8", size)
	}
	prefix, err := file.Bytes(0, 8)
	if err != nil {
		return err
	}
	n := binary.LittleEndian.Uint64(prefix)
	if n > maxHeader || int64(n) > size-8 {
		return fmt.Errorf("the header claims %d bytes, the file has %d and a header at most %d", n, size, maxHeader)
	}
	text, err := file.Bytes(8, int64(n))
	if err != nil {
		return err
	}
	switch {
	case n == 0 || text[0] != '{':
		return fmt.Errorf("the header does not begin with '{'")
	case !utf8.Valid(text):
		return fmt.Errorf("the header is not UTF-8")
	}
	if err := h.parse(text); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	return h.place(8+int64(n), size)
}

func (h *header) parse(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	err := object(dec, func(key string) error {
		if key == metadataKey {
			return object(dec, func(key string) error {
				var value string
				err := dec.Decode(&value)
				h.metadata[key] = value
				return err
			})
		}
		e, err := parseEntry(dec, key)
		h.entries[key] = e
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if rest := bytes.TrimRight(text[dec.InputOffset():], " "); len(rest) > 0 {
		return fmt.Errorf("%d bytes follow the JSON", len(rest))
	}
	return nil
}

// object reads a JSON object, calling value behind each key. A key given twice
// is an error, as it is for the format's own library.
func object(dec *json.Decoder, value func(key string) error) error {
	open, err := dec.Token()
	if err != nil {
		return ended(err)
	}
	if open != json.Delim('{') {
		return fmt.Errorf("%v stands where an object should", open)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return ended(err)
		}
		key, _ := token.(string) // the decoder lets nothing else stand here
		if seen[key] {
			return fmt.Errorf("%q is there twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return ended(err)
		}
	}
	_, err = dec.Token()
	return ended(err)
}

func ended(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parseEntry reads a tensor's description; offset is still that of the header's
// end.
func parseEntry(dec *json.Decoder, name string) (entry, error) {
	var dtype string
	var shape, offsets []int64
	places := map[string]any{"dtype": &dtype, "shape": &shape, "data_offsets": &offsets}
	err := object(dec, func(key string) error {
		p, ok := places[key]
		if !ok {
			return fmt.Errorf("unknown field %q", key)
		}
		if err := dec.Decode(p); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return entry{}, err
	}
	i := slices.IndexFunc(dtypes, func(d struct {
		name  string
		dtype tensors.DType
	}) bool {
		return d.name == dtype
	})
	switch {
	case i < 0:
		return entry{}, fmt.Errorf("dtype %q is not known", dtype)
	case shape == nil:
		return entry{}, fmt.Errorf("it has no shape")
	case len(offsets) != 2 || offsets[0] < 0 || offsets[1] < offsets[0]:
		return entry{}, fmt.Errorf("data_offsets %v are not a begin and an end", offsets)
	}
	e := entry{info: tensors.Info{Name: name, DType: dtypes[i].dtype, Bytes: offsets[1] - offsets[0]}, offset: offsets[0]}
	for _, d := range shape {
		e.info.Shape = append(e.info.Shape, int(d))
	}
	n, ok := tensors.Elements(e.info.Shape)
	if want := n * int64(e.info.DType.Size()); !ok || want != e.info.Bytes {
		return entry{}, fmt.Errorf("data_offsets %v hold %d bytes, %v of shape %v wants %d", offsets, e.info.Bytes, e.info.DType, shape, want)
	}
	return e, nil
}

// place checks that the values lie one after the other up to the file's end.
func (h *header) place(start, size int64) error {
	order := slices.Collect(maps.Keys(h.entries))
	slices.SortFunc(order, func(a, b string) int {
		x, y := h.entries[a], h.entries[b]
		return cmp.Or(cmp.Compare(x.offset, y.offset), cmp.Compare(x.info.Bytes, y.info.Bytes))
	})
	at := int64(0)
	for _, name := range order {
		e := h.entries[name]
		if e.offset != at {
			return fmt.Errorf("tensor %q begins at %d, the one before ends at %d: there are no holes and no overlaps", name, e.offset, at)
		}
		at += e.info.Bytes
		e.offset += start
		h.entries[name] = e
	}
	if at != size-start {
		return fmt.Errorf("the tensors take %d bytes, %d follow the header: the file is cut off or something was added", at, size-start)
	}
	return nil
}
