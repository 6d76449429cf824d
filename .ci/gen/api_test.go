package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAPIHash(t *testing.T) {
	dir := t.TempDir()
	hash := func(src string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		h, err := apiHash(dir)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	const base = "package a\n\nimport \"io\"\n\n// F reads.\nfunc F(r io.Reader) int { return 1 }\n\ntype T struct{ A int }\n"
	want := hash(base)
	for _, same := range []string{
		"package a\n\nimport (\n\t\"io\"\n\t\"fmt\"\n)\n\n// F reads.\nfunc F(r io.Reader) int {\n\t// a comment\n\tfmt.Println()\n\n\treturn 2\n}\n\n// g is ours.\nfunc g() {}\n\ntype T struct{ A int }\n",
	} {
		if hash(same) != want {
			t.Errorf("the hash should not change for\n%s", same)
		}
	}
	for _, other := range []string{
		"package a\n\nimport \"io\"\n\n// F writes.\nfunc F(r io.Reader) int { return 1 }\n\ntype T struct{ A int }\n",
		"package a\n\nimport \"io\"\n\n// F reads.\nfunc F(r io.Reader) (int, error) { return 1, nil }\n\ntype T struct{ A int }\n",
		"package a\n\nimport \"io\"\n\n// F reads.\nfunc F(r io.Reader) int { return 1 }\n\ntype T struct{ A, B int }\n",
		"package a\n\nimport \"other/io\"\n\n// F reads.\nfunc F(r io.Reader) int { return 1 }\n\ntype T struct{ A int }\n",
	} {
		if hash(other) == want {
			t.Errorf("the hash should change for\n%s", other)
		}
	}
}

func TestSeries(t *testing.T) {
	for in, want := range map[string]string{"go1.26.8": "go1.26", "go1.26": "go1.26", "go1.27rc1": "go1.27", "go1.26.1 X:nodwarf5": "go1.26"} {
		if got := series(in); got != want {
			t.Errorf("series(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestImportable(t *testing.T) {
	for path, want := range map[string]bool{
		"fmt": true, "net/http": true, "syscall": true, "syscall/js": false, "internal/abi": false, "net/http/internal": false,
		"vendor/golang.org/x/net/idna": false, "unsafe": false, "embed": false, "debug/elf": true,
	} {
		if got := importable(path); got != want {
			t.Errorf("importable(%q) = %v", path, got)
		}
	}
}
