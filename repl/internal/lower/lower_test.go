package lower

import (
	"errors"
	"go/token"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"graft/repl/internal/check"
	"graft/repl/internal/nb"
	"graft/repl/internal/split"
	"graft/repl/internal/typedata"
)

// bench is what cells are lowered with, without an interpreter.
type bench struct {
	t       *testing.T
	session *check.Session
	low     *Lowerer
}

func newBench(t *testing.T) *bench {
	fset := token.NewFileSet()
	imp := typedata.NewImporter(fset)
	rt := nb.NewRuntime(func(string, string) (reflect.Value, bool) { return reflect.Value{}, false })
	return &bench{t, check.NewSession(fset, imp, check.Known(typedata.Packages())), New(rt, &Library{Fset: fset, Importer: imp})}
}

// cell lowers a cell and returns its code, or the refusal with its place.
func (b *bench) cell(source string) (code string, refusal string, line, column int) {
	b.t.Helper()
	units, diags := b.session.Check("In[1]", source)
	if len(diags) > 0 {
		b.t.Fatalf("%q does not type-check: %v", source, diags)
	}
	for _, u := range units {
		o, err := b.low.Cell(u, b.session.LookupIn(u))
		var ref *Refusal
		if errors.As(err, &ref) {
			if ref.Node != nil {
				line, column = split.LineColumn(source, u.Offset(ref.Node.Pos()))
			}
			return code, ref.Msg, line, column
		}
		if err != nil {
			b.t.Fatal(err)
		}
		b.session.Commit(u)
		code += o.Source
	}
	return code, "", 0, 0
}

// numbers are what names in lowered code end with.
var numbers = regexp.MustCompile(`_[0-9]+\b|\b[pTfg][0-9]+_`)

func plainNames(code string) string { return numbers.ReplaceAllString(code, "") }

// Each source is lowered to code that has, and has not, what decides whether
// the interpreter gets it right. The names are without their numbers. Loops
// write into a map: those that only compute are no code but closures.
func TestLowered(t *testing.T) {
	for _, c := range []struct{ name, source, has, not string }{
		{"a method is a function", "type T struct{ n int }\nfunc (t *T) Inc(k int) int { t.n += k; return t.n }\nt := T{}\nt.Inc(2)", "T_Inc_(&", ".Inc("},
		{"a promoted method takes the path", "type A struct{}\nfunc (A) M() {}\ntype B struct{ A }\nvar b B\nb.M();", "A_M_(b.A)", ""},
		{"embedded fields are ordinary fields", "type A struct{ X int }\ntype B struct{ *A }\nb := B{&A{1}}\nb.X", "struct { A *A }", ""},
		{"a conversion to an interface makes a box", "type A int\nvar x any = A(1)", "nb.Box(", ""},
		{"a compiled type needs none", "var x any = 1", "interface{}(1)", "nb.Box("},
		{"a method call through an interface looks it up", "type S interface{ M() int }\ntype A int\nfunc (a A) M() int { return 1 }\nvar s S = A(1)\ns.M()", `nb.M(s, "M").(func() int)()`, ""},
		{"interfaces compare by nb", "var a, b any = 1, 2\na == b", "nb.Eq(", "a == b"},
		{"structs compare by nb", "type P struct{ x int }\na, b := P{1}, P{2}\na == b", "nb.EqV(", ""},
		{"generics are instantiated", "func Map[T any](xs []T, f func(T) T) []T { return xs }\nMap([]string{}, func(s string) string { return s })", "func(string) string) []string", "[T any]"},
		{"a defer runs in a frame", "func f() { defer println(1) }", "nb.Frame(", "defer "},
		{"a goroutine is nb's", "go println(1)", "nb.Go(", "go print"},
		{"panic is nb's", "func f() { panic(1) }", "nb.Panic(", " panic("},
		{"fmt prints for the cell", `fmt.Println("x")`, "nb.Println(", "fmt.Println("},
		{"constants are inlined", "const k = 3 << 4\nx := k + 1", "49", "const "},
		{"iota too", "type D int\nconst (\n\tA D = iota\n\tB\n)\nx := B", "x = 1", "iota"},
		{"loops look at the interrupt", "m := map[complex64]int{}\nfor i := 0; i < 3; i++ { m[1] = i }", "if stop_ { halt_(0) }", ""},
		{"per-iteration variables only where they are held", "m := map[complex64]func() int{}\nfor i := 0; i < 3; i++ { m[1] = func() int { return i } }", "first := true", ""},
		{"and not elsewhere", "m := map[complex64]int{}\nfor i := 0; i < 3; i++ { m[0] += i }", "for ; vi < 3; vi++ {", "first"},
		{"shift counts are checked", "n := 3\n1 << n", "nb.Shift(", ""},
		{"but not those of counters", "m := map[complex64]int{}\nfor i := 0; i < 3; i++ { m[0] = 1<<i }", "1 << vi", "nb.Shift("},
		{"counters that go down are", "m := map[complex64]int{}\nfor i := 3; i > 0; i-- { m[0] = 1<<i }", "nb.Shift(", ""},
		{"channels are used through nb", "c := make(chan int, 1)\nc <- 1\n<-c", "nb.Send(c, 1)", "c <- 1"},
		{"select too", "c := make(chan int)\nselect { case v := <-c: _ = v; default: }", `nb.Select("rd"`, "select {"},
		{"range over a function calls it", "for i := range func(yield func(int) bool) { yield(1) } { _ = i }", "func(y int) bool", "range (func"},
		{"min has no builtin", "a, b := 1, 2\nmin(a, b)", "func(m, m int) int", "min("},
		{"a taken error is checked", `n := strconv.Atoi("1")`, "nb.Check(", ""},
		{"a dropped one is not, inside functions", `func f() { strconv.Atoi("1") }`, "", "nb.Check("},
		{"unexported fields stay out of JSON", "type T struct{ a int; B int }\nvar t T", "a int \"json:\\\"-\\\"\"", ""},
		{"a typed nil in an interface is not nil", "var s []int\nany(s) == nil", "nb.Eq(", ""},
		{"operands of an index go first", "func f() int { return 0 }\na := []int{1}\na[f()] = f()", "t := f_()", "a[f_()]"},
		{"sort.Slice gets the slice as it is", "type P struct{ a int }\nps := []P{}\nsort.Slice(ps, func(i, j int) bool { return ps[i].a < ps[j].a })", "sort.Slice(ps", "nb.Box("},
		{"generic types of the library are nb's", "h := unique.Make(\"a\")\nh.Value()", "nb.MakeHandle(", "unique."},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, refusal, _, _ := newBench(t).cell(c.source)
			if refusal != "" {
				t.Fatalf("refused: %s", refusal)
			}
			code = plainNames(code)
			if c.has != "" && !strings.Contains(code, c.has) || c.not != "" && strings.Contains(code, c.not) {
				t.Errorf("want %q and not %q in\n%s", c.has, c.not, code)
			}
		})
	}
}

