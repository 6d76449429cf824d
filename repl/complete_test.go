package repl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIsComplete(t *testing.T) {
	s := newTestSession(t)
	for src, want := range map[string]string{
		"x := 1": "complete", "x := ": "incomplete", "x +": "incomplete", "func f() {": "incomplete", "f(a,": "incomplete",
		"for i := 0; i < 3; i++ {\n": "incomplete", "s := `a": "incomplete", "/* a": "incomplete", "x": "complete",
		"if x {\n} else": "incomplete", "x y": "invalid", "": "complete", "a := []int{1,\n2}": "complete", ")": "invalid",
	} {
		if got := s.IsComplete(src).Status; got != want {
			t.Errorf("%q is %s, want %s", src, got, want)
		}
	}
}

// zoo is what the cells below can name.
var zoo = []string{
	`import "strings"
import str "strconv"`,
	`// Dog is a pet.
type Dog struct {
	Name string // what it is called
	// Age is in years.
	Age  int
	age2 float64
	Home *Address
}
// Address is where one lives.
type Address struct { Street string; Town struct { Zip int; Label string } }
// Bark is loud.
func (d Dog) Bark(times int, loud bool) string { return strings.Repeat(d.Name, times) }
// Rename changes the name.
func (d *Dog) Rename(name string) *Dog { d.Name = name; return d }
type Puppy struct { Dog; Toys []string }
// Sound is what pets make.
type Sound interface {
	// Make makes it.
	Make() string
}
type Stack[T any] struct { items []T }
// Push adds.
func (s *Stack[T]) Push(x T) *Stack[T] { s.items = append(s.items, x); return s }
func (s *Stack[T]) Pop() (T, bool) { var z T; return z, false }
// Map maps.
func Map[T, U any](xs []T, f func(T) U) []U { return nil }
const limit = 10 // the most there may be
func größe(länge int) int { return länge }
func open(name string) (*Dog, error) { return nil, nil }`,
	`// rex is the first dog.
rex := Dog{"rex", 3, 1.5, nil}
pup := Puppy{Dog: rex}
dogs := map[string][]*Dog{}
stack := &Stack[Dog]{}
count := 3 // how many there are
fn := func(a, b int) (sum int) { return a + b }
наклон := 1.5`,
}

// split1 takes the mark of the cursor out of a source.
func split1(src string) (string, int) {
	i := strings.IndexByte(src, '|')
	return src[:i] + src[i+1:], i
}

