package pytorch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"graft/ckpt/internal/archive"
	"graft/ckpt/tensors"
)

const pickleName = "data.pkl"

// readZip reads the pickle of the archive form.
func (s *storages) readZip() (root any, err error) {
	if s.zip, err = archive.Open(s.file); err != nil {
		return nil, err
	}
	for _, name := range s.zip.Names() {
		prefix, ok := strings.CutSuffix(name, pickleName)
		if ok && strings.Count(name, "/") < 2 {
			s.prefix = prefix
		}
		if strings.Contains(name, "/code/") || strings.HasSuffix(name, "/constants.pkl") {
			return nil, errors.New("it is a TorchScript program (torch.jit.save): save the state_dict() of the model with torch.save")
		}
	}
	m, ok := s.zip.Member(s.prefix + pickleName)
	if !ok {
		return nil, fmt.Errorf("the archive has no %s", pickleName)
	}
	if order, ok := s.zip.Member(s.prefix + "byteorder"); ok {
		text, _, err := s.zip.Bytes(order)
		switch {
		case err != nil:
			return nil, err
		case string(text) != "little" && string(text) != "big":
			return nil, fmt.Errorf("byteorder is %.20q, want little or big", text)
		}
		s.big = string(text) == "big"
	}
	text, _, err := s.zip.Bytes(m)
	if err != nil {
		return nil, err
	}
	p := unpickler{rest: bytes.Clone(text)}
	if root, err = p.run(); err == nil && len(p.rest) > 0 {
		err = fmt.Errorf("%d bytes follow the pickle", len(p.rest))
	}
	return root, err
}

// legacyStart is a pickle, of protocol 2, of PyTorch's magic number.
const legacyStart = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// IsLegacy reports whether a file that begins with head is of the older form.
func IsLegacy(head []byte) bool { return bytes.HasPrefix(head, []byte(legacyStart)) }

const legacyVersion = 1001

// readLegacy reads the older form: five pickles, then the storages.
func (s *storages) readLegacy() (any, error) {
	all, err := s.file.Bytes(0, s.file.Size())
	if err != nil {
		return nil, err
	}
	p := unpickler{rest: all[len(legacyStart):]}
	version, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	if version != int64(legacyVersion) {
		return nil, fmt.Errorf("version is %v, want %d", version, legacyVersion)
	}
	system, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("description of the system: %w", err)
	}
	if d, ok := system.(*dict); ok {
		little, ok := d.get("little_endian").(bool)
		s.big = ok && !little
	}
	root, err := p.run()
	if err != nil {
		return nil, err
	}
	sizes := p.sizes
	keys, err := p.run()
	if err != nil {
		return nil, fmt.Errorf("keys of the storages: %w", err)
	}
	list, ok := keys.(*list)
	if !ok {
		return nil, errors.New("the keys of the storages are no list")
	}
	return root, s.placeAll(list, sizes, all, p.rest)
}

// placeAll finds the storages, which lie behind the pickles in the order of
// keys.
func (s *storages) placeAll(keys *list, sizes map[string]tensors.DType, all, rest []byte) error {
	for _, k := range keys.items {
		key, ok := k.(string)
		dtype, known := sizes[key]
		if !ok || !known {
			return fmt.Errorf("storage %v belongs to no tensor", k)
		}
		if len(rest) < 8 {
			return fmt.Errorf("storage %q is cut off", key)
		}
		order := binary.ByteOrder(binary.LittleEndian)
		if s.big {
			order = binary.BigEndian
		}
		n, size := order.Uint64(rest), uint64(dtype.Size())
		if n > uint64(len(rest)-8)/size {
			return fmt.Errorf("storage %q claims %d elements of %v, %d bytes are left: the file is cut off", key, n, dtype, len(rest)-8)
		}
		if _, twice := s.places[key]; twice {
			return fmt.Errorf("storage %q is there twice", key)
		}
		s.places[key] = place{int64(len(all) - len(rest) + 8), int64(n * size)}
		rest = rest[8+n*size:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes follow the last storage", len(rest))
	}
	return nil
}
