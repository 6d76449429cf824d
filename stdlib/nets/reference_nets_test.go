package nets

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"graft/stdlib/graph"
	"graft/stdlib/losses"
)

// bounds are how far a case may be from TensorFlow: differences of end points
// and output over their deviation, relative ones of the loss and of gradients,
// differences of moving statistics over at least 1.
//
// Two sets of TensorFlow's own kernels differ by up to 2.5e-4 of an end
// point's deviation, and in training mode, where statistics are of few values,
// by up to 1e-3 (noise.json). A value that is zero but for rounding may be on
// either side of a ReLU's edge: gradients before it then differ by some 1e-3,
// and in training mode all that follows. So the median of a case's differences
// has a bound of its own.
type bounds struct {
	endPoints, output, loss, gradient, moving float64
	medianEndPoint, medianGradient            float64
}

var (
	inference = bounds{endPoints: 1e-3, output: 1e-4, loss: 1e-5, gradient: 1e-2, medianEndPoint: 1e-4, medianGradient: 1e-4}
	training  = bounds{endPoints: 5e-2, output: 2e-2, loss: 1e-4, gradient: 5e-2, moving: 5e-5, medianEndPoint: 1e-3, medianGradient: 5e-3}
)

// regularization sums are exact in float64; ours are of float32.
const regularizationTolerance = 1e-5

func TestReferenceNets(t *testing.T) {
	dir := reference(t, "nets")
	var cases []*refCase
	for _, path := range ok[[]string](t)(filepath.Glob(filepath.Join(dir, "*.json*"))) {
		if base := filepath.Base(path); base == "fill_vectors.json" || base == "noise.json" {
			continue
		}
		n := readNet(t, path)
		for i := range n.Cases {
			cases = append(cases, &n.Cases[i])
		}
	}
	slices.SortStableFunc(cases, func(a, b *refCase) int { return cmp.Compare(a.cost(), b.cost()) })
	all, ran, skipped := os.Getenv("GRAFT_NETS") == "all", 0, 0
	for _, c := range cases {
		t.Run(c.file.Net+"/"+c.Case, func(t *testing.T) {
			if !all && c.cost() > cheap {
				skipped++
				t.Skip("a large case; GRAFT_NETS=all runs it")
			}
			ran++
			start := time.Now()
			r := &refRun{T: t, c: c}
			r.run()
			t.Logf("%s; %.1f s", r.worst, time.Since(start).Seconds())
		})
	}
	t.Logf("%d cases of TensorFlow's ran, %d were too large", ran, skipped)
}

// refRun is a case as it is run.
type refRun struct {
	*testing.T
	c      *refCase
	builds func(*graph.Node, Config) (*graph.Node, EndPoints, error) // default: Build
	g      *graph.Graph
	sess   *graph.Session
	feeds  graph.Feeds
	logits *graph.Node
	end    EndPoints
	worst  worst
	bound  bounds
	diffs  struct{ endPoints, gradients []float64 }
}

// worst are the largest differences found.
type worst struct {
	endPoints, output, regularization, loss, gradient, moving float64
	at                                                        string
}

func (w worst) String() string {
	return fmt.Sprintf("worst: end points %.1e (%s), output %.1e, regularisation %.1e, loss %.1e, gradients %.1e, moving %.1e",
		w.endPoints, w.at, w.output, w.regularization, w.loss, w.gradient, w.moving)
}

func (r *refRun) run() {
	if !r.build() {
		return
	}
	r.variables()
	r.fill()
	r.forward()
	if r.c.Loss != nil {
		r.loss()
	}
	if r.c.Moving != nil {
		r.moving()
	}
	r.median("end points", r.diffs.endPoints, r.bound.medianEndPoint)
	r.median("gradients", r.diffs.gradients, r.bound.medianGradient)
}

func (r *refRun) median(what string, diffs []float64, bound float64) {
	if len(diffs) == 0 {
		return
	}
	slices.Sort(diffs)
	if m := diffs[len(diffs)/2]; !(m <= bound) {
		r.Errorf("the %s differ by %.2g in the median, at most %.2g is allowed", what, m, bound)
	}
}

