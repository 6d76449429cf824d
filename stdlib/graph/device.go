package graph

import (
	"fmt"
	"strings"
)

// device is where a variable would live in a cluster. It is recorded, as
// TensorFlow writes it, and has no effect on the run.
type device struct{ job, replica, task, unit string }

// parseDevice reads what TensorFlow reads: /job:ps/task:1, /CPU:0, gpu:1.
func parseDevice(text string) (d device, err error) {
	for part := range strings.SplitSeq(strings.Trim(text, "/"), "/") {
		kind, rest, _ := strings.Cut(part, ":")
		switch lower := strings.ToLower(kind); {
		case part == "":
		case kind == "job" && rest != "":
			d.job = rest
		case kind == "replica" && rest != "":
			d.replica = rest
		case kind == "task" && rest != "":
			d.task = rest
		case kind == "device" && rest != "":
			d.unit = rest
		case (lower == "cpu" || lower == "gpu" || lower == "tpu") && rest != "":
			d.unit = strings.ToUpper(kind) + ":" + rest
		default:
			return d, fmt.Errorf("graph: Unknown attribute '%s' is encountered while parsing the device spec: '%s'; /CPU:0 is one", part, text)
		}
	}
	return d, nil
}

// over puts what d says over what outer says.
func (d device) over(outer device) device {
	for _, f := range []struct{ inner, outer *string }{{&d.job, &outer.job}, {&d.replica, &outer.replica}, {&d.task, &outer.task}, {&d.unit, &outer.unit}} {
		if *f.inner == "" {
			*f.inner = *f.outer
		}
	}
	return d
}

func (d device) String() string {
	var b strings.Builder
	for _, f := range []struct{ name, value string }{{"job", d.job}, {"replica", d.replica}, {"task", d.task}, {"device", d.unit}} {
		if f.value != "" {
			b.WriteString("/" + f.name + ":" + f.value)
		}
	}
	return b.String()
}

// Device returns the scope with a device for its variables, such as "/CPU:0",
// put over that of the scope (tf.device). It is recorded and otherwise
// without effect. Anything but /job:…/replica:…/task:…/device:…:… or a type
// and a number is an error.
func (s Scope) Device(name string) (Scope, error) {
	d, err := parseDevice(name)
	if err != nil {
		return s, err
	}
	s.defaults.device = d.over(s.defaults.device)
	return s, nil
}
