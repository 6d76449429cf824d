package ckpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/internal/sstable"
	"graft/ckpt/npz"
	"graft/ckpt/pytorch"
	"graft/ckpt/safetensors"
)

// What sniff finds besides the formats of openers.
const (
	indexOnly = "index"      // the index of a V2 checkpoint
	stateFile = "checkpoint" // a `checkpoint` file
)

// sniffers recognise a format by the first bytes, in this order.
var sniffers = []struct {
	kind string
	is   func(head []byte) bool
}{
	{stateFile, func(head []byte) bool { return bytes.HasPrefix(trim(head), []byte("model_checkpoint_path")) }},
	{"npy", npz.IsArray},
	{"pytorch", pytorch.IsLegacy},
	{"safetensors", safetensors.Is},
}

// sniff tells what the file at path is, or says what it is instead of a
// checkpoint.
func sniff(path string) (string, error) {
	f, err := mapped.Open(path)
	if err != nil {
		return "", fmt.Errorf("ckpt: %w", err)
	}
	defer f.Close()
	defer runtime.KeepAlive(f)
	kind := ""
	err = mapped.Guard(func() error {
		kind, err = sniffBytes(f)
		return err
	})
	return kind, err
}

func sniffBytes(f *mapped.File) (string, error) {
	if f.Size() == 0 {
		return "", &FormatError{Path: f.Path(), Found: "the file is empty", Hint: "copy or download it again"}
	}
	if sstable.HasMagic(f) {
		return tableKind(f)
	}
	head, err := f.Bytes(0, min(f.Size(), 1024))
	if err != nil {
		return "", err
	}
	for _, s := range sniffers {
		if s.is(head) {
			return s.kind, nil
		}
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) {
		return zipKind(f)
	}
	return "", foreign(f, head)
}

// tableKind tells V1 from the index of a V2 checkpoint, whose first entries
// are messages that begin with a message or with a number.
func tableKind(f *mapped.File) (string, error) {
	table, err := sstable.Open(f)
	if err == nil {
		var first []byte
		if first, _, err = table.Get(""); err == nil && (len(first) == 0 || first[0] != 0x0a) {
			return indexOnly, nil
		}
	}
	if err != nil && strings.HasSuffix(f.Path(), ".index") {
		return indexOnly, nil // its opener says what is damaged
	}
	return "V1", nil
}

// zipKind tells the archives apart by what they hold.
func zipKind(f *mapped.File) (string, error) {
	names, err := npz.Members(f)
	if err != nil {
		return "", &CorruptError{Path: f.Path(), Err: fmt.Errorf("it begins as a zip archive (PyTorch, NumPy and Keras save such): %w", err)}
	}
	has := func(suffix string) bool {
		for _, n := range names {
			if strings.HasSuffix(n, suffix) {
				return true
			}
		}
		return false
	}
	switch {
	case has(".npy"):
		return "npz", nil
	case has("/data.pkl") || has("data.pkl"):
		return "pytorch", nil
	case has(".weights.h5"):
		return "", &FormatError{Path: f.Path(), Found: "it is a Keras archive, whose weights are an HDF5 file", Hint: "unzip it and convert: " + byH5py("model.weights.h5")}
	case has(".index") || has(".ckpt"):
		return "", &FormatError{Path: f.Path(), Found: "it is a zip archive of a checkpoint", Hint: "unzip it first"}
	case len(names) == 0:
		return "npz", nil // NumPy's of no arrays
	}
	return "", &FormatError{Path: f.Path(), Found: fmt.Sprintf("it is a zip archive that holds %s", names[0]), Hint: "unzip it, or export the weights"}
}

// byH5py is the command that makes an npz of Keras weights, which Go has no
// well-kept reader for.
func byH5py(path string) string {
	return fmt.Sprintf(`python -c "import h5py, numpy; a = {}; h5py.File('%s').visititems(lambda n, d: a.update({n: d[()]}) if hasattr(d, 'dtype') else None); numpy.savez('weights.npz', **a)", then open weights.npz, or make a checkpoint of it by graft ckpt convert weights.npz TO`, path)
}

