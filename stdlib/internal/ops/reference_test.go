package ops

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"

	"graft/ckpt/tensors"
)

// refCase is a case of ops.json.
type refCase struct {
	Family, Case, Note, Error, Message string
	Args                               map[string]any
	Inputs, Outputs                    []string
	Steps                              int
	Variables                          []string
}

// archive reads arrays of an npz.
type archive struct{ r *npz.Reader }

func openArchive(t testing.TB, path string) *archive {
	r, err := npz.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &archive{r}
}

func (a *archive) has(name string) bool { return a.r.Header(name+".npy") != nil }

// get reads one array.
func (a *archive) get(t testing.TB, name string) *Value {
	t.Helper()
	h := a.r.Header(name + ".npy")
	if h == nil {
		t.Fatalf("no array %q", name)
		return nil
	}
	v := &Value{Shape: append([]int{}, h.Descr.Shape...)}
	var err error
	switch kind := strings.Trim(h.Descr.Type, "<>|='"); kind {
	case "f4":
		v.DType = tensors.Float32
		err = a.r.Read(name+".npy", &v.F32)
	case "f8":
		v.DType = tensors.Float64
		err = a.r.Read(name+".npy", &v.F64)
	case "i4":
		v.DType = tensors.Int32
		err = a.r.Read(name+".npy", &v.I32)
	case "i8":
		v.DType = tensors.Int64
		err = a.r.Read(name+".npy", &v.I64)
	case "b1":
		v.DType = tensors.Bool
		err = a.r.Read(name+".npy", &v.Bool)
	case "u1":
		var u []uint8
		err = a.r.Read(name+".npy", &u)
		v.DType, v.I32 = tensors.Int32, make([]int32, len(u))
		for i := range u {
			v.I32[i] = int32(u[i])
		}
	default:
		t.Fatalf("array %q has type %s", name, kind)
	}
	if err != nil {
		t.Fatalf("array %q: %v", name, err)
	}
	return v
}

// numbers reads an argument that is a list of numbers, or one number n times.
func (c refCase) numbers(name string, n int) []int {
	switch v := c.Args[name].(type) {
	case float64:
		out := make([]int, n)
		for i := range out {
			out[i] = int(v)
		}
		return out
	case []any:
		var out []int
		for _, x := range v {
			out = append(out, int(x.(float64)))
		}
		return out
	}
	return nil
}

func (c refCase) float(name string) float64 { f, _ := c.Args[name].(float64); return f }
func (c refCase) flag(name string) bool     { f, _ := c.Args[name].(bool); return f }
func (c refCase) text(name string) string   { f, _ := c.Args[name].(string); return f }

// build makes the nodes of a case: the output, and others by the name of
// what they should equal. No output: this package does not do the case.
type build func(n *net, c refCase, a *archive, in map[string]*Node) (y *Node, others map[string]*Node)

// TestReference runs TensorFlow's cases, values and gradients.
func TestReference(t *testing.T) {
	dir := refDir(t)
	text, err := os.ReadFile(filepath.Join(dir, "ops.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []refCase }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	families := map[string]build{
		"conv2d": buildConv, "depthwise": buildDepthwise, "transpose": buildTranspose, "pool": buildPool,
		"batch_norm": buildBatchNorm, "activations": buildActivation,
		"losses": buildLoss, "resize": buildResize, "shaping": buildShaping,
	}
	archives := map[string]*archive{}
	counts := map[string]*[3]int{} // run, not ours, errors
	var left []string
	for _, c := range all.Cases {
		if counts[c.Family] == nil {
			counts[c.Family] = new([3]int)
		}
		count := counts[c.Family]
		f := families[c.Family]
		if f == nil {
			count[1]++
			continue
		}
		if archives[c.Family] == nil {
			archives[c.Family] = openArchive(t, filepath.Join(dir, "ops", c.Family+".npz"))
		}
		switch runCase(t, c, archives[c.Family], f) {
		case ranCase:
			count[0]++
		case ranError:
			count[2]++
		default:
			count[1]++
			left = append(left, c.Family+"/"+c.Case)
		}
	}
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		n := counts[name]
		t.Logf("%-15s %4d compared, %d errors as TensorFlow's, %d not of this package", name, n[0], n[2], n[1])
	}
	t.Logf("not of this package: %s", strings.Join(left, " "))
}

// refuse notes that the graph could not be built, as TensorFlow could not.
func (n *net) refuse(c refCase, err error) {
	n.refused = true
	n.t.Logf("%v; TensorFlow says %s", err, c.Message)
}

const (
	notOurs = iota
	ranCase
	ranError
)

// refTolerance is relative to the largest element of a tensor: both sides
// compute in float32, and sum in different orders.
const refTolerance = 1e-5

func runCase(t *testing.T, c refCase, a *archive, f build) (did int) {
	t.Run(c.Family+"/"+c.Case, func(t *testing.T) {
		n := newNet(t)
		in := map[string]*Node{}
		for _, name := range c.Inputs {
			in[name] = n.leaf(a.get(t, c.Case+"/"+name))
		}
		y, others := f(n, c, a, in)
		if n.refused {
			did = ranError
		}
		if y == nil && others == nil {
			return
		}
		if others == nil {
			others = map[string]*Node{}
		}
		if y != nil {
			others["y"] = y
			if a.has(c.Case + "/r") {
				addGradients(n, c, a, in, y, others)
			}
		}
		did = compareCase(t, n, c, a, others)
	})
	return did
}

