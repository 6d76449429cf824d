package graph

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
)

// RestoreView is Restore for values that lie in a checkpoint's file
// (ckpt.Reader.View). They are used where they lie until a run changes the
// variable, which then gets a copy: sessions, and processes, that restored the
// same checkpoint share its memory. Values that cannot be used as they lie (of
// a variable in parts, of booleans, on a machine of another byte order) are
// copied at once. What a run derives from them is the session's own:
// convolutions with batch normalisation folded in, and the filters of
// Winograd's algorithm, which are up to four times as large. SessionOptions.Exact
// does without.
//
// Another shape or dtype than the variable's is an error. The file must not be
// cut short while the session has it; to replace it by another, as the writers
// of ckpt do, is harmless.
func (s *Session) RestoreView(v *Variable, view *tensors.View, path string) error {
	if err := s.own(v); err != nil {
		return err
	}
	if view == nil {
		return fmt.Errorf("graph: restore %s: the view is nil", v.Name())
	}
	value := borrow(view)
	if value == nil || v.parts != nil {
		var copied *Tensor
		if err := view.Use(func(t *tensors.Tensor) (err error) {
			copied, err = FromCheckpoint(t)
			return err
		}); err != nil {
			return err
		}
		return s.Restore(v, copied, path)
	}
	if value.DType != v.DType() || !ops.Fits(value.Shape, v.node.spec.Shape) {
		return fmt.Errorf("graph: restore %s: a tensor %v was given, the variable is %v", v.Name(), value.Spec(), v.node.spec)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(v, &state{value: value, view: view, origin: Restored, source: path})
	return nil
}

// borrow is a view's values where they lie, which stay while the view is
// reachable; nil when they cannot be used so.
func borrow(view *tensors.View) *ops.Value {
	t := view.Borrow()
	if !view.InPlace() || len(t.Data) == 0 || binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil
	}
	// Checkpoints do not align their tensors. These processors do not mind.
	anywhere := slices.Contains([]string{"amd64", "arm64", "386"}, runtime.GOARCH)
	first := unsafe.Pointer(unsafe.SliceData(t.Data))
	if !anywhere && uintptr(first)%uintptr(max(1, t.DType.Size())) != 0 {
		return nil
	}
	v := &ops.Value{DType: t.DType, Shape: slices.Clone(t.Shape)}
	switch n := int(t.Elements()); t.DType {
	case Float32:
		v.F32 = unsafe.Slice((*float32)(first), n)
	case Float64:
		v.F64 = unsafe.Slice((*float64)(first), n)
	case Int32:
		v.I32 = unsafe.Slice((*int32)(first), n)
	case Int64:
		v.I64 = unsafe.Slice((*int64)(first), n)
	default: // a Bool of Go must be 0 or 1, which only a copy makes sure of
		return nil
	}
	return v
}

// leaveFile copies a value that lies in a file, before it is changed.
func (st *state) leaveFile() {
	if st.view != nil {
		st.value = cloneValue(st.value)
		runtime.KeepAlive(st.view)
		st.view = nil
	}
}
