package ops

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt/tensors"
)

// optimizers makes the step of each optimizer of TensorFlow from its
// arguments, and says which of its slots, by the ends of their names, it
// takes in which order. The scalars that follow are lr and those of more.
var optimizers = map[string]struct {
	slots []string
	step  func(c refCase) Kernel
	more  []string
}{
	"GradientDescentOptimizer": {nil, func(refCase) Kernel { return ApplyGradientDescent{} }, nil},
	"MomentumOptimizer":        {[]string{"Momentum"}, func(c refCase) Kernel { return ApplyMomentum{Nesterov: c.flag("use_nesterov")} }, []string{"momentum"}},
	"AdamOptimizer": {[]string{"Adam", "Adam_1"}, func(c refCase) Kernel {
		return ApplyAdam{Beta1: c.or("beta1", 0.9), Beta2: c.or("beta2", 0.999), Epsilon: c.or("epsilon", 1e-8)}
	}, nil},
	"RMSPropOptimizer": {[]string{"RMSProp", "RMSProp_1"}, func(c refCase) Kernel {
		return ApplyRMSProp{Decay: c.or("decay", 0.9), Momentum: c.or("momentum", 0), Epsilon: c.or("epsilon", 1e-10)}
	}, nil},
	"Centered": {[]string{"RMSProp_1", "RMSProp", "RMSProp_2"}, func(c refCase) Kernel {
		return ApplyCenteredRMSProp{Decay: c.or("decay", 0.9), Momentum: c.or("momentum", 0), Epsilon: c.or("epsilon", 1e-10)}
	}, nil},
	"AdagradOptimizer": {[]string{"Adagrad"}, func(refCase) Kernel { return ApplyAdagrad{} }, nil},
	"AdadeltaOptimizer": {[]string{"Adadelta", "Adadelta_1"}, func(c refCase) Kernel {
		return ApplyAdadelta{Rho: c.or("rho", 0.95), Epsilon: c.or("epsilon", 1e-8)}
	}, nil},
	"FtrlOptimizer": {[]string{"Ftrl", "Ftrl_1"}, func(c refCase) Kernel {
		return ApplyFtrl{L1: c.or("l1_regularization_strength", 0), L2: c.or("l2_regularization_strength", 0),
			Shrinkage: c.or("l2_shrinkage_regularization_strength", 0), Power: c.or("learning_rate_power", -0.5)}
	}, nil},
	"ProximalGradientDescentOptimizer": {nil, func(c refCase) Kernel {
		return ApplyProximalGradientDescent{L1: c.or("l1_regularization_strength", 0), L2: c.or("l2_regularization_strength", 0)}
	}, nil},
	"ProximalAdagradOptimizer": {[]string{"ProximalAdagrad"}, func(c refCase) Kernel {
		return ApplyProximalAdagrad{L1: c.or("l1_regularization_strength", 0), L2: c.or("l2_regularization_strength", 0)}
	}, nil},
	"AdagradDAOptimizer": {[]string{"AdagradDA", "AdagradDA_1"}, func(c refCase) Kernel {
		return ApplyAdagradDA{L1: c.or("l1_regularization_strength", 0), L2: c.or("l2_regularization_strength", 0)}
	}, nil},
}

// or is an argument, or its default.
func (c refCase) or(name string, otherwise float64) float64 {
	if f, ok := c.Args[name].(float64); ok {
		return f
	}
	return otherwise
}