// build builds the net, and says whether there is one: a case may be about
// an error.
func (r *refRun) build() bool {
	c := ok[Config](r.T)(r.c.config())
	r.g = graph.New()
	images := ok[*graph.Node](r.T)(r.g.Placeholder("input", graph.Float32, r.c.Input.Shape...))
	var err error
	if r.builds == nil {
		r.builds = func(images *graph.Node, c Config) (*graph.Node, EndPoints, error) {
			return Build(r.c.file.Net, images, c)
		}
	}
	r.logits, r.end, err = r.builds(images, c)
	if r.c.Error != "" {
		if err == nil {
			r.Errorf("TensorFlow says %s: %s; nothing is said here", r.c.Error, r.c.Message)
		} else {
			r.Logf("TensorFlow: %s: %s\nhere: %v", r.c.Error, r.c.Message, err)
		}
		return false
	}
	if err != nil {
		r.Fatal(err)
	}
	r.bound = inference
	if c.IsTraining && r.c.UpdateOps > 0 {
		r.bound = training
	}
	r.feeds = graph.Feeds{images: ok[*graph.Tensor](r.T)(graph.FromFloat32s(fillValue("input", r.c.Input.Shape, r.c.Seed, nil), r.c.Input.Shape...))}
	return true
}

func (r *refRun) all(key string) []*graph.Node {
	return ok[[]*graph.Node](r.T)(r.g.NodeCollection(key, ""))
}

func (r *refRun) variables() {
	var got, want []string
	penalised := penalised(r.T, r.g)
	collections := r.c.file.Collections[r.c.List]
	row := func(name string, shape any, trainable bool, keys []string, l2 bool) string {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return r.c.Impl == "tf_slim" && k == "moving_vars" })
		slices.Sort(keys)
		return fmt.Sprint(name, shape, trainable, keys, l2)
	}
	for _, v := range ok[[]*graph.Variable](r.T)(r.g.Collection(graph.GlobalVariables, "")) {
		got = append(got, row(v.Name(), v.Shape(), v.Trainable(), v.Collections(), penalised[v.Name()]))
	}
	for _, v := range r.c.file.Variables[r.c.List] {
		want = append(want, row(v[0].(string), v[1], v[2].(bool), collections[whole(v[3])], v[4] != nil))
	}
	sameLines(r.T, got, want)
	if n := len(r.all(graph.UpdateOps)); n != r.c.UpdateOps {
		r.Errorf("%d update operations, want %d", n, r.c.UpdateOps)
	}
	if n := len(r.all(graph.RegularizationLosses)); n != r.c.RegTerms {
		r.Errorf("%d penalties, want %d", n, r.c.RegTerms)
	}
}

// fill gives every variable the formula's values.
func (r *refRun) fill() {
	r.sess = ok[*graph.Session](r.T)(graph.NewSession(r.g))
	gains := r.c.file.gains()
	var wg sync.WaitGroup
	limit := make(chan bool, 2)
	for _, v := range ok[[]*graph.Variable](r.T)(r.g.Collection(graph.GlobalVariables, "")) {
		if v.DType() != graph.Float32 {
			continue // a global step, which begins at 0
		}
		wg.Add(1)
		limit <- true
		go func() {
			defer func() { <-limit; wg.Done() }()
			x, err := graph.FromFloat32s(fillValue(v.Name(), v.Shape(), r.c.Seed, gains), v.Shape()...)
			if err == nil {
				err = r.sess.Assign(v, x)
			}
			if err != nil {
				r.Error(err)
			}
		}()
	}
	wg.Wait()
}