func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, f := range []string{"mypkg/a.go", "mypkg/sub/b.go", "data/x.csv"} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("package mypkg\n\n// Double doubles.\nfunc Double(n int) int { return 2 * n }\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := newTestSession(t)
	play(t, s, zoo...)
	for _, c := range []struct{ src, want, not string }{
		// packages, imported or not
		{"strings.ToUp|", "ToUpper", "ToLower"}, {"strings.|", "Builder", "explode"}, {"strings.toup|", "ToUpper", ""}, {"str.Ato|", "Atoi", ""},
		{"os.Getwd|", "Getwd", ""}, {"x := math.Sq|rt", "Sqrt", ""}, {"graph.N|", "NewSession", ""}, {"plotter.New|", "NewLine", ""},
		{"ckpt.Op|", "Open", ""}, {"slices.Sor|", "SortFunc", ""}, {"ra|", "rand", ""},
		// members
		{"rex.|", "Name", ""}, {"rex.|", "age2", ""}, {"rex.B|", "Bark", "Name"}, {"rex.Ren|", "Rename", ""}, {"pup.|", "Bark", ""}, {"pup.|", "Toys", ""},
		{"pup.Dog.|", "Age", ""}, {"rex.Home.|", "Street", ""}, {"rex.Home.Town.|", "Zip", ""}, {"(&rex).Na|", "Name", ""}, {"rex.Rename(\"x\").Ba|", "Bark", ""},
		{"rex.Rename(\"a\").Rename(\"b\").|", "Rename", ""}, {"dogs[\"a\"][0].|", "Bark", ""}, {"stack.Push(rex).|", "Pop", ""}, {"stack.items[0].|", "Name", ""},
		{"Map([]int{1}, func(i int) Dog { return rex })[0].|", "Name", ""}, {"for _, d := range dogs[\"x\"] { d.| }", "Name", ""}, {"open(\"x\").|", "Bark", ""},
		{"d := open(\"x\")\nd.|", "Bark", ""}, {"http.Get(\"x\").|", "Body", ""}, {"var s Sound\ns.|", "Make", ""}, {"Dog.|", "Bark", "Name"}, {"(*Dog).|", "Rename", ""},
		{"time.Now().|", "Format", ""}, {"strings.NewReplacer(\"a\", \"b\").|", "Replace", ""}, {"func(d Dog) string { return d.|", "Bark", ""},
		{"x := struct{ Left, Right int }{1, 2}\nx.|", "Left", ""}, {"type T struct{ In int }\nvar v T\nv.|", "In", ""}, {"errors.New(\"x\").|", "Error", ""},
		{"a := []Dog{rex}\na[0].Home.Town.La|", "Label", ""}, {"rex.Bark(1, true)[0:1].|", "", "Bark"}, {"count.|", "", "Name"}, {"nosuch.|", "", "Name"},
		// names
		{"re|", "rex", ""}, {"D|", "Dog", ""}, {"lim|", "limit", ""}, {"fo|", "for", ""}, {"nil|", "nil", ""}, {"appe|", "append", ""}, {"grö|", "größe", ""}, {"накл|", "наклон", ""},
		{"func f(long int) int {\n\treturn lo|\n}", "long", ""}, {"func f(long int) int {\n\treturn lo|", "long", ""}, {"if short := 1; sh|", "short", ""},
		{"for i, value := range []int{1} { va| }", "value", ""}, {"x := func(inner int) { in| }", "inner", ""}, {"first := 1\nfi|", "first", ""}, {"fi|\nfirst := 1", "first", ""},
		{"{ hidden := 1 }\nhid|", "", "hidden"}, {"switch v := any(rex).(type) { case Dog: v.|}", "Bark", ""}, {"switch val := any(rex).(type) { case Dog: va|}", "val", ""},
		{"fmt.Println(re|", "rex", ""}, {"fmt.Println(rex.Na|\ny := 1", "Name", ""}, {"if rex.|", "Age", ""}, {"for rex.|", "Age", ""}, {"x := []Dog{re|", "rex", ""},
		{"x := 1 +re|", "rex", ""}, {"go func() { re|", "rex", ""}, {"return re|", "rex", ""}, {"func (d Dog) F() { d.|", "Name", ""}, {"type Cat struct { home Addr|", "Address", ""},
		{"var x map[string]Do|", "Dog", ""}, {"x := 12|", "", "x"}, {"|", "rex", "for"},
		// literals
		{"Dog{Na|", "Name", ""}, {"Dog{Name: \"x\", |", "Age", "Name"}, {"&Dog{|}", "Home", ""}, {"[]Dog{{A|}}", "Age", ""}, {"Dog{Name: re|}", "rex", "Name"},
		{"http.Server{Ad|", "Addr", ""}, {"http.Server{|", "Addr", "inShutdown"}, {"Puppy{Dog: Dog{Ag|", "Age", "Toys"}, {"map[string]Dog{\"a\": {N|", "Name", ""},
		// imports, strings, comments
		{"import \"stri|", "strings", ""}, {"import (\n\t\"enc|", "encoding/json", ""}, {"import \"./|", "./mypkg", "./data"}, {"import \"./mypkg/|", "./mypkg/sub", ""},
		{"import \"gonum.org/v1/pl|", "gonum.org/v1/plot/plotter", ""}, {"x := \"re|\"", "", "rex"}, {"x := `re|", "", "rex"}, {"// re|", "", "rex"}, {"/* re| */", "", "rex"}, {"x := 'r|'", "", "rex"},
		{"x := \"a\" + re|", "rex", ""}, {"import \"./mypkg\"\nmypkg.|", "Double", ""},
		// commands
		{"%wh|", "%who", ""}, {"%%wr|", "%%writefile", ""}, {"%|", "%help", ""}, {"%cd my|", "mypkg/", "data/"}, {"%cd |", "data/", ""}, {"%load data/|", "data/x.csv", ""},
		{"%env PAT|", "PATH", ""}, {"%time rex.|", "Name", ""}, {"%timeit strings.ToUp|", "ToUpper", ""}, {"%%time\nrex.|", "Name", ""}, {"%who\nrex.|", "Name", ""},
		{"%%writefile x.go\nrex.|", "", "Name"}, {"!ls da|", "data/", ""}, {"%cd x\nre|", "rex", ""},
	} {
		src, at := split1(c.src)
		got := s.Complete(src, at)
		var texts []string
		for _, m := range got.Matches {
			texts = append(texts, m.Text)
		}
		if c.want != "" && !slices.Contains(texts, c.want) {
			t.Errorf("%q does not complete to %s: %.300v", c.src, c.want, texts)
		}
		if c.not != "" && slices.Contains(texts, c.not) {
			t.Errorf("%q completes to %s", c.src, c.not)
		}
		if got.Start > at || got.End != at {
			t.Errorf("%q: replaces %d to %d", c.src, got.Start, got.End)
		}
	}
}

