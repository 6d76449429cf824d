package tensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// numbers decodes an element of each type that is a number. Quantised types
// give the integer that is stored, without the scale, which a checkpoint does
// not have; int4 and the like take a byte each.
var numbers = map[DType]func(b []byte) complex128{
	Float32:       func(b []byte) complex128 { return complex(float64(math.Float32frombits(le.Uint32(b))), 0) },
	Float64:       func(b []byte) complex128 { return complex(math.Float64frombits(le.Uint64(b)), 0) },
	Float16:       func(b []byte) complex128 { return complex(small(uint32(le.Uint16(b)), 5, 10, 15, ieee), 0) },
	BFloat16:      func(b []byte) complex128 { return complex(float64(math.Float32frombits(uint32(le.Uint16(b))<<16)), 0) },
	Float8E5M2:    func(b []byte) complex128 { return complex(small(uint32(b[0]), 5, 2, 15, ieee), 0) },
	Float8E4M3FN:  func(b []byte) complex128 { return complex(small(uint32(b[0]), 4, 3, 7, lastIsNaN), 0) },
	Float8E5M2FNZ: func(b []byte) complex128 { return complex(small(uint32(b[0]), 5, 2, 16, minusZeroIsNaN), 0) },
	Float8E4M3FNZ: func(b []byte) complex128 { return complex(small(uint32(b[0]), 4, 3, 8, minusZeroIsNaN), 0) },
	Float8E4M3B11: func(b []byte) complex128 { return complex(small(uint32(b[0]), 4, 3, 11, minusZeroIsNaN), 0) },
	Complex64: func(b []byte) complex128 {
		return complex(float64(math.Float32frombits(le.Uint32(b))), float64(math.Float32frombits(le.Uint32(b[4:]))))
	},
	Complex128: func(b []byte) complex128 {
		return complex(math.Float64frombits(le.Uint64(b)), math.Float64frombits(le.Uint64(b[8:])))
	},
	Int8: int8Number, QInt8: int8Number, Int4: int8Number, Int2: int8Number,
	Uint8: uint8Number, QUint8: uint8Number, Uint4: uint8Number, Uint2: uint8Number, Bool: uint8Number,
	Int16: int16Number, QInt16: int16Number,
	Uint16: uint16Number, QUint16: uint16Number,
	Int32: int32Number, QInt32: int32Number,
	Uint32: func(b []byte) complex128 { return complex(float64(le.Uint32(b)), 0) },
	Int64:  func(b []byte) complex128 { return complex(float64(int64(le.Uint64(b))), 0) },
	Uint64: func(b []byte) complex128 { return complex(float64(le.Uint64(b)), 0) },
}

var le = binary.LittleEndian

func int8Number(b []byte) complex128   { return complex(float64(int8(b[0])), 0) }
func uint8Number(b []byte) complex128  { return complex(float64(b[0]), 0) }
func int16Number(b []byte) complex128  { return complex(float64(int16(le.Uint16(b))), 0) }
func uint16Number(b []byte) complex128 { return complex(float64(le.Uint16(b)), 0) }
func int32Number(b []byte) complex128  { return complex(float64(int32(le.Uint32(b))), 0) }

// What the largest exponent of a small float means.
const (
	ieee           = iota // infinities, and NaN with a mantissa
	lastIsNaN             // a number, but NaN with all bits set
	minusZeroIsNaN        // a number; NaN is what would be -0
)

// small decodes a float of few bits: sign, exponent, mantissa.
func small(bits uint32, exponentBits, mantissaBits, bias int, special int) float64 {
	mantissa := int(bits & (1<<mantissaBits - 1))
	exponent := int(bits >> mantissaBits & (1<<exponentBits - 1))
	negative := bits>>(mantissaBits+exponentBits) != 0
	full := exponent == 1<<exponentBits-1
	var v float64
	switch {
	case special == minusZeroIsNaN && negative && exponent == 0 && mantissa == 0,
		special == lastIsNaN && full && mantissa == 1<<mantissaBits-1,
		special == ieee && full && mantissa != 0:
		return math.NaN()
	case special == ieee && full:
		v = math.Inf(1)
	case exponent == 0:
		v = math.Ldexp(float64(mantissa), 1-bias-mantissaBits)
	default:
		v = math.Ldexp(float64(mantissa+1<<mantissaBits), exponent-bias-mantissaBits)
	}
	if negative {
		return -v
	}
	return v
}

