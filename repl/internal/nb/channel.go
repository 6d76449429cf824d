package nb

import "reflect"

// The interpreter shares the cases of a select statement among goroutines and
// ends a function silently when a blocked channel operation is cancelled, so
// that channel operations are done here.

// Recv is <-c.
func (rt *Runtime) Recv(c any) any {
	v, _ := rt.Recv2(c)
	return v
}

// Recv2 is v, ok := <-c.
func (rt *Runtime) Recv2(c any) (any, bool) {
	switch c := c.(type) {
	case chan int:
		return recv(rt, c)
	case chan string:
		return recv(rt, c)
	case chan bool:
		return recv(rt, c)
	case chan float64:
		return recv(rt, c)
	case chan struct{}:
		return recv(rt, c)
	case chan error:
		return recv(rt, c)
	}
	_, v, ok := rt.Select("r", c)
	return v, ok
}

func recv[T any](rt *Runtime, c chan T) (any, bool) {
	select {
	case v, ok := <-c:
		return v, ok
	default:
	}
	select {
	case v, ok := <-c:
		return v, ok
	case <-rt.Ending():
		Ended()
	}
	return nil, false
}

// Send is c <- v.
func (rt *Runtime) Send(c, v any) {
	switch c := c.(type) {
	case chan int:
		if v, ok := v.(int); ok {
			send(rt, c, v)
			return
		}
	case chan string:
		if v, ok := v.(string); ok {
			send(rt, c, v)
			return
		}
	}
	rt.Select("s", c, v)
}

func send[T any](rt *Runtime, c chan T, v T) {
	select {
	case c <- v:
		return
	default:
	}
	select {
	case c <- v:
	case <-rt.Ending():
		Ended()
	}
}

// Select is a select statement: of its clauses, spec has r (then a channel
// follows among the args), s (a channel and a value) and d, the default. It
// returns the clause, and what a receive received.
func (rt *Runtime) Select(spec string, args ...any) (chosen int, v any, ok bool) {
	cases := make([]reflect.SelectCase, 0, len(spec)+1)
	block := true
	for _, k := range spec {
		switch k {
		case 'd':
			block = false
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectDefault})
		case 'r':
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(args[0])})
			args = args[1:]
		case 's':
			c := reflect.ValueOf(args[0])
			cases = append(cases, reflect.SelectCase{Dir: reflect.SelectSend, Chan: c, Send: sendable(args[1], c.Type().Elem())})
			args = args[2:]
		}
	}
	if block {
		if spec == "r" {
			if v, ok := cases[0].Chan.TryRecv(); v.IsValid() {
				return 0, v.Interface(), ok
			}
		}
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(rt.Ending())})
	}
	chosen, val, ok := reflect.Select(cases)
	if chosen == len(spec) {
		Ended()
	}
	if val.IsValid() {
		v = val.Interface()
	}
	return chosen, v, ok
}

// sendable is v as a value that a channel of elem takes.
func sendable(v any, elem reflect.Type) reflect.Value {
	switch {
	case v == nil:
		return reflect.Zero(elem)
	case elem.Kind() == reflect.Interface:
		x := reflect.New(elem).Elem()
		x.Set(reflect.ValueOf(v))
		return x
	}
	return reflect.ValueOf(v)
}
