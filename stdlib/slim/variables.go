package slim

import (
	"fmt"
	"strings"

	"graft/stdlib/graph"
)

// Variable is a variable in the collection GlobalVariables or, if they are
// given, in the options' Collections instead (slim.variable). An arg scope may
// give it an initializer, a regularizer, collections, a device and more. When
// the scope reuses, a variable that exists is returned and joins nothing.
// Errors are those of Scope.GetVariable.
func Variable(s graph.Scope, name string, opt graph.VariableOptions) (*graph.Variable, error) {
	return variable(s, name, LayerVariable, opt, graph.GlobalVariables)
}

// ModelVariable is a variable that belongs to a model: it is in the
// collections GlobalVariables and ModelVariables, and in the options'
// Collections besides (slim.model_variable). Errors are those of
// Scope.GetVariable.
func ModelVariable(s graph.Scope, name string, opt graph.VariableOptions) (*graph.Variable, error) {
	return variable(s, name, LayerModelVariable, opt)
}

func variable(s graph.Scope, name string, l Layer, opt graph.VariableOptions, otherwise ...string) (*graph.Variable, error) {
	if s.Graph() == nil {
		return nil, fmt.Errorf("slim: %s %q is made in a Scope without a graph; begin with Graph.Scope()", l, name)
	}
	a := current(s, l)
	if l == LayerModelVariable { // it calls slim.variable, whose arg scope holds too
		a = merge(current(s, LayerVariable), a)
	}
	if opt.Initializer == nil {
		opt.Initializer = a.Initializer
	}
	if opt.Regularizer == nil {
		opt.Regularizer = a.Regularizer
	}
	if opt.Partitioner == nil {
		opt.Partitioner = a.Partitioner
	}
	if opt.Collections == nil {
		opt.Collections = a.Collections
	}
	if a.Trainable != 0 {
		opt.NotTrainable = opt.NotTrainable || a.Trainable == False
	}
	if opt.Device == "" {
		opt.Device = a.Device
	}
	if opt.Device == "" && a.DeviceChooser != nil && s.Existing(name) == nil {
		opt.Device = a.DeviceChooser.Next()
	}
	if l == LayerModelVariable {
		opt.Collections = append(append([]string{}, opt.Collections...), graph.GlobalVariables, graph.ModelVariables)
	}
	if opt.Collections == nil {
		opt.Collections = otherwise
	}
	opt.Collections = once(opt.Collections)
	return s.GetVariable(name, opt)
}

// once leaves out what stands twice; a list without anything stays a list.
func once(keys []string) []string {
	out := make([]string, 0, len(keys))
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// LocalVariable is a variable in the collection LocalVariables, which is not
// trained and in no checkpoint (slim.local_variable). Its name is made unique;
// "" means Variable. Errors are those of Scope.NewVariable.
func LocalVariable(s graph.Scope, name string, value *graph.Tensor) (*graph.Variable, error) {
	return s.NewVariable(name, value, graph.VariableOptions{NotTrainable: true, Collections: []string{graph.LocalVariables}})
}

// GlobalVariable is a variable in the collection GlobalVariables that is not
// trained (slim.global_variable). Its name is made unique; "" means Variable.
// Errors are those of Scope.NewVariable.
func GlobalVariable(s graph.Scope, name string, value *graph.Tensor) (*graph.Variable, error) {
	return s.NewVariable(name, value, graph.VariableOptions{NotTrainable: true, Collections: []string{graph.GlobalVariables}})
}

// AddModelVariable puts a variable into ModelVariables, unless it is there
// (slim.add_model_variable). A nil variable is an error.
func AddModelVariable(v *graph.Variable) error {
	if v == nil {
		return fmt.Errorf("slim: add model variable: the variable is nil")
	}
	for _, key := range v.Collections() {
		if key == graph.ModelVariables {
			return nil
		}
	}
	return v.Graph().AddToCollection(graph.ModelVariables, v)
}

// GetVariableFullName is the name that a variable is saved under: its own, or
// the whole's for a part (slim.get_variable_full_name).
func GetVariableFullName(v *graph.Variable) string {
	if v == nil {
		return ""
	}
	return v.FullName()
}

// GetGlobalStep is graph.GetGlobalStep.
func GetGlobalStep(g *graph.Graph) (*graph.Variable, error) { return graph.GetGlobalStep(g) }

// CreateGlobalStep is graph.CreateGlobalStep.
func CreateGlobalStep(s graph.Scope) (*graph.Variable, error) { return graph.CreateGlobalStep(s) }

// GetOrCreateGlobalStep is graph.GetOrCreateGlobalStep.
func GetOrCreateGlobalStep(s graph.Scope) (*graph.Variable, error) {
	return graph.GetOrCreateGlobalStep(s)
}

// AssertGlobalStep is graph.AssertGlobalStep.
func AssertGlobalStep(v *graph.Variable) error { return graph.AssertGlobalStep(v) }

// AssertOrGetGlobalStep is v, if it can be a global step, or for a nil v the
// graph's (slim.assert_or_get_global_step). One that is no integer scalar is
// an error.
func AssertOrGetGlobalStep(g *graph.Graph, v *graph.Variable) (*graph.Variable, error) {
	if v == nil {
		return graph.GetGlobalStep(g)
	}
	return v, graph.AssertGlobalStep(v)
}

// VariableDeviceChooser deals variables out to parameter servers in turn
// (slim.VariableDeviceChooser); the zero value puts them all on the CPU.
// Devices are recorded and otherwise without effect.
type VariableDeviceChooser struct {
	NumTasks    int    // parameter servers; 0 gives no job and no task
	JobName     string // default ps
	DeviceType  string // default CPU
	DeviceIndex int    // default 0
	Replica     string // a number; default none
	next        int
}

// Next is the device of the next variable.
func (c *VariableDeviceChooser) Next() string {
	device, job := c.DeviceType, c.JobName
	if device == "" {
		device = "CPU"
	}
	if job == "" {
		job = "ps"
	}
	var b strings.Builder
	if c.NumTasks > 0 {
		fmt.Fprintf(&b, "/job:%s", job)
	}
	if c.Replica != "" {
		fmt.Fprintf(&b, "/replica:%s", c.Replica)
	}
	if c.NumTasks > 0 {
		fmt.Fprintf(&b, "/task:%d", c.next)
		c.next = (c.next + 1) % c.NumTasks
	}
	fmt.Fprintf(&b, "/device:%s:%d", device, c.DeviceIndex)
	return b.String()
}
