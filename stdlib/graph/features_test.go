package graph

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"graft/stdlib/internal/ops"
)

// head is a network of which only the last product is trained.
type head struct {
	t      *testing.T
	x      *Node
	frozen *Variable
	top    *Variable
	step   *Node
	logits *Node
	sess   *Session
}

// newHead puts between the frozen product and the trained one what middle says.
func newHead(t *testing.T, opt SessionOptions, features int, middle func(Scope, *Node) *Node) *head {
	h := &head{t: t}
	g := New()
	g.SetSeed(7)
	h.x = ok[*Node](t)(g.Placeholder("x", Float32, Unknown, 3))
	h.frozen = ok[*Variable](t)(g.Scope().GetVariable("frozen", VariableOptions{Shape: []int{3, features}}))
	h.top = ok[*Variable](t)(g.Scope().GetVariable("top", VariableOptions{Shape: []int{features, 2}}))
	y := ok[*Node](t)(Relu(ok[*Node](t)(MatMul(h.x, h.frozen.Node()))))
	if middle != nil {
		y = middle(g.Scope(), y)
	}
	h.logits = ok[*Node](t)(MatMul(y, h.top.Node()))
	loss := ok[*Node](t)(ReduceMean(ok[*Node](t)(Square(h.logits))))
	grad := ok[[]*Node](t)(Gradients(loss, h.top))[0]
	by := ok[*Node](t)(g.Scope().Apply("by", ops.Affine{By: -0.1}, grad))
	h.step = ok[*Node](t)(g.Scope().Apply("step", ops.AssignAdd{}, h.top.Node(), by))
	h.sess = ok[*Session](t)(NewSessionWith(g, opt))
	return h
}

// train makes one step and returns what the variable is then.
func (h *head) train(x any) []float32 {
	h.t.Helper()
	return ok[[]*Tensor](h.t)(h.sess.Run(Feeds{h.x: x}, h.step))[0].Data().([]float32)
}

// exampleRow is example number key.
func exampleRow(key uint64) []float32 {
	r := rand.New(rand.NewPCG(key, 1))
	return []float32{r.Float32(), r.Float32() - 0.5, r.Float32()}
}

func exampleRows(t *testing.T, keys ...uint64) *Tensor {
	var all []float32
	for _, k := range keys {
		all = append(all, exampleRow(k)...)
	}
	return ok[*Tensor](t)(FromFloat32s(all, len(keys), 3))
}

// byKey feeds examples by name and notes which of them are made.
func byKey(t *testing.T, source any, made *[]uint64, keys ...uint64) *Examples {
	return &Examples{Source: source, Keys: keys, Make: func(places []int) (*Tensor, error) {
		var wanted []uint64
		for _, p := range places {
			wanted = append(wanted, keys[p])
		}
		*made = append(*made, wanted...)
		return exampleRows(t, wanted...), nil
	}}
}

// What is remembered gives, to the bit, what is computed each time, whether
// examples come by name or by their bytes, alone or mixed with new ones, from
// memory or from a file; and only those that are new are made.
func TestFeatures(t *testing.T) {
	batches := [][]uint64{{1, 2, 3}, {4, 2, 5}, {1, 2, 3}, {6}, {5, 4, 3, 2, 1}, {6, 6}, {7, 7}}
	without := newHead(t, SessionOptions{FeatureBytes: -1}, 1000, nil)
	byBytes := newHead(t, SessionOptions{}, 1000, nil)
	byName := newHead(t, SessionOptions{}, 1000, nil)
	onDisk := newHead(t, SessionOptions{FeatureBytes: 1000}, 1000, nil) // a row is 4000 bytes
	var made []uint64
	for i, keys := range batches {
		want := without.train(exampleRows(t, keys...))
		for name, got := range map[string][]float32{
			"by bytes": byBytes.train(exampleRows(t, keys...)),
			"by name":  byName.train(byKey(t, "set", &made, keys...)),
			"on disk":  onDisk.train(byKey(t, "set", new([]uint64), keys...)),
		} {
			if !slices.Equal(got, want) {
				t.Errorf("%s, batch %d: the variable is %v, without features %v", name, i, got[:3], want[:3])
			}
		}
	}
	if want := []uint64{1, 2, 3, 4, 5, 6, 7, 7}; !slices.Equal(made, want) {
		t.Errorf("made %v, want %v", made, want)
	}
	if _, disk := onDisk.sess.features.size(); disk != 7*4000 {
		t.Errorf("%d bytes are in the file", disk)
	}
	// Evaluation finds them, and feeds that are not found are made whole.
	made = nil
	if _, err := byName.sess.Run(Feeds{byName.x: byKey(t, "set", &made, 1, 2)}, byName.logits); err != nil || made != nil {
		t.Errorf("evaluation made %v, %v", made, err)
	}
	out := ok[[]*Tensor](t)(byName.sess.Run(Feeds{byName.x: byKey(t, "set", &made, 1, 9)}, byName.x))
	if got := out[0].Data().([]float32); !slices.Equal(got, append(exampleRow(1), exampleRow(9)...)) || len(made) != 2 {
		t.Errorf("fetching the feed gives %v, made %v", got, made)
	}
}

