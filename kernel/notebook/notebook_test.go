package notebook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"graft/repl"
)

const sample = `{
 "cells": [
  {
   "cell_type": "markdown",
   "id": "a1",
   "metadata": {},
   "source": ["# Title <b>\n", "text"]
  },
  {
   "cell_type": "code",
   "execution_count": 7,
   "id": "b2",
   "metadata": {"tags": ["raises-exception"]},
   "outputs": [],
   "source": "1 + 1"
  }
 ],
 "metadata": {"kernelspec": {"name": "graft"}, "mine": {"kept": 1}},
 "nbformat": 4,
 "nbformat_minor": 5
}
`

func TestRoundTrip(t *testing.T) {
	nb, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	if len(nb.Cells) != 2 || nb.Cells[0].Source != "# Title <b>\ntext" || nb.Cells[1].Type != "code" {
		t.Fatalf("got %+v", nb.Cells)
	}
	if !nb.Cells[1].HasTag("raises-exception") || nb.Cells[0].HasTag("raises-exception") {
		t.Error("the tags were not read")
	}
	path := filepath.Join(t.TempDir(), "x.ipynb")
	if err := nb.Write(path); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(sample), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("came back as\n%s", text)
	}
	if !strings.Contains(string(text), "# Title <b>") {
		t.Error("HTML characters were escaped")
	}
}

func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"<html>":                            "not an .ipynb file",
		`{"cells": []}`:                     `no "nbformat"`,
		`{"nbformat": 3, "worksheets": []}`: "want 4",
		`{"nbformat": 4, "cells": [{}]}`:    "cell 1",
		`{"nbformat": 4, "cells": 7}`:       `"cells" is not`,
		`{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}`: "neither a string",
		`{"nbformat": 4, "cells": [{"cell_type": "coe", "source": ""}]}`: `cell_type is "coe"; code, markdown or raw`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func plain(s string) map[string]string { return map[string]string{"text/plain": s} }

func TestRecord(t *testing.T) {
	r := &Record{}
	r.Begin()
	r.Stream("stdout", "a")
	r.Stream("stdout", "b")
	r.Stream("stderr", "c")
	r.Display(repl.Display{ID: "x", Data: plain("0 %")})
	r.End(1, repl.Result{Value: &repl.Display{Data: plain("v")}})
	r.Begin()
	r.Display(repl.Display{ID: "x", Update: true, Data: plain("100 %")})
	r.Display(repl.Display{Data: plain("gone")})
	r.Clear(true)
	r.Display(repl.Display{Data: map[string]string{"application/json": "[1]"}})
	r.End(2, repl.Result{Err: &repl.Error{Name: repl.PanicError, Message: "oh"}})
	got, err := json.Marshal([][]Output{r.Cell(0), r.Cell(1)})
	if err != nil {
		t.Fatal(err)
	}
	want := `[[{"name":"stdout","output_type":"stream","text":"ab"},{"name":"stderr","output_type":"stream","text":"c"},` +
		`{"data":{"text/plain":"100 %"},"metadata":{},"output_type":"display_data"},` +
		`{"data":{"text/plain":"v"},"execution_count":1,"metadata":{},"output_type":"execute_result"}],` +
		`[{"data":{"application/json":[1]},"metadata":{},"output_type":"display_data"},` +
		`{"ename":"Panic","evalue":"oh","output_type":"error","traceback":[]}]]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = Parse(text) })
}