// forward compares end points, the output and the penalties.
func (r *refRun) forward() {
	fetches := []graph.Fetch{r.logits}
	names := map[string]bool{}
	for _, e := range r.c.EndPoints {
		if e.Op == nil {
			continue
		}
		names[e.Name] = true
		n := r.end[e.Name]
		if n == nil {
			r.Fatalf("there is no end point %s; there are %v", e.Name, r.end)
		}
		if n.Name() != *e.Op {
			r.Errorf("end point %s is %s, want %s", e.Name, n.Name(), *e.Op)
		}
		fetches = append(fetches, n)
	}
	for name := range r.end {
		if !names[name] && r.c.Impl != "tf_slim" {
			r.Errorf("TensorFlow has no end point %s", name)
		}
	}
	penalties := r.all(graph.RegularizationLosses)
	for _, n := range penalties {
		fetches = append(fetches, n)
	}
	out := ok[[]*graph.Tensor](r.T)(r.sess.Run(r.feeds, fetches...))
	r.output(out[0])
	i := 1
	for _, e := range r.c.EndPoints {
		if e.Op != nil {
			r.endPoint(e, out[i])
			i++
		}
	}
	sum := 0.0
	for _, x := range out[i:] {
		sum += float64(floats(x)[0])
	}
	r.within(&r.worst.regularization, math.Abs(sum-r.c.RegTotal)/math.Max(r.c.RegTotal, 1e-30), regularizationTolerance, "the regularisation loss")
}

// within notes a difference, and fails if it is too large.
func (r *refRun) within(worst *float64, diff, bound float64, what string) {
	r.Helper()
	if !(diff <= *worst) {
		*worst = diff
	}
	if !(diff <= bound) {
		r.Errorf("%s differs by %.2g, at most %.2g is allowed", what, diff, bound)
	}
}

func (r *refRun) output(x *graph.Tensor) {
	want := r.c.Output
	if got := fmt.Sprint([]int(x.Shape())); got != fmt.Sprint(want.Shape) {
		r.Errorf("the output has shape %s, want %v", got, want.Shape)
		return
	}
	got, scale, bound := floats(x), math.Max(want.Std, 1e-30), r.bound.output
	if whole(r.c.Kwargs["num_classes"]) == 0 {
		bound = r.bound.endPoints // features, not logits
	}
	for i, w := range want.Full {
		r.within(&r.worst.output, math.Abs(float64(got[i])-w)/scale, bound, fmt.Sprintf("output %d", i))
	}
	for i, at := range want.Idx {
		r.within(&r.worst.output, math.Abs(float64(got[at])-want.Val[i])/scale, bound, fmt.Sprintf("output %d", at))
	}
}

func (r *refRun) endPoint(want refStat, x *graph.Tensor) {
	if got := fmt.Sprint([]int(x.Shape())); got != fmt.Sprint(want.Shape) {
		r.Errorf("end point %s has shape %s, want %v", want.Name, got, want.Shape)
		return
	}
	got, scale := floats(x), math.Max(want.Std, 1e-30)
	before := r.worst.endPoints
	check := func(what string, got, want float64) {
		r.Helper()
		r.diffs.endPoints = append(r.diffs.endPoints, math.Abs(got-want)/scale)
		r.within(&r.worst.endPoints, math.Abs(got-want)/scale, r.bound.endPoints, what)
	}
	for i, at := range want.Idx {
		check(fmt.Sprintf("end point %s[%d]", want.Name, at), float64(got[at]), want.Val[i])
	}
	mean, std := meanStd(got)
	check("mean of end point "+want.Name, mean, want.Mean)
	check("deviation of end point "+want.Name, std, want.Std)
	check("smallest of end point "+want.Name, float64(slices.Min(got)), want.Min)
	check("largest of end point "+want.Name, float64(slices.Max(got)), want.Max)
	if r.worst.endPoints > before {
		r.worst.at = want.Name
	}
}

func meanStd(x []float32) (mean, std float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		std += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, math.Sqrt(std / float64(len(x)))
}

