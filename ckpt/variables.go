package ckpt

// ListVariables describes the tensors of the checkpoint at path (TensorFlow's
// list_variables), sorted by name. Errors: those of Open.
func ListVariables(path string) ([]TensorInfo, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []TensorInfo
	for _, name := range r.Names() {
		info, _ := r.f.Info(name)
		out = append(out, info)
	}
	return out, nil
}

// LoadVariable reads one tensor of the checkpoint at path (TensorFlow's
// load_variable). Errors: those of Open and of Reader.Tensor.
func LoadVariable(path, name string) (*Tensor, error) {
	r, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Tensor(name)
}

// Notes say what is in the file besides tensors, such as the epoch in a
// PyTorch checkpoint, and is not read.
func (r *Reader) Notes() []string {
	if f, ok := r.f.(interface{ Others() []string }); ok {
		return f.Others()
	}
	return nil
}
