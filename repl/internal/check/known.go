package check

import (
	"path"
	"strings"
)

// preferred settles which package a bare name means when several have it.
var preferred = map[string]string{
	"rand": "math/rand", "template": "text/template", "scanner": "text/scanner", "pprof": "runtime/pprof",
	"plot": "gonum.org/v1/plot", "tensor": "gorgonia.org/tensor", "draw": "image/draw", "color": "image/color", "trace": "runtime/trace",
	"metrics": "graft/stdlib/metrics",
}

// Known maps package names to the import path that a missing import means.
func Known(paths []string) map[string]string {
	out := map[string]string{}
	for _, p := range paths {
		if strings.Contains(p, "internal") || p == "C" || p == "unsafe" {
			continue
		}
		n := path.Base(p)
		if len(n) > 1 && n[0] == 'v' && n[1] >= '0' && n[1] <= '9' {
			n = path.Base(path.Dir(p))
		}
		old, ok := out[n]
		if !ok || better(p, old) {
			out[n] = p
		}
	}
	for n, p := range preferred {
		if out[n] != "" {
			for _, q := range paths {
				if q == p {
					out[n] = p
				}
			}
		}
	}
	return out
}

// better prefers Go's own packages, then graft's, then the shorter path.
func better(p, old string) bool {
	rank := func(s string) int {
		switch {
		case strings.HasPrefix(s, "graft/"):
			return 1
		case strings.Contains(strings.Split(s, "/")[0], "."):
			return 2
		}
		return 0
	}
	if rank(p) != rank(old) {
		return rank(p) < rank(old)
	}
	return len(p) < len(old)
}
