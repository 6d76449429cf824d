package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"

	"graft/ckpt/tensors"
)

// What a pickle builds, besides nil, bool, int64, *big.Int, float64, string
// and []byte.
type (
	list  struct{ items []any }
	tuple []any
	dict  struct{ keys, values []any }
	// global is a function or class by name. It stands for itself and can
	// only be called if it is in calls.
	global struct{ name string }
	// opaque is a Python object that matters to nobody here.
	opaque struct{ what string }
)

func (d *dict) get(key string) any {
	for i, k := range d.keys {
		if k == key {
			return d.values[i]
		}
	}
	return nil
}

// mark is where a group of arguments begins on the stack.
type mark struct{}

// unpickler is the pickle machine (Python's pickletools documents it), without
// what looks modules up, makes instances or copies memory it was not given.
type unpickler struct {
	rest  []byte
	stack []any
	memo  map[uint32]any
	sizes map[string]tensors.DType // of the storages that were named
}

var errCut = errors.New("the pickle is cut off")

// run reads one pickle and leaves what follows in rest.
func (p *unpickler) run() (any, error) {
	p.stack, p.memo = nil, map[uint32]any{}
	for {
		code, err := p.take(1)
		if err != nil {
			return nil, err
		}
		if code[0] == '.' {
			return p.pop()
		}
		do, ok := opcodes[code[0]]
		if !ok {
			return nil, fmt.Errorf("the pickle has opcode %#02x (%q), which no state dict needs: it makes objects of classes, or is damaged", code[0], code[0])
		}
		if err := do(p); err != nil {
			return nil, err
		}
	}
}

func (p *unpickler) take(n uint64) ([]byte, error) {
	if n > uint64(len(p.rest)) {
		return nil, errCut
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b, nil
}

func (p *unpickler) push(v any) error {
	p.stack = append(p.stack, v)
	return nil
}

func (p *unpickler) pop() (any, error) {
	if len(p.stack) == 0 {
		return nil, errors.New("the pickle takes more from its stack than there is")
	}
	v := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	return v, nil
}

// popMark takes everything down to the last mark.
func (p *unpickler) popMark() ([]any, error) {
	for i := len(p.stack) - 1; i >= 0; i-- {
		if _, ok := p.stack[i].(mark); ok {
			items := append([]any(nil), p.stack[i+1:]...)
			p.stack = p.stack[:i]
			return items, nil
		}
	}
	return nil, errors.New("the pickle has no mark where one is wanted")
}

// number takes an unsigned integer of size bytes.
func (p *unpickler) number(size uint64) (uint64, error) {
	b, err := p.take(size)
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// counted takes a length of size bytes and as many bytes.
func (p *unpickler) counted(size uint64) ([]byte, error) {
	n, err := p.number(size)
	if err != nil {
		return nil, err
	}
	return p.take(n)
}

// line takes text up to a newline.
func (p *unpickler) line() (string, error) {
	for i, c := range p.rest {
		if c == '\n' {
			s := string(p.rest[:i])
			p.rest = p.rest[i+1:]
			return s, nil
		}
	}
	return "", errCut
}

func (p *unpickler) extend(to any, items []any) error {
	l, ok := to.(*list)
	if !ok {
		return errors.New("the pickle appends to what is no list")
	}
	l.items = append(l.items, items...)
	return nil
}

func (p *unpickler) set(to any, items []any) error {
	d, ok := to.(*dict)
	if !ok || len(items)%2 != 0 {
		return errors.New("the pickle sets items of what is no dictionary")
	}
	for i := 0; i < len(items); i += 2 {
		d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
	}
	return nil
}

// top is the object that items are added to.
func (p *unpickler) top() any {
	if len(p.stack) == 0 {
		return nil
	}
	return p.stack[len(p.stack)-1]
}

func (p *unpickler) remember(key uint64) error {
	if len(p.stack) == 0 {
		return errors.New("the pickle remembers what is not there")
	}
	p.memo[uint32(key)] = p.top()
	return nil
}

func (p *unpickler) recall(key uint64) error {
	v, ok := p.memo[uint32(key)]
	if !ok {
		return fmt.Errorf("the pickle recalls item %d, which it did not remember", key)
	}
	return p.push(v)
}

// integer decodes a little-endian two's complement of any length.
func integer(b []byte) any {
	if len(b) <= 8 {
		var v int64
		for i, c := range b {
			v |= int64(c) << (8 * i)
		}
		if n := len(b); n > 0 && n < 8 && b[n-1]&0x80 != 0 {
			v -= 1 << (8 * n)
		}
		return v
	}
	reversed := make([]byte, len(b))
	for i, c := range b {
		reversed[len(b)-1-i] = c
	}
	v := new(big.Int).SetBytes(reversed)
	if b[len(b)-1]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return v
}

// reduce calls what is on the stack.
func (p *unpickler) reduce() error {
	arguments, err := p.pop()
	if err != nil {
		return err
	}
	f, err := p.pop()
	if err != nil {
		return err
	}
	args, ok := arguments.(tuple)
	if !ok {
		return errors.New("the pickle calls something without a tuple of arguments")
	}
	v, err := call(f, args)
	if err != nil {
		return err
	}
	return p.push(v)
}

// build sets the attributes of an object. Dictionaries and tensors are what
// gets some, and none of theirs matter: _metadata of a state dict, hooks.
func (p *unpickler) build() error {
	if _, err := p.pop(); err != nil {
		return err
	}
	switch p.top().(type) {
	case *dict, tensor, opaque:
		return nil
	}
	return errors.New("the pickle sets attributes of what has none")
}

// persistent resolves the name of a storage:
// ('storage', class, key, device, number of elements[, the view of an old file]).
func (p *unpickler) persistent() error {
	v, err := p.pop()
	if err != nil {
		return err
	}
	id, ok := v.(tuple)
	if !ok || len(id) < 5 || id[0] != "storage" {
		return errors.New("the pickle names something outside that is no storage")
	}
	class, ok1 := id[1].(global)
	key, ok2 := id[2].(string)
	n, ok3 := id[4].(int64)
	dtype, known := storageTypes[class.name]
	switch {
	case !ok1 || !ok2 || !ok3 || n < 0 || n > math.MaxInt64/16:
		return errors.New("the pickle names a storage that is not well-formed")
	case !known:
		return fmt.Errorf("storage %q is a %s, whose elements have no plain representation", key, class.name)
	case len(id) > 5 && id[5] != nil:
		return fmt.Errorf("storage %q is a view of another, as only PyTorch before 0.4 wrote: load it and save it again", key)
	}
	if p.sizes == nil {
		p.sizes = map[string]tensors.DType{}
	}
	if old, seen := p.sizes[key]; seen && old != dtype {
		return fmt.Errorf("storage %q is %v and %v", key, old, dtype)
	}
	p.sizes[key] = dtype
	return p.push(storage{key: key, dtype: dtype, elements: n})
}
