package repl

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"

	"graft/repl/internal/typedata"
)

// Every name that a cell can see must be one that it can use.
func TestEveryName(t *testing.T) {
	imp := typedata.NewImporter(token.NewFileSet())
	s, err := NewSession(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	names := 0
	for i, path := range typedata.Packages() {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Error(err)
			continue
		}
		var cell strings.Builder
		fmt.Fprintf(&cell, "import x %q\n", path)
		for _, n := range pkg.Scope().Names() {
			_, shown := s.symbol(path, n)
			// Package syscall shows what it has on every system.
			if use := useOf(pkg.Scope().Lookup(n)); use != "" && (shown || path != "syscall") {
				fmt.Fprintf(&cell, use+"\n", "x."+n)
				names++
			}
		}
		res := s.Execute(context.Background(), Cell{ID: path, Number: i + 1, Source: cell.String()}, &record{})
		if res.Err != nil {
			t.Errorf("%s: %v", path, res.Err)
		}
	}
	t.Logf("%d names", names)
}

// useOf is a statement that uses an object, "" when cells cannot: what is
// generic exists only where the lowerer has a body for it.
func useOf(o types.Object) string {
	if !o.Exported() {
		return ""
	}
	switch o := o.(type) {
	case *types.Func:
		if o.Signature().TypeParams().Len() == 0 {
			return "_ = %s"
		}
	case *types.Var:
		return "_ = %s"
	case *types.Const:
		if n, ok := o.Type().(*types.Named); ok && !n.Obj().Exported() {
			return "" // gonum's graph.Empty: lowered code cannot name its type
		}
		if v, ok := new(big.Int).SetString(o.Val().ExactString(), 10); ok && v.IsUint64() && !v.IsInt64() {
			return "_ = uint64(%s)"
		}
		return "_ = %s"
	case *types.TypeName:
		g, ok := o.Type().(interface{ TypeParams() *types.TypeParamList })
		if ok && g.TypeParams().Len() > 0 {
			return ""
		}
		if i, ok := o.Type().Underlying().(*types.Interface); !ok || i.IsMethodSet() {
			return "{ var q *%s; _ = q }"
		}
	}
	return ""
}

// A session needs neither Go's sources nor its tools.
func TestNoToolchain(t *testing.T) {
	const cell = `import ("fmt"; "net/http"; "gonum.org/v1/gonum/mat"; "gorgonia.org/tensor"; "graft/ckpt")
_ = ckpt.Open
fmt.Sprint(http.StatusText(404), " ", mat.Det(mat.NewDense(1, 1, []float64{7})), " ", tensor.Float32)`
	if os.Getenv("GRAFT_TEST_NO_TOOLCHAIN") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoToolchain$", "-test.v")
		cmd.Env = []string{"GRAFT_TEST_NO_TOOLCHAIN=1", "GOROOT=/nonexistent", "PATH=/nonexistent", "SystemRoot=" + os.Getenv("SystemRoot")}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestNoToolchain") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if p, err := exec.LookPath("go"); err == nil {
		t.Fatal("there is a toolchain at ", p)
	}
	s, err := NewSession(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	res := s.Execute(context.Background(), Cell{ID: "1", Number: 1, Source: cell}, &record{})
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	if got, want := res.Value.Data["text/plain"], "Not Found 7 float32"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := s.Inspect("strings.Fields", 10).Data["text/plain"]; !strings.Contains(got, "Fields splits the string s around each instance of") {
		t.Errorf("documentation of strings.Fields: %q", got)
	}
}
