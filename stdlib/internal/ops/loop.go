package ops

// For runs f(0) … f(parts-1) on the pool; when the run is cancelled the parts
// not begun are left out and the context's error is returned. A part should
// take well under 100 ms.
func (c *Ctx) For(parts int, f func(part int)) error {
	c.Pool.For(parts, func(part int) {
		if c.err() == nil {
			f(part)
		}
	})
	return c.err()
}

// Ranges cuts 0 … n-1 into ranges of grain, whatever the number of workers,
// and runs f on each as For does.
func (c *Ctx) Ranges(n, grain int, f func(from, to int)) error {
	grain = max(1, grain)
	return c.For((n+grain-1)/grain, func(part int) {
		f(part*grain, min(n, (part+1)*grain))
	})
}

// err is not nil once the run is cancelled. Loops within a part that may take
// long ask for it.
func (c *Ctx) err() error {
	if c.Context == nil {
		return nil
	}
	return c.Context.Err()
}

// scratch is Ctx.Scratch in either element type.
func scratch[T Float](c *Ctx, n int) []T {
	var t T
	if _, ok := any(t).(float32); ok {
		return any(c.Scratch(n)).([]T)
	}
	return make([]T, n)
}

// elementGrain is the elements of a part of a loop that memory limits.
const elementGrain = 1 << 15
