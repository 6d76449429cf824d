package kern

import "math"

// The steps of optimizers, each over slices of one length: w is the variable,
// g its gradient, the others its slots. The formulas are those of
// TensorFlow's training_ops.cc.

func sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }

// Average moves v towards x by 1-decay of the way.
func Average[T Float](v, x []T, rest T) {
	x = x[:len(v)]
	for i := range v {
		v[i] -= (v[i] - x[i]) * rest
	}
}

// Momentum is a step with accumulator a.
func Momentum[T Float](w, a, g []T, lr, momentum T, nesterov bool) {
	a, g = a[:len(w)], g[:len(w)]
	i := 0
	if !nesterov {
		i = fastMomentum(w, a, g, lr, momentum)
	}
	for ; i < len(w); i++ {
		a[i] = a[i]*momentum + g[i]
		if nesterov {
			w[i] -= g[i]*lr + a[i]*momentum*lr
		} else {
			w[i] -= a[i] * lr
		}
	}
}

// Adam is a step whose rate alpha is corrected for bias.
func Adam[T Float](w, m, v, g []T, alpha, rest1, rest2, epsilon T) {
	m, v, g = m[:len(w)], v[:len(w)], g[:len(w)]
	for i := fastAdam(w, m, v, g, alpha, rest1, rest2, epsilon); i < len(w); i++ {
		m[i] += (g[i] - m[i]) * rest1
		v[i] += (g[i]*g[i] - v[i]) * rest2
		w[i] -= m[i] * alpha / (sqrt(v[i]) + epsilon)
	}
}

// RMSProp is a step with mean square ms and momentum mom; mg, the mean
// gradient, is nil unless centered.
func RMSProp[T Float](w, mg, ms, mom, g []T, lr, rest, momentum, epsilon T) {
	ms, mom, g = ms[:len(w)], mom[:len(w)], g[:len(w)]
	i := 0
	if mg == nil {
		i = fastRMSProp(w, ms, mom, g, lr, rest, momentum, epsilon)
	}
	for ; i < len(w); i++ {
		ms[i] += (g[i]*g[i] - ms[i]) * rest
		d := ms[i] + epsilon
		if mg != nil {
			mg[i] += (g[i] - mg[i]) * rest
			d -= mg[i] * mg[i]
		}
		mom[i] = mom[i]*momentum + g[i]*lr/sqrt(d)
		w[i] -= mom[i]
	}
}

// Adagrad is a step with the sum of squares a.
func Adagrad[T Float](w, a, g []T, lr T) {
	a, g = a[:len(w)], g[:len(w)]
	for i := range w {
		a[i] += g[i] * g[i]
		w[i] -= g[i] * lr / sqrt(a[i])
	}
}

// Adadelta is a step with mean squares a of the gradient and u of the update.
func Adadelta[T Float](w, a, u, g []T, lr, rho, epsilon T) {
	a, u, g = a[:len(w)], u[:len(w)], g[:len(w)]
	for i := range w {
		a[i] = a[i]*rho + g[i]*g[i]*(1-rho)
		d := sqrt(u[i]+epsilon) / sqrt(a[i]+epsilon) * g[i]
		u[i] = u[i]*rho + d*d*(1-rho)
		w[i] -= d * lr
	}
}

// Ftrl is a step with the sum of squares a and the linear term z.
func Ftrl[T Float](w, a, z, g []T, lr, l1, l2, shrinkage, power T) {
	a, z, g = a[:len(w)], z[:len(w)], g[:len(w)]
	for i := range w {
		n := a[i] + g[i]*g[i]
		before, after := ftrlPower(a[i], power), ftrlPower(n, power)
		z[i] += g[i] + 2*shrinkage*w[i] - (after-before)/lr*w[i]
		w[i] = 0
		if z[i] > l1 {
			w[i] = (l1 - z[i]) / (after/lr + 2*l2)
		} else if z[i] < -l1 {
			w[i] = (-l1 - z[i]) / (after/lr + 2*l2)
		}
		a[i] = n
	}
}

func ftrlPower[T Float](x, power T) T {
	if power == -0.5 {
		return sqrt(x)
	}
	return T(math.Pow(float64(x), -float64(power)))
}

// ProximalDescent is a step of gradient descent, then towards 0 by l1 and l2.
func ProximalDescent[T Float](w, g []T, lr, l1, l2 T) {
	g = g[:len(w)]
	for i := range w {
		w[i] = proximal(w[i]-g[i]*lr, lr, l1, l2)
	}
}

// ProximalAdagrad is a step of Adagrad, then towards 0 by l1 and l2.
func ProximalAdagrad[T Float](w, a, g []T, lr, l1, l2 T) {
	a, g = a[:len(w)], g[:len(w)]
	for i := range w {
		a[i] += g[i] * g[i]
		rate := lr / sqrt(a[i])
		w[i] = proximal(w[i]-g[i]*rate, rate, l1, l2)
	}
}

func proximal[T Float](w, rate, l1, l2 T) T {
	if l1 > 0 {
		w = shrink(w, rate*l1)
	}
	return w / (1 + l2*rate)
}

func shrink[T Float](x, by T) T {
	switch {
	case x > by:
		return x - by
	case x < -by:
		return x + by
	}
	return 0
}

// AdagradDA is a step of dual averaging with the sums s of gradients and q of
// their squares; step is the number of steps, this one included.
func AdagradDA[T Float](w, s, q, g []T, lr, step, l1, l2 T) {
	s, q, g = s[:len(w)], q[:len(w)], g[:len(w)]
	for i := range w {
		s[i] += g[i]
		q[i] += g[i] * g[i]
		x := s[i]
		if l1 > 0 {
			x = shrink(x, l1*step)
		}
		w[i] = -lr * x / (l2*step*lr + sqrt(q[i]))
	}
}
