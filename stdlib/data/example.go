package data

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Example is a record of named features, tf.Example.
type Example map[string]Feature

// Feature is a list of one kind: the two others are nil.
type Feature struct {
	Bytes  [][]byte
	Floats []float32
	Ints   []int64
}

// The protocol message's fields (core/example/feature.proto).
const (
	exampleFeatures = 1 // Example.features
	featuresMap     = 1 // Features.feature
	mapKey          = 1
	mapValue        = 2
	bytesList       = 1 // Feature.kind
	floatList       = 2
	intList         = 3
	listValue       = 1
)

// DecodeExample reads a tf.Example. Errors: bytes that are no such message.
func DecodeExample(b []byte) (Example, error) {
	e := Example{}
	err := fields(b, func(n protowire.Number, features []byte) error {
		if n != exampleFeatures {
			return nil
		}
		return fields(features, func(n protowire.Number, entry []byte) error {
			if n != featuresMap {
				return nil
			}
			return e.entry(entry)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("data: no tf.Example: %w", err)
	}
	return e, nil
}

// fields calls f with each field of a message that has a length.
func fields(b []byte, f func(n protowire.Number, value []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		if kind != protowire.BytesType {
			if size = protowire.ConsumeFieldValue(n, kind, b); size < 0 {
				return protowire.ParseError(size)
			}
			b = b[size:]
			continue
		}
		value, size := protowire.ConsumeBytes(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		if err := f(n, value); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// entry reads one feature and its name.
func (e Example) entry(b []byte) error {
	name, f := "", Feature{}
	err := fields(b, func(n protowire.Number, value []byte) (err error) {
		switch n {
		case mapKey:
			name = string(value)
		case mapValue:
			f, err = feature(value)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("feature %q: %w", name, err)
	}
	e[name] = f
	return nil
}

func feature(b []byte) (f Feature, err error) {
	err = fields(b, func(kind protowire.Number, list []byte) error {
		switch kind {
		case bytesList:
			f.Bytes = [][]byte{}
			return fields(list, func(n protowire.Number, v []byte) error {
				if n == listValue {
					f.Bytes = append(f.Bytes, v)
				}
				return nil
			})
		case floatList:
			f.Floats = []float32{}
			return numbers(list, protowire.Fixed32Type, func(v uint64) { f.Floats = append(f.Floats, math.Float32frombits(uint32(v))) })
		case intList:
			f.Ints = []int64{}
			return numbers(list, protowire.VarintType, func(v uint64) { f.Ints = append(f.Ints, int64(v)) })
		}
		return nil
	})
	return f, err
}

// numbers reads a list of numbers, which may be packed or not.
func numbers(b []byte, want protowire.Type, f func(uint64)) error {
	one := func(b []byte) (v uint64, size int) {
		if want == protowire.VarintType {
			return protowire.ConsumeVarint(b)
		}
		bits, size := protowire.ConsumeFixed32(b)
		return uint64(bits), size
	}
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		run, rest := b, []byte(nil)
		switch {
		case n == listValue && kind == protowire.BytesType:
			if run, size = protowire.ConsumeBytes(b); size < 0 {
				return protowire.ParseError(size)
			}
			rest = b[size:]
		case n == listValue && kind == want:
			if _, size = one(b); size < 0 {
				return protowire.ParseError(size)
			}
			run, rest = b[:size], b[size:]
		default:
			if size = protowire.ConsumeFieldValue(n, kind, b); size < 0 {
				return protowire.ParseError(size)
			}
			run, rest = nil, b[size:]
		}
		for len(run) > 0 {
			v, size := one(run)
			if size < 0 {
				return protowire.ParseError(size)
			}
			f(v)
			run = run[size:]
		}
		b = rest
	}
	return nil
}

// Encode writes the tf.Example, its features in the order of their names. A
// feature with two kinds of lists is an error; one with none has an empty
// kind, as TensorFlow allows.
func (e Example) Encode() ([]byte, error) {
	var features []byte
	for _, name := range slices.Sorted(maps.Keys(e)) {
		f, err := e[name].encode()
		if err != nil {
			return nil, fmt.Errorf("data: feature %q %w", name, err)
		}
		entry := message(nil, mapKey, []byte(name))
		entry = message(entry, mapValue, f)
		features = message(features, featuresMap, entry)
	}
	return message(nil, exampleFeatures, features), nil
}

func (f Feature) encode() ([]byte, error) {
	kinds := 0
	for _, has := range []bool{f.Bytes != nil, f.Floats != nil, f.Ints != nil} {
		if has {
			kinds++
		}
	}
	if kinds > 1 {
		return nil, fmt.Errorf("has %d byte strings, %d floats and %d integers: one kind is wanted", len(f.Bytes), len(f.Floats), len(f.Ints))
	}
	var list, packed []byte
	switch {
	case f.Bytes != nil:
		for _, v := range f.Bytes {
			list = message(list, listValue, v)
		}
		return message(nil, bytesList, list), nil
	case f.Floats != nil:
		for _, v := range f.Floats {
			packed = protowire.AppendFixed32(packed, math.Float32bits(v))
		}
		return message(nil, floatList, packedList(packed)), nil
	case f.Ints != nil:
		for _, v := range f.Ints {
			packed = protowire.AppendVarint(packed, uint64(v))
		}
		return message(nil, intList, packedList(packed)), nil
	}
	return nil, nil
}

func packedList(values []byte) []byte {
	if len(values) == 0 {
		return nil
	}
	return message(nil, listValue, values)
}

func message(b []byte, n protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), value)
}
