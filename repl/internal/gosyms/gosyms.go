// Package gosyms shows Go's own packages to the interpreter. The tables are
// generated (go -C .ci/gen run . -only go); this file has what is not to be
// shown as it is.
package gosyms

import (
	"encoding"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"reflect"
	"strconv"
)

// Symbols builds the tables, by "path/name" and identifier. Under "." are the
// interfaces that the interpreter looks for in arguments of type any.
func Symbols() map[string]map[string]reflect.Value {
	m := tables()
	maps.Copy(m["os/os"], restrictedOS())
	m["syscall/syscall"]["Exit"] = m["os/os"]["Exit"]
	maps.Copy(m["log/log"], restrictedLog())
	m["."] = map[string]reflect.Value{"MapTypes": reflect.ValueOf(mapTypes(m))}
	return m
}

// restrictedOS replaces what would end the process that holds the session.
// The lowerer catches direct calls; these are for function values, as in
// `exit := os.Exit`.
func restrictedOS() map[string]reflect.Value {
	return map[string]reflect.Value{
		"Exit": reflect.ValueOf(func(code int) { panic("os.Exit(" + strconv.Itoa(code) + ") ends the cell, not the session") }),
		"FindProcess": reflect.ValueOf(func(pid int) (*os.Process, error) {
			if pid == os.Getpid() {
				return nil, errors.New("os: a cell cannot get hold of the process that runs it")
			}
			return os.FindProcess(pid)
		}),
	}
}

// restrictedLog is the same for package log. A Logger stays Go's own type, so
// that compiled functions take it; its Fatal methods do end the process.
func restrictedLog() map[string]reflect.Value {
	return map[string]reflect.Value{
		"Fatal":   reflect.ValueOf(log.Panic),
		"Fatalf":  reflect.ValueOf(log.Panicf),
		"Fatalln": reflect.ValueOf(log.Panicln),
	}
}

// anyArguments lists functions that treat an argument of type any by the
// interfaces it has.
func anyArguments() []looked {
	printed := []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[fmt.Stringer]()}
	return []looked{
		{"fmt/fmt", []string{"Errorf", "Fprint", "Fprintf", "Fprintln", "Print", "Printf", "Println", "Sprint", "Sprintf", "Sprintln"}, printed},
		{"log/log", []string{"Panic", "Panicf", "Panicln", "Print", "Printf", "Println"}, printed},
		{"fmt/fmt", []string{"Scan", "Scanf", "Scanln"}, []reflect.Type{reflect.TypeFor[fmt.Scanner]()}},
		{"encoding/json/json", []string{"Marshal"}, []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}},
		{"encoding/json/json", []string{"Unmarshal"}, []reflect.Type{reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}},
		{"encoding/xml/xml", []string{"Marshal"}, []reflect.Type{reflect.TypeFor[xml.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}},
		{"encoding/xml/xml", []string{"Unmarshal"}, []reflect.Type{reflect.TypeFor[xml.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler]()}},
	}
}

type looked struct {
	pkg        string
	functions  []string
	interfaces []reflect.Type
}

// mapTypes gives anyArguments and the composed wrappers in the interpreter's
// form. It compares reflect.Values, so that the keys come from the tables.
func mapTypes(tables map[string]map[string]reflect.Value) map[reflect.Value][]reflect.Type {
	out := map[reflect.Value][]reflect.Type{}
	for _, a := range anyArguments() {
		for _, f := range a.functions {
			out[tables[a.pkg][f]] = a.interfaces
		}
	}
	for _, c := range composed() {
		out[tables[c.pkg]["_"+c.name]] = []reflect.Type{c.wrapper}
	}
	return out
}
