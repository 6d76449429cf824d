package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// opcodes are those of protocols 2 to 5 that build plain data, and the four
// that name, call and fill: GLOBAL, STACK_GLOBAL, REDUCE and BUILD. There is
// no way to import, to make an instance, or to register code among them.
var opcodes = map[byte]func(*unpickler) error{
	0x80: func(p *unpickler) error { // PROTO
		v, err := p.number(1)
		if err == nil && v > 5 {
			err = fmt.Errorf("pickle protocol %d, known are up to 5", v)
		}
		return err
	},
	0x95: func(p *unpickler) error { // FRAME
		n, err := p.number(8)
		if err == nil && n > uint64(len(p.rest)) {
			err = errCut
		}
		return err
	},
	'(':  func(p *unpickler) error { return p.push(mark{}) },
	'0':  func(p *unpickler) error { _, err := p.pop(); return err },
	'1':  func(p *unpickler) error { _, err := p.popMark(); return err },
	'N':  func(p *unpickler) error { return p.push(nil) },
	0x88: func(p *unpickler) error { return p.push(true) },
	0x89: func(p *unpickler) error { return p.push(false) },
	'J':  func(p *unpickler) error { n, err := p.number(4); return p.pushIf(int64(int32(n)), err) },
	'K':  func(p *unpickler) error { n, err := p.number(1); return p.pushIf(int64(n), err) },
	'M':  func(p *unpickler) error { n, err := p.number(2); return p.pushIf(int64(n), err) },
	0x8a: func(p *unpickler) error { b, err := p.counted(1); return p.pushIf(integer(b), err) },
	0x8b: func(p *unpickler) error { b, err := p.counted(4); return p.pushIf(integer(b), err) },
	'G': func(p *unpickler) error { // BINFLOAT, big-endian as nothing else is
		b, err := p.take(8)
		if err != nil {
			return err
		}
		return p.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	},
	'X':  func(p *unpickler) error { b, err := p.counted(4); return p.pushIf(string(b), err) },
	0x8c: func(p *unpickler) error { b, err := p.counted(1); return p.pushIf(string(b), err) },
	0x8d: func(p *unpickler) error { b, err := p.counted(8); return p.pushIf(string(b), err) },
	'T':  func(p *unpickler) error { b, err := p.counted(4); return p.pushIf(string(b), err) }, // Python 2's str
	'U':  func(p *unpickler) error { b, err := p.counted(1); return p.pushIf(string(b), err) },
	'B':  func(p *unpickler) error { b, err := p.counted(4); return p.pushIf(b, err) },
	'C':  func(p *unpickler) error { b, err := p.counted(1); return p.pushIf(b, err) },
	0x8e: func(p *unpickler) error { b, err := p.counted(8); return p.pushIf(b, err) },
	']':  func(p *unpickler) error { return p.push(&list{}) },
	'l':  func(p *unpickler) error { items, err := p.popMark(); return p.pushIf(&list{items}, err) },
	'a': func(p *unpickler) error {
		v, err := p.pop()
		if err != nil {
			return err
		}
		return p.extend(p.top(), []any{v})
	},
	'e': func(p *unpickler) error {
		items, err := p.popMark()
		if err != nil {
			return err
		}
		return p.extend(p.top(), items)
	},
	')':  func(p *unpickler) error { return p.push(tuple{}) },
	't':  func(p *unpickler) error { items, err := p.popMark(); return p.pushIf(tuple(items), err) },
	0x85: func(p *unpickler) error { return p.tuple(1) },
	0x86: func(p *unpickler) error { return p.tuple(2) },
	0x87: func(p *unpickler) error { return p.tuple(3) },
	'}':  func(p *unpickler) error { return p.push(&dict{}) },
	'd': func(p *unpickler) error {
		items, err := p.popMark()
		if err != nil {
			return err
		}
		d := &dict{}
		return errors.Join(p.set(d, items), p.push(d))
	},
	's': func(p *unpickler) error {
		if len(p.stack) < 3 {
			return errCut
		}
		items := append([]any(nil), p.stack[len(p.stack)-2:]...)
		p.stack = p.stack[:len(p.stack)-2]
		return p.set(p.top(), items)
	},
	'u': func(p *unpickler) error {
		items, err := p.popMark()
		if err != nil {
			return err
		}
		return p.set(p.top(), items)
	},
	0x8f: func(p *unpickler) error { return p.push(&list{}) }, // EMPTY_SET
	0x90: func(p *unpickler) error { // ADDITEMS
		items, err := p.popMark()
		if err != nil {
			return err
		}
		return p.extend(p.top(), items)
	},
	0x91: func(p *unpickler) error { items, err := p.popMark(); return p.pushIf(&list{items}, err) }, // FROZENSET
	'q':  func(p *unpickler) error { n, err := p.number(1); return p.memoIf(n, err) },
	'r':  func(p *unpickler) error { n, err := p.number(4); return p.memoIf(n, err) },
	0x94: func(p *unpickler) error { return p.remember(uint64(len(p.memo))) }, // MEMOIZE
	'h':  func(p *unpickler) error { n, err := p.number(1); return p.recallIf(n, err) },
	'j':  func(p *unpickler) error { n, err := p.number(4); return p.recallIf(n, err) },
	'c': func(p *unpickler) error { // GLOBAL
		module, err := p.line()
		if err != nil {
			return err
		}
		name, err := p.line()
		return p.globalIf(module, name, err)
	},
	0x93: func(p *unpickler) error { // STACK_GLOBAL
		name, err := p.pop()
		if err != nil {
			return err
		}
		module, err := p.pop()
		m, ok1 := module.(string)
		n, ok2 := name.(string)
		if err == nil && (!ok1 || !ok2) {
			err = errors.New("the pickle names a global by what is no string")
		}
		return p.globalIf(m, n, err)
	},
	'R': (*unpickler).reduce,
	'b': (*unpickler).build,
	'Q': (*unpickler).persistent,
}

func (p *unpickler) pushIf(v any, err error) error {
	if err != nil {
		return err
	}
	return p.push(v)
}

func (p *unpickler) memoIf(key uint64, err error) error {
	if err != nil {
		return err
	}
	return p.remember(key)
}

func (p *unpickler) recallIf(key uint64, err error) error {
	if err != nil {
		return err
	}
	return p.recall(key)
}

func (p *unpickler) globalIf(module, name string, err error) error {
	if err != nil {
		return err
	}
	g := global{module + "." + name}
	if !g.allowed() {
		return fmt.Errorf("the pickle wants %s, which a state dict does not need and which is not run: save model.state_dict() instead of the model, and plain numbers beside it", g.name)
	}
	return p.push(g)
}

func (p *unpickler) tuple(n int) error {
	if len(p.stack) < n {
		return errCut
	}
	items := append(tuple(nil), p.stack[len(p.stack)-n:]...)
	p.stack = p.stack[:len(p.stack)-n]
	return p.push(items)
}