// loss compares the loss and the gradients of all trainable variables.
func (r *refRun) loss() {
	want := r.c.Loss
	labels := ok[*graph.Node](r.T)(r.g.Constant("labels", ok[*graph.Tensor](r.T)(graph.FromInt64s(want.Labels, len(want.Labels)))))
	total := ok[*graph.Node](r.T)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: r.logits, Labels: labels}))
	if want.Aux != "" {
		aux := ok[*graph.Node](r.T)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: r.end[want.Aux], Labels: labels}))
		weight := ok[*graph.Node](r.T)(r.g.Scalar("weight", graph.Float32, 0.4))
		total = ok[*graph.Node](r.T)(graph.Add(total, ok[*graph.Node](r.T)(graph.Mul(aux, weight))))
	}
	for _, p := range r.all(graph.RegularizationLosses) {
		total = ok[*graph.Node](r.T)(graph.Add(total, p))
	}
	vars := ok[[]*graph.Variable](r.T)(r.g.Collection(graph.TrainableVariables, ""))
	grads := ok[[]*graph.Node](r.T)(graph.Gradients(total, vars...))
	fetches, at := []graph.Fetch{total}, map[string]int{}
	for i, v := range vars {
		if grads[i] == nil {
			if !slices.Contains(want.None, v.Name()) {
				r.Errorf("%s has no gradient", v.Name())
			}
			continue
		}
		at[v.Name()] = len(fetches)
		fetches = append(fetches, grads[i])
	}
	out := ok[[]*graph.Tensor](r.T)(r.sess.Run(r.feeds, fetches...))
	r.within(&r.worst.loss, math.Abs(float64(floats(out[0])[0])-want.Total)/want.Total, r.bound.loss, "the loss")
	largest := 0.0
	for _, g := range want.Grads {
		largest = math.Max(largest, g[1].(float64))
	}
	for _, g := range want.Grads {
		name := g[0].(string)
		if at[name] == 0 {
			r.Errorf("%s has no gradient", name)
			continue
		}
		r.gradient(name, g, floats(out[at[name]]), largest)
	}
}

// gradient compares a gradient's norm and its samples; those only in the
// median. A gradient that is zero but for rounding has no more than a bound.
func (r *refRun) gradient(name string, want []any, got []float32, largest float64) {
	norm, sum := want[1].(float64), 0.0
	for _, x := range got {
		sum += float64(x) * float64(x)
	}
	room := 0.0
	if r.bound == training {
		room = 1e-2 * largest
	}
	diff := math.Abs(math.Sqrt(sum) - norm)
	r.within(&r.worst.gradient, math.Max(0, diff-room)/math.Max(norm, 1e-6*largest), r.bound.gradient, "the norm of the gradient of "+name)
	if norm < 1e-6*largest {
		return
	}
	r.diffs.gradients = append(r.diffs.gradients, diff/norm)
	if r.bound == training {
		return
	}
	rms := norm / math.Sqrt(float64(len(got)))
	for i, at := range want[3].([]any) {
		w := want[4].([]any)[i].(float64)
		diff := math.Abs(float64(got[whole(at)]) - w)
		r.diffs.gradients = append(r.diffs.gradients, diff/math.Max(1e-30, math.Max(rms, math.Abs(w))))
	}
}

// moving compares the moving statistics after one run of the updates.
func (r *refRun) moving() {
	op := ok[*graph.Operation](r.T)(graph.Group("updates", r.all(graph.UpdateOps)...))
	ok[[]*graph.Tensor](r.T)(r.sess.Run(r.feeds, op))
	for _, m := range r.c.Moving {
		name := m[0].(string)
		got := floats(ok[*graph.Tensor](r.T)(r.sess.Value(ok[*graph.Variable](r.T)(r.g.Variable(name)))))
		for i, at := range m[2].([]any) {
			w := m[3].([]any)[i].(float64)
			r.within(&r.worst.moving, math.Abs(float64(got[whole(at)])-w)/math.Max(1, math.Abs(w)), r.bound.moving, name)
		}
	}
	if strings.Contains(r.worst.String(), "NaN") {
		r.Error("a value is not a number")
	}
}