func TestInspect(t *testing.T) {
	s := newTestSession(t)
	play(t, s, zoo...)
	for _, c := range []struct{ src, want, doc string }{
		// what cells declared
		{"rex|", "var rex Dog", "rex is the first dog."}, {"re|x", "var rex Dog", ""}, {"|rex", "var rex Dog", ""}, {"count|", "var count int", "how many there are"},
		{"limit|", "const limit untyped int = 10", "the most there may be"}, {"Dog|", "type Dog struct {\n\tName string\n", "Dog is a pet."}, {"Dog|", "func (Dog) Bark", ""},
		{"rex.Bark|(1, true)", "func (Dog).Bark(times int, loud bool) string", "Bark is loud."}, {"pup.Bark|", "Bark(times int", "Bark is loud."}, {"rex.Rename|", "Rename(name string) *Dog", "Rename changes"},
		{"rex.Name|", "field Dog.Name string", "what it is called"}, {"pup.Age|", "field Dog.Age int", "Age is in years."}, {"Dog{Age|: 1}", "field Dog.Age int", "Age is in years."},
		{"var s Sound\ns.Make|()", "Make() string", "Make makes it."}, {"stack.Push|", "Push(x Dog)", "Push adds."}, {"Map|", "func Map[T, U any](xs []T, f func(T) U) []U", "Map maps."},
		{"größe|(1)", "func größe(länge int) int", ""}, {"наклон|", "var наклон float64", ""},
		// of the same cell
		{"// Cat purrs.\ntype Cat struct{ Lives int }\nvar c Cat|", "type Cat struct {\n\tLives int\n}", "Cat purrs."}, {"// F does.\nfunc F(a int) {}\nF|(1)", "func F(a int)", "F does."},
		{"// total of it\ntotal := 1\ntotal|", "var total int", "total of it"}, {"func f(long int) int { return lo|ng }", "var long int", ""},
		// compiled packages
		{"strings.ToUpper|", "func strings.ToUpper(s string) string", "ToUpper returns s with all Unicode letters mapped"}, {"strings|.ToUpper", `package strings // import "strings"`, "Package strings implements"},
		{"http.Get|", "func http.Get(url string) (resp *http.Response, err error)", "Get issues a GET"}, {"var c http.Client\nc.Timeout|", "field Client.Timeout time.Duration", "Timeout specifies"},
		{"http.Server{Addr|: \"\"}", "field Server.Addr string", "Addr optionally specifies"}, {"strings.Builder|", "type strings.Builder struct {}", "A Builder is used"}, {"strings.Builder|", "WriteString(s string)", ""},
		{"var b strings.Builder\nb.WriteString|", "WriteString(s string) (int, error)", "WriteString appends"}, {"io.Reader|", "type io.Reader interface", "Reader is the interface"}, {"io.EOF|", "var io.EOF error", "EOF is the error"},
		{"math.Pi|", "const math.Pi untyped float", ""}, {"append|", "func append", "The append built-in"}, {"time.Now().Format|", "Format(layout string) string", "Format returns"},
		{"slices.SortFunc|", "func slices.SortFunc", "SortFunc sorts"}, {"plot.New|()", "func plot.New() *plot.Plot", "New returns a new plot"}, {"plotter.NewLine|", "func plotter.NewLine", "NewLine returns a Line"},
		{"p := plot.New()\np.Title|", "field Plot.Title", ""}, {"tensor.New|", "func tensor.New", "New creates a new Dense Tensor"}, {"gorgonia.NewGraph|", "func gorgonia.NewGraph", "NewGraph creates a new graph"},
		{"ckpt.Open|", "func ckpt.Open(", "Open"}, {"graph.NewSession|", "func graph.NewSession(", ""}, {"train.Adam|", "func train.Adam(", ""}, {"len|", "func len", "The len built-in"}, {"error|", "type error interface", ""},
		// calls
		{"strings.Repeat(|", "func strings.Repeat(s string, count int) string", "Repeat returns"}, {"strings.Repeat(\"a\", |", "count int", ""}, {"strings.Repeat(\"a|", "count int", ""}, {"strings.Repeat(|\"a\", 2)", "count int", ""},
		{"strings.Repeat(\"a\", len(|))", "func len", ""}, {"rex.Bark(|", "times int, loud bool", "Bark is loud."}, {"rex.Bark(1, |)", "times int", ""}, {"fmt.Println(rex.Bark(1, |", "times int", ""},
		{"x := Map([]int{1}, |", "func Map[", "Map maps."}, {"rex.Rename(\"x\").Bark(|", "times int", ""}, {"fn(|", "var fn func(a int, b int) (sum int)", ""}, {"fmt.Println(rex.Bark(1, true), |", "func fmt.Println", ""},
		{"if strings.HasPrefix(|", "func strings.HasPrefix", ""}, {"for strings.Contains(\"a\", |", "substr string", ""}, {"go rex.Bark(|", "times int", ""}, {"func(a int) {}(|", "func(a int)", ""},
		{"strings.Repeat(\n\t\"a\",\n\t|", "count int", ""}, {"stack.Push(|", "Push(x Dog)", ""}, {"x := open(|", "func open(name string)", ""}, {"float64(strings.Count(|", "substr string", ""},
		// commands
		{"%timeit|", "%timeit GO", "runs a line of Go many times"}, {"%time rex|", "var rex Dog", ""}, {"%who\nrex|", "var rex Dog", ""},
	} {
		src, at := split1(c.src)
		got := s.Inspect(src, at)
		text := got.Data["text/plain"]
		if !got.Found || !strings.Contains(text, c.want) || !strings.Contains(text, c.doc) {
			t.Errorf("inspecting %q gives %.400q, want %q and %q in it", c.src, text, c.want, c.doc)
		}
	}
	for _, src := range []string{"|", "1 + |", "nosuch|", "\"rex|\"", "// rex|", "x := |", "%nosuch|"} {
		src, at := split1(src)
		if got := s.Inspect(src, at); got.Found {
			t.Errorf("inspecting %q gives %q", src, got.Data["text/plain"])
		}
	}
}

