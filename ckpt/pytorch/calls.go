package pytorch

import (
	"fmt"
	"strings"

	"graft/ckpt/tensors"
)

// storageTypes are the classes of storages. The untyped one holds bytes.
var storageTypes = map[string]tensors.DType{
	"torch.FloatStorage": tensors.Float32, "torch.DoubleStorage": tensors.Float64, "torch.HalfStorage": tensors.Float16,
	"torch.BFloat16Storage": tensors.BFloat16, "torch.LongStorage": tensors.Int64, "torch.IntStorage": tensors.Int32,
	"torch.ShortStorage": tensors.Int16, "torch.CharStorage": tensors.Int8, "torch.ByteStorage": tensors.Uint8,
	"torch.BoolStorage": tensors.Bool, "torch.ComplexFloatStorage": tensors.Complex64, "torch.ComplexDoubleStorage": tensors.Complex128,
	"torch.storage.UntypedStorage": tensors.Uint8, "torch.UntypedStorage": tensors.Uint8,
}

// dtypeNames are the torch.dtype values that a call may be given.
var dtypeNames = map[string]tensors.DType{
	"torch.float32": tensors.Float32, "torch.float64": tensors.Float64, "torch.float16": tensors.Float16, "torch.bfloat16": tensors.BFloat16,
	"torch.int64": tensors.Int64, "torch.int32": tensors.Int32, "torch.int16": tensors.Int16, "torch.int8": tensors.Int8,
	"torch.uint8": tensors.Uint8, "torch.uint16": tensors.Uint16, "torch.uint32": tensors.Uint32, "torch.uint64": tensors.Uint64,
	"torch.bool": tensors.Bool, "torch.complex64": tensors.Complex64, "torch.complex128": tensors.Complex128,
	"torch.float8_e4m3fn": tensors.Float8E4M3FN, "torch.float8_e5m2": tensors.Float8E5M2,
	"torch.float8_e4m3fnuz": tensors.Float8E4M3FNZ, "torch.float8_e5m2fnuz": tensors.Float8E5M2FNZ,
}

// calls are all the functions that a pickle can have called: they are ours,
// and take and give plain data. The names are those of torch/_utils.py.
var calls map[string]func(args tuple) (any, error) = map[string]func(args tuple) (any, error){
	"collections.OrderedDict":                    func(tuple) (any, error) { return &dict{}, nil },
	"collections.defaultdict":                    func(tuple) (any, error) { return &dict{}, nil },
	"torch._utils._rebuild_tensor":               rebuild,
	"torch._utils._rebuild_tensor_v2":            rebuild,
	"torch._utils._rebuild_tensor_v3":            rebuildTyped,
	"torch._utils._rebuild_parameter":            firstTensor,
	"torch._utils._rebuild_parameter_with_state": firstTensor,
	"torch.Size":                      func(args tuple) (any, error) { return opaque{"torch.Size"}, nil },
	"torch.device":                    func(args tuple) (any, error) { return opaque{"torch.device"}, nil },
	"torch.serialization._get_layout": func(args tuple) (any, error) { return opaque{"torch.layout"}, nil },
	"_codecs.encode":                  func(args tuple) (any, error) { return opaque{"bytes"}, nil }, // how protocol 2 writes bytes
	"builtins.bytearray":              func(args tuple) (any, error) { return opaque{"bytearray"}, nil },
	"builtins.complex":                func(args tuple) (any, error) { return opaque{"complex"}, nil },
	"builtins.set":                    func(args tuple) (any, error) { return opaque{"set"}, nil },
	"__builtin__.set":                 func(args tuple) (any, error) { return opaque{"set"}, nil },
}

// derived is _rebuild_from_type_v2(function, type, arguments, state): a tensor
// with attributes, or of a class that is a tensor but for its name.
const derived = "torch._tensor._rebuild_from_type_v2"

// named are classes that may be named but not called.
var named = map[string]bool{
	derived: true, "torch.Tensor": true, "torch.nn.parameter.Parameter": true, "torch.nn.parameter.Buffer": true,
	"builtins.int": true, "builtins.float": true, "builtins.dict": true, "builtins.list": true,
}

func (g global) allowed() bool {
	_, callable := calls[g.name]
	_, isStorage := storageTypes[g.name]
	_, isDType := dtypeNames[g.name]
	return callable || isStorage || isDType || named[g.name]
}

// call is REDUCE.
func call(f any, args tuple) (any, error) {
	g, ok := f.(global)
	if !ok {
		return nil, fmt.Errorf("the pickle calls what is no function")
	}
	if g.name == derived {
		if len(args) < 3 {
			return nil, fmt.Errorf("%s is called with %d arguments", g.name, len(args))
		}
		inner, ok := args[2].(tuple)
		if inside, isGlobal := args[0].(global); !ok || !isGlobal || inside.name == derived {
			return nil, fmt.Errorf("%s is called with what it does not take", g.name)
		}
		return call(args[0], inner)
	}
	do, ok := calls[g.name]
	if !ok {
		return nil, fmt.Errorf("the pickle calls %s, which is no function that makes tensors", g.name)
	}
	v, err := do(args)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(g.name, "torch._utils."), err)
	}
	return v, nil
}

func firstTensor(args tuple) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(tensor); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("it is called with no tensor")
}

// rebuild is _rebuild_tensor_v2(storage, offset, size, stride, …).
func rebuild(args tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("it is called with %d arguments", len(args))
	}
	s, ok := args[0].(storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := sizes(args[2])
	strides, ok4 := sizes(args[3])
	if !ok || !ok2 || !ok3 || !ok4 || len(shape) != len(strides) {
		return nil, fmt.Errorf("it is called with what it does not take")
	}
	t := tensor{storage: s, offset: offset, shape: shape, strides: strides}
	return t, t.check()
}

// rebuildTyped is _rebuild_tensor_v3(storage, offset, size, stride,
// requires_grad, hooks, dtype, metadata): the storage is one of bytes.
func rebuildTyped(args tuple) (any, error) {
	if len(args) < 7 {
		return nil, fmt.Errorf("it is called with %d arguments", len(args))
	}
	s, ok := args[0].(storage)
	g, ok2 := args[6].(global)
	dtype, ok3 := dtypeNames[g.name]
	if !ok || !ok2 || !ok3 || s.elements%int64(max(1, dtype.Size())) != 0 {
		return nil, fmt.Errorf("it is called with what it does not take")
	}
	s.dtype, s.elements = dtype, s.elements*int64(s.dtype.Size())/int64(dtype.Size())
	return rebuild(append(tuple{s}, args[1:]...))
}

// sizes reads a tuple of sizes or strides.
func sizes(v any) ([]int, bool) {
	items, ok := v.(tuple)
	if !ok || len(items) > tensors.MaxRank {
		return nil, false
	}
	var out []int
	for _, x := range items {
		n, ok := x.(int64)
		if !ok {
			return nil, false
		}
		out = append(out, int(n))
	}
	return out, true
}
