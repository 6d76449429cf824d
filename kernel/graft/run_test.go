package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/kernel/notebook"
)

const parametrised = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
 {"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "outputs": [], "execution_count": null, "source": "size := 3\nname := \"Ann\""},
 {"cell_type": "code", "id": "b", "metadata": {}, "outputs": [], "execution_count": null, "source": "fmt.Sprint(name, size*2)"},
 {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": null, "source": "fmt.Println?"}]}`

// executed runs the notebook and returns the plain texts of its outputs.
func executed(t *testing.T, params ...string) ([]string, error) {
	t.Helper()
	t.Chdir(t.TempDir()) // a run changes to the notebook's folder
	if err := os.WriteFile("in.ipynb", []byte(parametrised), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := filepath.Abs("out.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if err := runNotebook("in.ipynb", out, params, 0); err != nil {
		return nil, err
	}
	if _, err := notebook.Read(out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Cells []struct {
			Outputs []struct{ Data map[string]string }
		}
	}
	text, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, c := range got.Cells {
		for _, o := range c.Outputs {
			texts = append(texts, o.Data["text/plain"])
		}
	}
	return texts, nil
}

func TestRunNotebook(t *testing.T) {
	for want, params := range map[string][]string{"Ann6": nil, "Ann14": {"size=7"}, "3x8": {"size=2*2", "name=3x"}} {
		got, err := executed(t, params...)
		if err != nil || len(got) != 2 || got[0] != want || !strings.Contains(got[1], "func fmt.Println") {
			t.Errorf("%v: %q, %v, want %q", params, got, err, want)
		}
	}
	for want, param := range map[string]string{"want name=value": "size", `no variable "other"`: "other=1", "cannot use": `size="x"`} {
		if _, err := executed(t, param); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", param, err, want)
		}
	}
}