// What cannot be run is refused where it stands, and leaves no trace: the
// next cell is lowered as if it had not been.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		source, msg  string
		line, column int
	}{
		{"type P struct{ A int }\nxml.Marshal(P{1})", "encoding/xml needs the name", 2, 13},
		{"x := 1\ntype M map[string]M\nvar m M", "contains itself", 2, 6},
		{"type T []T\nfunc f(t T) int { n := 0; for i := range t { n += i }; return n }", "contains itself", 1, 6},
		{"for i := range func(y func(int) bool) { y(1) } {\n\tif i > 0 { goto end }\n}\nend:\n\tprintln(1)", "goto out of a range over a function", 2, 13},
		{"c := &quick.Config{Values: func(a []reflect.Value, r *rand.Rand) {}}", "reflect.Value", 1, 20},
		{"r := rand.New(rand.NewSource(1))\nquick.Value(reflect.TypeFor[int](), r)", "reflect.Value", 2, 1},
		{"type G int\nfunc (G) Generate(*rand.Rand, int) reflect.Value { return reflect.ValueOf(1) }\nquick.Check(func(g G) bool { return true }, nil)", "Generate", 3, 13},
	} {
		b := newBench(t)
		code, refusal, line, column := b.cell(c.source)
		if !strings.Contains(refusal, c.msg) || line != c.line || column != c.column {
			t.Errorf("%q is refused at %d:%d with %q, want %d:%d %q; code:\n%s", c.source, line, column, refusal, c.line, c.column, c.msg, code)
		}
		if _, refusal, _, _ := b.cell("type T struct{ a int }\nfunc (t T) M() int { return t.a }\nT{1}.M()"); refusal != "" {
			t.Errorf("after %q another cell is refused: %s", c.source, refusal)
		}
	}
}

// A function declared again is lowered again with all that call it.
func TestAgain(t *testing.T) {
	b := newBench(t)
	b.cell("func f() int { return 1 }\nfunc g() int { return f() }\nfunc h() int { return 0 }")
	code, _, _, _ := b.cell("func f() int { return 2 }")
	code = plainNames(code)
	for _, want := range []string{"func f() int", "func g() int"} {
		if !strings.Contains(code, want) {
			t.Errorf("no %s in\n%s", want, code)
		}
	}
	if strings.Contains(code, "func h(") {
		t.Errorf("h calls nobody, and is lowered again:\n%s", code)
	}
}