// Another source, and a changed variable, are something else.
func TestFeaturesAreOfSourceAndVariables(t *testing.T) {
	h := newHead(t, SessionOptions{}, 8, nil)
	var made []uint64
	h.train(byKey(t, "a", &made, 1, 2))
	h.train(byKey(t, "b", &made, 1))
	h.train(byKey(t, nil, &made, 3)) // without a name: by its bytes
	h.train(byKey(t, nil, &made, 3))
	if want := []uint64{1, 2, 1, 3, 3}; !slices.Equal(made, want) {
		t.Errorf("made %v, want %v", made, want)
	}
	if f := h.sess.features; f.found != 1 {
		t.Errorf("%d found, want 1: the same bytes", f.found)
	}
	made = nil
	if err := h.sess.Assign(h.frozen, ok[*Tensor](t)(h.sess.Value(h.frozen))); err != nil {
		t.Fatal(err)
	}
	h.train(byKey(t, "a", &made, 1))
	if want := []uint64{1}; !slices.Equal(made, want) {
		t.Errorf("after an assignment made %v, want %v", made, want)
	}
	_, err := h.sess.Run(Feeds{h.x: byKey(t, []int{1}, &made, 1)}, h.step)
	want(t, err, "feed x", "[]int, which cannot be compared")
	wrong := &Examples{Source: "a", Keys: []uint64{77}, Make: func([]int) (*Tensor, error) { return FromFloat32s(make([]float32, 4), 1, 4) }}
	_, err = h.sess.Run(Feeds{h.x: wrong}, h.step)
	want(t, err, "feed x", "float32[1,4]", "float32[-1,3]")
}

// Nothing is remembered of what is different each time.
func TestFeaturesOfChance(t *testing.T) {
	for name, middle := range map[string]func(Scope, *Node) *Node{
		"dropout": func(s Scope, x *Node) *Node {
			mask := ok[*Node](t)(s.Apply("mask", ops.DropoutMask{KeepProb: 0.5}, x))
			return ok[*Node](t)(Mul(x, mask))
		},
		"batch statistics": func(s Scope, x *Node) *Node {
			m := ok[*Node](t)(s.Apply("moments", ops.Moments{}, x))
			return ok[*Node](t)(s.Apply("bn", ops.FusedBatchNorm{Epsilon: 1e-3}, x, m))
		},
	} {
		t.Run(name, func(t *testing.T) {
			last := func(s Scope, x *Node) *Node { // a frozen product behind it
				w := ok[*Variable](t)(s.GetVariable("second", VariableOptions{Shape: []int{8, 8}}))
				return ok[*Node](t)(MatMul(middle(s, x), w.Node()))
			}
			with, without := newHead(t, SessionOptions{}, 8, last), newHead(t, SessionOptions{FeatureBytes: -1}, 8, last)
			for range 4 {
				if a, b := with.train(exampleRows(t, 1, 2)), without.train(exampleRows(t, 1, 2)); !slices.Equal(a, b) {
					t.Errorf("the variable is %v, without features %v", a, b)
				}
			}
			for n, r := range with.sess.features.kept {
				if size := r.size; with.sess.g.nameOf(n) != "Relu" {
					t.Errorf("%s of %d elements is remembered", with.sess.g.nameOf(n), size)
				}
			}
		})
	}
	// Random examples come without a name, and are new each time.
	h := newHead(t, SessionOptions{}, 8, nil)
	for i := range uint64(4) {
		h.train(byKey(t, nil, new([]uint64), 100+i))
	}
	if f := h.sess.features; f.found != 0 || f.computed != 4 {
		t.Errorf("%d found, %d computed", f.found, f.computed)
	}
}