func addGradients(n *net, c refCase, a *archive, in map[string]*Node, y *Node, others map[string]*Node) {
	var to []*Node
	var names []string
	for _, name := range c.Inputs {
		if a.has(c.Case + "/d_" + name) {
			to, names = append(to, in[name]), append(names, name)
		}
	}
	for i, d := range n.grad(y, n.leaf(a.get(n.t, c.Case+"/r")), to...) {
		if d == nil {
			n.t.Errorf("no gradient with respect to %s", names[i])
			continue
		}
		others["d_"+names[i]] = d
	}
}

func compareCase(t *testing.T, n *net, c refCase, a *archive, others map[string]*Node) int {
	for _, name := range c.Outputs {
		if others[name] == nil {
			t.Errorf("nothing computes %s", name)
		}
	}
	for name, node := range others {
		got, err := n.run(node)
		if c.Error != "" {
			if err == nil {
				t.Errorf("no error, TensorFlow says %s", c.Message)
			}
			t.Logf("error %v; TensorFlow says %s", err, c.Message)
			return ranError
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := a.get(t, c.Case+"/"+name)
		if fmt.Sprint(got[0].Shape) != fmt.Sprint(want.Shape) {
			t.Errorf("%s has shape %v, wanted %v", name, got[0].Shape, want.Shape)
			continue
		}
		if d := distance(got[0], want, refTolerance); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	return ranCase
}

func pairOf(n []int) [2]int { return [2]int{n[0], n[1]} }

func buildConv(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	k := Conv2D{Strides: pairOf(c.numbers("stride", 2)), Padding: Padding(c.text("padding"))}
	if p, ok := c.Args["padding"].([]any); ok {
		k.Padding = Explicit
		for i := range 2 {
			for j := range 2 {
				k.Pads[2*i+j] = int(p[i+1].([]any)[j].(float64))
			}
		}
	}
	if c.Args["rate"] != nil {
		k.Dilations = pairOf(c.numbers("rate", 2))
	}
	return n.op(k, in["x"], in["w"]), nil
}

func buildDepthwise(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	k := DepthwiseConv2D{Strides: pairOf(c.numbers("stride", 2)), Padding: Padding(c.text("padding")), Dilations: pairOf(c.numbers("rate", 2))}
	y := n.op(k, in["x"], in["w"])
	if in["p"] != nil {
		y = n.op(Conv2D{Padding: Valid}, y, in["p"])
	}
	return y, nil
}

func buildTranspose(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	size := c.numbers("output_shape", 4)
	k := Conv2D{Strides: pairOf(c.numbers("stride", 2)), Padding: Padding(c.text("padding"))}
	y := n.op(Conv2DTranspose{k, [2]int{size[1], size[2]}}, in["x"], in["w"])
	if !strings.Contains(c.Case, "odd") { // the size that slim gives
		y = n.op(Conv2DTranspose{k, [2]int{}}, in["x"], in["w"])
	}
	return y, nil
}

func buildPool(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	k := MaxPool{KSize: pairOf(c.numbers("kernel", 2)), Strides: pairOf(c.numbers("stride", 2)), Padding: Padding(c.text("padding"))}
	var kernel Kernel = k
	if c.text("op") == "avg" {
		kernel = AvgPool(k)
	}
	y, err := n.b.Apply(kernel, in["x"])
	if c.Error != "" && err != nil {
		n.refuse(c, err)
		return nil, nil
	}
	if err != nil {
		n.t.Fatal(err)
	}
	return y, nil
}

func buildBatchNorm(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	k := BatchNorm{Epsilon: c.float("epsilon"), Scale: in["gamma"] != nil, Center: in["beta"] != nil}
	var rest []*Node
	for _, name := range []string{"gamma", "beta"} {
		if in[name] != nil {
			rest = append(rest, in[name])
		}
	}
	if !c.flag("training") {
		return n.op(k, append([]*Node{in["x"], in["moving_mean"], in["moving_variance"]}, rest...)...), nil
	}
	m := n.op(Moments{}, in["x"])
	y := n.op(FusedBatchNorm(k), append([]*Node{in["x"], m}, rest...)...)
	variance := n.op(Row{1}, m)
	if c.flag("fused") {
		variance = n.op(Unbias{}, variance, in["x"])
	}
	return y, map[string]*Node{"batch_mean": n.op(Row{0}, m), "batch_variance": variance}
}

func buildActivation(n *net, c refCase, _ *archive, in map[string]*Node) (*Node, map[string]*Node) {
	names := map[string]Kernel{
		"relu": Relu, "relu6": Relu6, "elu": Elu, "selu": Selu, "hard_swish": HardSwish, "hard_sigmoid": HardSigmoid, "swish": Swish,
		"sigmoid": Sigmoid, "tanh": Tanh, "softplus": Softplus, "softsign": Softsign, "log_sigmoid": LogSigmoid, "exp": Exp,
		"square": Square, "abs": Abs, "sign": Sign, "rint": Rint, "floor": Floor, "ceil": Ceil, "softmax": Softmax{}, "log_softmax": LogSoftmax{},
		"maximum": Maximum, "minimum": Minimum, "div": Div, "mul": Mul, "sub": Sub, "squared_difference": SquaredDifference,
		"matmul": MatMul{}, "bias_add": BiasAdd{},
	}
	if k := names[c.Case]; k != nil {
		var args []*Node
		for _, name := range c.Inputs {
			args = append(args, in[name])
		}
		return n.op(k, args...), nil
	}
	return buildComposed(n, c, in), nil
}
