package slim_test

import (
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/nets"
)

// BenchmarkBuild is the time to build a net's graph, without running it: to be
// under 50 ms for inception_v3 and 10 ms for vgg_16.
func BenchmarkBuild(b *testing.B) {
	for _, n := range []struct {
		net  string
		size int
	}{{"inception_v3", 299}, {"vgg_16", 224}} {
		b.Run(n.net, func(b *testing.B) {
			for b.Loop() {
				g := graph.New()
				x, err := g.Placeholder("images", graph.Float32, graph.Unknown, n.size, n.size, 3)
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := nets.Build(n.net, x, nets.Config{NumClasses: 200, IsTraining: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