// A graph with the batch's size in it cannot be run on a part of a batch.
func TestFeaturesOfWholeBatches(t *testing.T) {
	fixed := func(s Scope, x *Node) *Node {
		return ok[*Node](t)(s.Apply("fixed", ops.Reshape{Shape: ops.List(2, 4)}, x))
	}
	folded := func(s Scope, x *Node) *Node { // 2 rows of any length, which is a part's too
		x = ok[*Node](t)(s.Apply("fold", ops.Reshape{Shape: ops.List(2, -1)}, x))
		x = ok[*Node](t)(s.Apply("softmax", ops.Softmax{}, x))
		w := ok[*Variable](t)(s.GetVariable("second", VariableOptions{Shape: []int{4, 4}}))
		return ok[*Node](t)(MatMul(ok[*Node](t)(s.Apply("back", ops.Reshape{Shape: ops.List(-1, 4)}, x)), w.Node()))
	}
	for name, middle := range map[string]func(Scope, *Node) *Node{"fixed": fixed, "folded": folded} {
		h := newHead(t, SessionOptions{}, 4, middle)
		without := newHead(t, SessionOptions{FeatureBytes: -1}, 4, middle)
		var made []uint64
		for _, keys := range [][]uint64{{1, 2}, {2, 3}, {1, 3}} {
			if got, want := h.train(byKey(t, "a", &made, keys...)), without.train(exampleRows(t, keys...)); !slices.Equal(got, want) {
				t.Errorf("%s, %v: the variable is %v, without features %v", name, keys, got, want)
			}
		}
		if f := h.sess.features; f.found != 3 {
			t.Errorf("%s: %d found, want 3", name, f.found)
		}
	}
}

// A hundred thousand features stay within the bounds, and what is in the file
// is what was computed.
func TestFeatureBounds(t *testing.T) {
	const size, all = 64, 100_000
	const memory, disk = 8 << 20, 12 << 20
	h := newHead(t, SessionOptions{FeatureBytes: memory, FeatureFileBytes: disk}, size, nil)
	f := h.sess.features
	n := h.step.n // any node
	value := &ops.Value{DType: Float32, Shape: []int{100, size}, F32: make([]float32, 100*size)}
	var places []int
	for i := range 100 {
		places = append(places, i)
	}
	for at := uint64(0); at < all; at += 100 {
		var examples []example
		for i := range uint64(100) {
			examples = append(examples, example{1, at + i})
			for j := range size {
				value.F32[int(i)*size+j] = float32(at+i) + float32(j)/size
			}
		}
		f.remember(n, value, examples, places, "")
	}
	m, d := f.size()
	if m > memory || d > disk || m < memory*9/10 || d < disk*9/10 {
		t.Errorf("%d bytes in memory, %d in the file; the bounds are %d and %d", m, d, memory, disk)
	}
	if kept := int64(len(f.kept[n].at)); kept+f.refused != all || kept < (memory+disk)/(4*size+entryBytes)*9/10 {
		t.Errorf("%d kept, %d refused", kept, f.refused)
	}
	row, read := make([]float32, size), 0
	for key := range uint64(all) {
		if f.kept[n].get(example{1, key}, row) {
			read++
			if row[0] != float32(key) || row[size-1] != float32(key)+float32(size-1)/size {
				t.Fatalf("example %d: %v", key, row)
			}
		}
	}
	if read != len(f.kept[n].at) {
		t.Errorf("%d were read", read)
	}
	runtime.KeepAlive(h)
}

// A file that fails costs nothing but the time to compute again.
func TestFeatureFileFails(t *testing.T) {
	h := newHead(t, SessionOptions{FeatureBytes: 200}, 1000, nil)
	without := newHead(t, SessionOptions{FeatureBytes: -1}, 1000, nil)
	step := func(keys ...uint64) {
		t.Helper()
		if got, want := h.train(exampleRows(t, keys...)), without.train(exampleRows(t, keys...)); !slices.Equal(got, want) {
			t.Errorf("%v: another result than without features", keys)
		}
	}
	step(1, 2)
	for _, r := range h.sess.features.kept {
		if err := r.file.file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	step(1, 2)
	step(3)
	want(t, fmt.Errorf("%s", h.sess.Features()), "the file failed", "file already closed")
	t.Setenv("TMPDIR", "/nowhere")
	h = newHead(t, SessionOptions{FeatureBytes: 200}, 1000, nil)
	without = newHead(t, SessionOptions{FeatureBytes: -1}, 1000, nil)
	step(1)
	step(1)
}
