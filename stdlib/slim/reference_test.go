package slim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
)

// object is a step, a query or a set of arguments of the reference cases,
// numbers as they are written.
type object = map[string]any

// refDir is where the reference data of real TensorFlow 1 and TF-Slim lie.
func refDir() string {
	if dir := os.Getenv("GRAFT_REF"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "ref")
}

// tally counts what was asked, and what could not be.
type tally struct {
	steps, queries int
	without        map[string]int // queries without meaning in Go, by kind
	skipped        map[string]int // steps without meaning in Go, by kind
	better         map[string]int // queries that TensorFlow refuses and graft answers
}

// TestReferenceSlimCases runs the cases recorded from real TF-Slim. Each builds
// a graph by steps and asks it. Names, their order and values must be TF-Slim's
// own, errors must mean the same (meaning_test.go).
//
// An empty list that TF-Slim returns for a pattern counts as met by
// *graph.NoMatchError: to say so is graft's way by default.
func TestReferenceSlimCases(t *testing.T) {
	path := filepath.Join(refDir(), "slim_cases.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no reference data at %s; set GRAFT_REF", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var cases []object
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	n := &tally{without: map[string]int{}, skipped: map[string]int{}, better: map[string]int{}}
	passed := 0
	for _, c := range cases {
		if t.Run(c["id"].(string), func(t *testing.T) { runCase(t, c, n) }) {
			passed++
		}
	}
	sum := 0
	for _, k := range n.without {
		sum += k
	}
	t.Logf("%d of %d cases pass; %d queries, %d of them without meaning in Go (%.1f %%)", passed, len(cases), n.queries, sum, 100*float64(sum)/float64(max(1, n.queries)))
	for _, list := range []struct {
		what string
		of   map[string]int
	}{{"queries without meaning in Go", n.without}, {"steps without meaning in Go", n.skipped}, {"queries that graft answers where TensorFlow gives up", n.better}} {
		for kind, k := range list.of {
			t.Logf("%s: %d × %s", list.what, k, kind)
		}
	}
	if 100*sum > 3*n.queries {
		t.Errorf("%d of %d queries are without meaning, more than 3 %%", sum, n.queries)
	}
}

// kind is an error that says that something has no meaning in Go, and why.
type kind string

func (k kind) Error() string { return string(k) }

// The kinds of steps and queries without meaning in Go.
const (
	lookaroundKind = kind("patterns with lookaround or backreferences, which Go's expressions lack: a clear error by design")
	typeKind       = kind("arguments of a type or a name that Go's compiler refuses")
	dtypeKind      = kind("variables of dtypes that graphs do not compute in: an error by design")
	valueKind      = kind("collections of Python values that are neither variables nor nodes")
	zeroKind       = kind("arguments that say what a zero value, 'not given', says in Go")
)

// The kinds of queries that TensorFlow refuses and graft answers.
const (
	slicedBetter = "slices of V1 checkpoints, which TensorFlow's reader cannot join"
	pathBetter   = "a folder or a file of a set as path"
	initBetter   = "variables that TensorFlow calls uninitialized begin with their initial value"
)

// run is one case while it runs.
type run struct {
	*testing.T
	n      *tally
	ref    string
	g      *graph.Graph
	sess   *graph.Session
	inited bool
	named  map[string]any
	absent []string // names of variables of skipped steps
}

func runCase(t *testing.T, c object, n *tally) {
	r := &run{T: t, n: n, ref: refDir(), g: graph.New(), named: map[string]any{}}
	s := r.g.Scope()
	for i, st := range list(c["steps"]) {
		if !r.step(fmt.Sprintf("step %d", i), st.(object), &s) {
			return
		}
	}
	for i, q := range list(c["queries"]) {
		r.query(i, q.(object))
	}
}

func list(v any) []any {
	out, _ := v.([]any)
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func strs(v any) []string {
	if v == nil {
		return nil
	}
	out := []string{}
	for _, x := range list(v) {
		out = append(out, text(x))
	}
	return out
}

func number(v any) float64 {
	switch x := v.(type) {
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return math.NaN()
		}
		return f
	case bool:
		if x {
			return 1
		}
	case string:
		return map[string]float64{"NaN": math.NaN(), "Inf": math.Inf(1), "-Inf": math.Inf(-1)}[x]
	}
	return 0
}

func integer(v any) int { return int(number(v)) }

func ints(v any) []int {
	if v == nil {
		return nil
	}
	if _, one := v.(json.Number); one {
		return []int{integer(v)}
	}
	out := []int{}
	for _, x := range list(v) {
		if x == nil {
			out = append(out, graph.Unknown)
		} else {
			out = append(out, integer(x))
		}
	}
	return out
}

// value reads a tensor: a number, nested lists, a fill or a range.
func value(v any) (*graph.Tensor, error) {
	if d, ok := v.(object); ok {
		shape := ints(d["shape"])
		if d["range"] != nil {
			shape = ints(d["range"])
		}
		n := 1
		for _, x := range shape {
			n *= x
		}
		out, step := make([]float64, n), 1.0
		if d["step"] != nil {
			step = number(d["step"])
		}
		for i := range out {
			out[i] = number(d["from"]) + float64(i)*step
			if d["fill"] != nil {
				out[i] = number(d["fill"])
			}
		}
		t, err := graph.FromFloat64s(out, shape...)
		if err != nil {
			return nil, err
		}
		return graph.Fit(t, dtypes[orText(d["dtype"], "float32")], shape...)
	}
	var flat []float64
	var shape []int
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		l, ok := v.([]any)
		if !ok {
			flat = append(flat, number(v))
			return
		}
		if len(shape) == depth {
			shape = append(shape, len(l))
		}
		for _, x := range l {
			walk(x, depth+1)
		}
	}
	walk(v, 0)
	t, err := graph.FromFloat64s(flat, shape...)
	if err != nil {
		return nil, err
	}
	return graph.Fit(t, graph.Float32, shape...)
}