// strangers lists what people mistake for a checkpoint, by its first bytes;
// those of texts may be in any case.
var strangers = []known{
	{"<!doctype", "a web page", "the download went wrong: fetch the file itself, not the page that shows it"},
	{"<html", "a web page", "the download went wrong: fetch the file itself, not the page that shows it"},
	{"<?xml", "an XML text, as download servers send with an error", "read it, and download the file again"},
	{"version https://git-lfs", "a Git LFS pointer", "run git lfs pull to get the file it stands for"},
	{"\x1f\x8b", "a gzip archive", "unpack it first (tar xzf)"},
	{"BZh", "a bzip2 archive", "unpack it first (tar xjf)"},
	{"\xfd7zXZ", "an xz archive", "unpack it first (tar xJf)"},
	{"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first (unzstd)"},
	{"GGUF", "a GGUF file (llama.cpp)", "use the weights it was made from"},
	{"\x89PNG", "a picture", ""},
	{"\x80\x02", "a Python pickle" + pickleRuns, pickleInstead},
	{"\x80\x03", "a Python pickle" + pickleRuns, pickleInstead},
	{"\x80\x04", "a Python pickle" + pickleRuns, pickleInstead},
	{"\x80\x05", "a Python pickle" + pickleRuns, pickleInstead},
}

// known is a kind of file that is none of ours.
type known struct{ prefix, found, hint string }

// stranger finds the kind of file that begins with head.
func stranger(head []byte) (known, bool) {
	text := trim(head)
	for _, k := range strangers {
		if bytes.HasPrefix(head, []byte(k.prefix)) || k.prefix[0] < 0x80 && bytes.HasPrefix(lower(text), []byte(k.prefix)) {
			return k, true
		}
	}
	return known{}, false
}

const (
	pickleRuns    = ", which can run any code when it is read"
	pickleInstead = "save the tensors with torch.save, safetensors or numpy.savez"
)

// foreign says of a file that is no checkpoint what it is instead.
func foreign(f *mapped.File, head []byte) error {
	not := func(found, hint string) error {
		return &FormatError{Path: f.Path(), Found: "it is " + found, Hint: hint}
	}
	if k, ok := stranger(head); ok {
		return not(k.found, k.hint)
	}
	text := trim(head)
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF\r\n\x1a\n")):
		return not("an HDF5 file, as Keras saves weights", "convert it: "+byH5py(f.Path()))
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return not("a tar archive", "unpack it first (tar xf)")
	case dataFile.MatchString(f.Path()):
		return not("the data of a V2 checkpoint whose .index is not there", "put the .index beside it")
	case strings.HasSuffix(f.Path(), ".meta") || isGraph(head, f.Size()):
		return not("a graph (MetaGraphDef or SavedModel), which holds no values", "its .index and .data files are needed")
	case len(bytes.Trim(head, "\x00")) == 0:
		return not("all zeros at the start, as a broken download is", "download it again")
	case utf8.Valid(text) && bytes.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }) < 0:
		return not(fmt.Sprintf("a text that begins %.40q", text), "")
	}
	return &CorruptError{Path: f.Path(), Err: fmt.Errorf("not a table: its %d bytes end in none of TensorFlow's magic numbers, nor does it begin as another format: another kind of file, or cut off", f.Size())}
}

// explain says of the data file of a V2 checkpoint that cannot be read that it
// is something else, such as a Git LFS pointer beside a real index.
func (r *Reader) explain(err error) error {
	var damaged *CorruptError
	if r.kind != "V2" || !errors.As(err, &damaged) {
		return err
	}
	for _, path := range r.f.Files()[1:] {
		f, openErr := mapped.Open(path)
		if openErr != nil {
			continue // as err says
		}
		head, readErr := f.Bytes(0, min(f.Size(), 1024))
		k, is := stranger(bytes.Clone(head))
		runtime.KeepAlive(f)
		f.Close()
		if is && readErr == nil {
			return &FormatError{Path: path, Found: "it is " + k.found, Hint: k.hint}
		}
	}
	return err
}

// lower is the start of an ASCII text in small letters.
func lower(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text[:min(len(text), 32)])
}

// isGraph reports whether a file begins as a MetaGraphDef does, with a
// MetaInfoDef, or as a SavedModel does, with its version.
func isGraph(head []byte, size int64) bool {
	if bytes.HasPrefix(head, []byte{0x08, 0x01, 0x12}) {
		return true
	}
	if len(head) < 8 || head[0] != 0x0a {
		return false
	}
	n, w := binary.Uvarint(head[1:])
	return w > 0 && 1+w < len(head) && n < uint64(size) && bytes.IndexByte([]byte{0x0a, 0x12, 0x22, 0x2a}, head[1+w]) >= 0
}

// trim takes away what editors and servers put before a text.
func trim(head []byte) []byte { return bytes.TrimLeft(head, " \r\n\t\ufeff") }