// TestReferenceOptimizers runs the trajectories of optimizers.json.
func TestReferenceOptimizers(t *testing.T) {
	dir := refDir(t)
	text, err := os.ReadFile(filepath.Join(dir, "optimizers.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases []struct {
			Case, Optimizer string
			Args            map[string]any
			Steps           json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	a := openArchive(t, filepath.Join(dir, "optimizers.npz"))
	n := 0
	for _, c := range all.Cases {
		if !strings.HasPrefix(c.Case, "fixed/") {
			continue
		}
		n++
		ref := refCase{Case: c.Case, Args: c.Args}
		kind := c.Optimizer
		if ref.flag("centered") {
			kind = "Centered"
		}
		for _, v := range []string{"w", "b"} {
			t.Run(c.Case+"/"+v, func(t *testing.T) { trajectory(t, a, ref, kind, v) })
		}
	}
	t.Logf("%d trajectories", n)
}

func trajectory(t *testing.T, a *archive, c refCase, kind, name string) {
	o, ok := optimizers[kind]
	if !ok {
		t.Fatalf("no step for %s", kind)
	}
	get := func(s string) *Value { return a.get(t, c.Case+"/"+s) }
	w, grads, want := get(name+"0"), get("grad_"+name), get(name)
	size := w.Len()
	n := newNet(t)
	g := f32(make([]float32, size), w.Shape...)
	count := &Value{DType: tensors.Int64, I64: []int64{0}}
	in := []*Node{n.leaf(w)}
	for _, s := range o.slots {
		in = append(in, n.leaf(get("start/net/"+name+"/"+s)))
	}
	lr := map[string]float64{"AdadeltaOptimizer": 0.001, "AdamOptimizer": 0.001}[kind]
	power1, power2 := f32([]float32{1}), f32([]float32{1})
	if kind == "AdamOptimizer" {
		in = append(in, n.leaf(power1), n.leaf(power2))
	}
	in = append(in, n.leaf(f32([]float32{float32(c.or("learning_rate", lr))})))
	for _, s := range o.more {
		in = append(in, n.leaf(f32([]float32{float32(c.float(s))})))
	}
	if kind == "AdagradDAOptimizer" {
		in = append(in, n.leaf(count))
	}
	step := n.op(o.step(c), append(in, n.leaf(g))...)
	for i := 0; i < grads.Shape[0]; i++ {
		copy(g.F32, grads.F32[i*size:])
		count.I64[0]++
		power1.F32[0] *= float32(c.or("beta1", 0.9))
		power2.F32[0] *= float32(c.or("beta2", 0.999))
		got, err := n.run(step)
		if err != nil {
			t.Fatal(err)
		}
		w := f32(want.F32[i*size:][:size], w.Shape...)
		if d := distance(got[0], w, refTolerance); d != "" {
			t.Fatalf("step %d: %s", i, d)
		}
		if d := distance(n.leaves[in[0]], w, refTolerance); d != "" {
			t.Fatalf("step %d: the variable: %s", i, d)
		}
	}
	for i, s := range o.slots {
		if d := distance(n.leaves[in[i+1]], get("end/net/"+name+"/"+s), refTolerance); d != "" {
			t.Errorf("slot %s at the end: %s", s, d)
		}
	}
}

// TestReferenceMovingAverages trains slim.batch_norm for three steps. Cases
// with zero_debias and batch weights are layers' work.
func TestReferenceMovingAverages(t *testing.T) {
	dir := refDir(t)
	text, err := os.ReadFile(filepath.Join(dir, "ops.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []refCase }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	a := openArchive(t, filepath.Join(dir, "ops", "batch_norm_ema.npz"))
	ran, left := 0, 0
	for _, c := range all.Cases {
		if c.Family != "batch_norm_ema" {
			continue
		}
		if c.flag("zero_debias") || c.Error != "" || c.Case == "batch-weights" {
			left++
			continue
		}
		ran++
		t.Run(c.Case, func(t *testing.T) { movingAverages(t, a, c) })
	}
	t.Logf("%d cases, %d left to layers", ran, left)
}

func movingAverages(t *testing.T, a *archive, c refCase) {
	fused := c.Args["fused"] != false
	x := a.get(t, c.Case+"/step0/x")
	channels := x.Shape[len(x.Shape)-1]
	mean, variance := f32(make([]float32, channels), channels), f32(make([]float32, channels), channels)
	fill(variance.F32, 1)
	beta := f32(make([]float32, channels), channels)
	n := newNet(t)
	in, m, v, b := n.leaf(x), n.leaf(mean), n.leaf(variance), n.leaf(beta)
	decay := n.leaf(f32([]float32{float32(c.float("decay"))}))
	stats := n.op(Moments{}, in)
	y := n.op(FusedBatchNorm{Epsilon: 0.001, Center: true}, in, stats, b)
	batch := n.op(Row{1}, stats)
	if fused {
		batch = n.op(Unbias{}, batch, in)
	}
	up1 := n.op(AssignMovingAverage{}, m, n.op(Row{0}, stats), decay)
	up2 := n.op(AssignMovingAverage{}, v, batch, decay)
	after := n.op(BatchNorm{Epsilon: 0.001, Center: true}, in, m, v, b)
	for step := range c.Steps {
		k := c.Case + "/step" + string(rune('0'+step)) + "/"
		copy(x.F32, a.get(t, k+"x").F32)
		got, err := n.run(y, up1, up2)
		if err != nil {
			t.Fatal(err)
		}
		wants := []string{"y", "BatchNorm/moving_mean", "BatchNorm/moving_variance"}
		if a.has(k + "y_inference_after") {
			inference, err := n.run(after)
			if err != nil {
				t.Fatal(err)
			}
			got, wants = append(got, inference[0]), append(wants, "y_inference_after")
		}
		for i, name := range wants {
			if d := distance(got[i], a.get(t, k+name), refTolerance); d != "" {
				t.Errorf("step %d: %s: %s", step, name, d)
			}
		}
	}
}