func orText(v any, otherwise string) string {
	if s := text(v); s != "" {
		return s
	}
	return otherwise
}

var dtypes = map[string]graph.DType{"float32": graph.Float32, "float64": graph.Float64, "int32": graph.Int32, "int64": graph.Int64, "bool": graph.Bool}

// step does one step and reports whether the case can go on.
func (r *run) step(at string, st object, s *graph.Scope) bool {
	r.n.steps++
	out, err := r.do(at, st, s)
	var k kind
	if errors.As(err, &k) {
		r.n.skipped[string(k)]++
		if name := text(st["name"]); name != "" {
			r.absent = append(r.absent, s.Join(name)+":0")
		}
		return true
	}
	result, recorded := st["result"].(object)
	switch {
	case st["fails"] == true && !recorded: // never reached by TF-Slim
		return true
	case recorded && result["error"] != nil:
		if err == nil {
			r.Errorf("%s: no error; TF-Slim says %s: %v", at, result["error"], result["message"])
		} else if why := sameMeaning(text(result["error"]), text(result["message"]), err); why != "" {
			r.Errorf("%s: %s", at, why)
		}
		return true
	case err != nil:
		r.Errorf("%s: %v", at, err)
		return false
	}
	if name := text(st["out"]); name != "" {
		r.named[name] = out
	}
	return true
}

// query asks one question and compares the answers.
func (r *run) query(i int, q object) {
	r.n.queries++
	want := q["want"].(object)
	defer func() { // a step that failed leaves nothing to ask
		if x := recover(); x != nil {
			r.Errorf("query %d %v: %v", i, q["query"], x)
		}
	}()
	got, err := r.ask(q, want)
	var k kind
	if errors.As(err, &k) {
		r.n.without[string(k)]++
		return
	}
	what := object{}
	for key, v := range q {
		if key != "want" {
			what[key] = v
		}
	}
	asked, _ := json.Marshal(what) // maps of JSON marshal
	if want["error"] != nil {
		if err == nil {
			r.Errorf("query %d %s: no error; TF-Slim says %s: %v", i, asked, want["error"], want["message"])
		} else if why := sameMeaning(text(want["error"]), text(want["message"]), err); why != "" {
			r.Errorf("query %d %s: %s", i, asked, why)
		}
		return
	}
	var no *graph.NoMatchError
	if errors.As(err, &no) {
		got, err = object{"names": []string{}, "values": []float64{}, "count": 0, "first": []string{}, "last": []string{}}, nil
	}
	if err != nil {
		r.Errorf("query %d %s: %v", i, asked, err)
		return
	}
	for key, w := range want {
		if key == "logs" || key == "repr" {
			continue
		}
		if why := r.differs(w, got[key]); why != "" {
			r.Errorf("query %d %s: %s: %s", i, asked, key, why)
		}
	}
}

// differs compares an answer with the recorded one.
func (r *run) differs(want, got any) string {
	switch g := got.(type) {
	case []string:
		w := slices.DeleteFunc(strs(want), func(n string) bool { return slices.Contains(r.absent, n) })
		if !slices.Equal(w, g) {
			return fmt.Sprintf("%q, TF-Slim has %q", short(g), short(w))
		}
		return ""
	case []float64:
		w := list(want)
		if len(w) != len(g) {
			return fmt.Sprintf("%v, TF-Slim has %v", g, w)
		}
		for i := range g {
			if x := number(w[i]); math.Abs(x-g[i]) > 2e-6*math.Max(1, math.Abs(x)) && !(math.IsNaN(x) && math.IsNaN(g[i])) {
				return fmt.Sprintf("element %d is %v, TF-Slim has %v", i, g[i], x)
			}
		}
		return ""
	case []int:
		if !slices.Equal(ints(want), g) && len(g)+len(ints(want)) > 0 {
			return fmt.Sprintf("%v, TF-Slim has %v", g, want)
		}
		return ""
	case object:
		w, _ := want.(object)
		if len(w) != len(g) {
			return fmt.Sprintf("%d entries %v, TF-Slim has %d", len(g), keys(g), len(w))
		}
		for key := range w {
			if why := r.differs(w[key], g[key]); why != "" {
				return key + ": " + why
			}
		}
		return ""
	case []any:
		w := list(want)
		if len(w) != len(g) {
			return fmt.Sprintf("%d entries, TF-Slim has %d", len(g), len(w))
		}
		for i := range g {
			if why := r.differs(w[i], g[i]); why != "" {
				return fmt.Sprintf("entry %d: %s", i, why)
			}
		}
		return ""
	}
	if w := fmt.Sprint(want); w != fmt.Sprint(got) && !(want == nil && fmt.Sprint(got) == "") {
		if math.Abs(number(want)-number(json.Number(fmt.Sprint(got)))) <= 2e-6*math.Abs(number(want)) && number(want) != 0 {
			return ""
		}
		return fmt.Sprintf("%v, TF-Slim has %v", got, want)
	}
	return ""
}

func keys(o object) (out []string) {
	for k := range o {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func short(names []string) string {
	if len(names) > 12 {
		return fmt.Sprintf("%d: %s … %s", len(names), strings.Join(names[:5], " "), strings.Join(names[len(names)-3:], " "))
	}
	return strings.Join(names, " ")
}