// Numbers gives a function of the element at a place in row-major order: the
// imaginary part is 0 but for complex types, booleans are 0 and 1, integers
// beyond 2⁵³ are rounded. ok is false for types that are no numbers.
func (t *Tensor) Numbers() (at func(i int) complex128, ok bool) {
	decode, ok := numbers[t.DType]
	if !ok {
		return nil, false
	}
	size, data := t.DType.Size(), t.Data
	if t.DType == Float32 { // which is nearly all there is
		return func(i int) complex128 { return complex(float64(math.Float32frombits(le.Uint32(data[4*i:]))), 0) }, true
	}
	return func(i int) complex128 { return decode(data[i*size:]) }, true
}

// floats encode a number in the types that Convert can make.
var floats = map[DType]func(b []byte, v float64) []byte{
	Float64:  func(b []byte, v float64) []byte { return le.AppendUint64(b, math.Float64bits(v)) },
	Float32:  func(b []byte, v float64) []byte { return le.AppendUint32(b, math.Float32bits(float32(v))) },
	Float16:  func(b []byte, v float64) []byte { return le.AppendUint16(b, uint16(round(v, 5, 10))) },
	BFloat16: func(b []byte, v float64) []byte { return le.AppendUint16(b, uint16(round(v, 8, 7))) },
}

// IsFloat reports whether the type is a real floating-point one.
func (d DType) IsFloat() bool {
	switch d {
	case Float32, Float64, Float16, BFloat16, Float8E5M2, Float8E4M3FN, Float8E4M3FNZ, Float8E4M3B11, Float8E5M2FNZ:
		return true
	}
	return false
}

// Convert makes a tensor of another floating-point type (float64, float32,
// float16 or bfloat16) of one of any: values are rounded to the nearest, ties
// to even, too large ones become infinite. Other types are errors.
func (t *Tensor) Convert(to DType) (*Tensor, error) {
	encode, ok := floats[to]
	if !ok {
		return nil, fmt.Errorf("ckpt: tensor %q: values cannot be converted to %v, only to float64, float32, float16 and bfloat16", t.Name, to)
	}
	if !t.DType.IsFloat() {
		return nil, fmt.Errorf("ckpt: tensor %q holds %v, only floating-point values are converted", t.Name, t.DType)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	if to == t.DType {
		return t, nil
	}
	at, _ := t.Numbers()
	n := int(t.Elements())
	out := &Tensor{Name: t.Name, DType: to, Shape: t.Shape, Data: make([]byte, 0, n*to.Size())}
	for i := range n {
		out.Data = encode(out.Data, real(at(i)))
	}
	return out, nil
}

// round encodes a float of few bits in IEEE's way, to the nearest, ties to
// even. It starts from the float64, so that nothing is rounded twice.
func round(v float64, exponentBits, mantissaBits int) uint32 {
	sign := uint32(math.Float64bits(v)>>63) << (exponentBits + mantissaBits)
	infinite := uint32(1<<exponentBits-1) << mantissaBits
	v = math.Abs(v)
	switch {
	case math.IsNaN(v):
		return sign | infinite | 1<<(mantissaBits-1)
	case math.IsInf(v, 0):
		return sign | infinite
	case v == 0:
		return sign
	}
	bias := 1<<(exponentBits-1) - 1
	_, exponent := math.Frexp(v) // v is in [½, 1) times 2^exponent
	exponent = max(exponent-1, 1-bias)
	// In units of the last place; a carry runs into the exponent, as it should.
	units := uint32(math.RoundToEven(math.Ldexp(v, mantissaBits-exponent)))
	units += uint32(exponent+bias-1) << mantissaBits
	if units >= infinite {
		return sign | infinite
	}
	return sign | units
}