// The median of completions and inspections is under 5 ms on an idle machine;
// the test only says what it is.
func TestCursorSpeed(t *testing.T) {
	s := newTestSession(t)
	play(t, s, zoo...)
	var took []time.Duration
	for _, src := range []string{"strings.ToUp|", "rex.|", "plotter.New|", "for _, d := range dogs[\"x\"] { d.| }", "re|", "func f(long int) int {\n\treturn lo|", "Dog{Na|", "http.Get(\"x\").|", "import \"stri|"} {
		src, at := split1(src)
		s.Complete(src, at) // types are read once
		for range 5 {
			start := time.Now()
			s.Complete(src, at)
			s.Inspect(src, at)
			took = append(took, time.Since(start)/2)
		}
	}
	slices.Sort(took)
	t.Logf("median %v, slowest %v", took[len(took)/2], took[len(took)-1])
}

// Whatever stands before and behind the cursor, nothing panics.
func TestCursorAnywhere(t *testing.T) {
	s := newTestSession(t)
	play(t, s, zoo...)
	src := zoo[1] + "\n" + zoo[2] + "\n%time rex.\n\tif x := rex.Bark(1, \"é\"); `\n"
	for at := 0; at <= len(src); at += 3 {
		for _, text := range []string{src, src[:at], src[at:]} {
			s.Complete(text, min(at, len(text)))
			s.Inspect(text, min(at, len(text)))
		}
	}
}
