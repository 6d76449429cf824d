package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// smallNets are the nets of few layers.
func smallNets() []spec {
	fc := []string{"KeepProb", "SpatialSqueeze", "GlobalPool"}
	small := []string{"KeepProb", "PredictionFn"}
	return []spec{
		{
			Net:      Net{Name: "lenet", ImageSize: 28, Channels: 1, NumClasses: 10, Preprocessing: "lenet", HeadScopes: []string{"LeNet/fc4/"}},
			defaults: Config{Scope: "LeNet", KeepProb: 0.5},
			takes:    small, arguments: (*builder).lenetArgs, build: (*builder).lenet,
		},
		{
			Net:      Net{Name: "cifarnet", ImageSize: 32, Channels: 3, NumClasses: 10, Preprocessing: "cifarnet", HeadScopes: []string{"CifarNet/logits/"}},
			defaults: Config{Scope: "CifarNet", KeepProb: 0.5, WeightDecay: 0.004},
			takes:    small, arguments: (*builder).cifarnetArgs, build: (*builder).cifarnet,
		},
		{
			Net:      Net{Name: "alexnet_v2", ImageSize: 224, Channels: 3, NumClasses: 1000, LabelsOffset: 1, HeadScopes: []string{"alexnet_v2/fc8/"}},
			defaults: Config{Scope: "alexnet_v2", KeepProb: 0.5, WeightDecay: 0.0005},
			takes:    fc, arguments: (*builder).alexnetArgs, build: (*builder).alexnet,
		},
		{
			Net:      Net{Name: "overfeat", ImageSize: 231, Channels: 3, NumClasses: 1000, LabelsOffset: 1, HeadScopes: []string{"overfeat/fc8/"}},
			defaults: Config{Scope: "overfeat", KeepProb: 0.5, WeightDecay: 0.0005},
			takes:    fc, arguments: (*builder).vggArgs, build: (*builder).overfeat,
		},
	}
}

// LeNet builds TF-Slim's variant of LeNet (LeCun et al. 1998; lenet). images
// are [batch, height, width, channels], float32, of 28×28×1 for MNIST; the
// logits are [batch, NumClasses].
//
// End points: conv1, pool1, conv2, pool2, Flatten, fc3, dropout3, Logits,
// Predictions. The head is LeNet/fc4. Defaults: KeepProb 0.5, no WeightDecay.
func LeNet(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("lenet", images, c)
}

// lenetArgs is lenet_arg_scope.
func (b *builder) lenetArgs() {
	b.args(slim.Args{WeightsRegularizer: b.l2(), WeightsInitializer: trunc(0.1)}, slim.LayerConv2D, slim.LayerFullyConnected)
}

func (b *builder) lenet() {
	b.conv("conv1", 32, kernel(5))
	b.mark("conv1")
	b.maxPool("pool1", 2, 2)
	b.mark("pool1")
	b.conv("conv2", 64, kernel(5))
	b.mark("conv2")
	b.maxPool("pool2", 2, 2)
	b.mark("pool2")
	b.flatten("Flatten")
	b.mark("Flatten")
	b.fullyConnected("fc3", 1024)
	b.mark("fc3")
	if b.c.NumClasses == 0 {
		return
	}
	b.dropout("dropout3")
	b.mark("dropout3")
	b.fullyConnected("fc4", b.c.NumClasses, slim.Args{Activation: slim.Linear})
	b.mark("Logits")
	b.s = b.outside // where TF-Slim has them
	b.predictions("Predictions", "Predictions")
}

// CifarNet builds TF-Slim's variant of Krizhevsky's net for CIFAR-10
// (cifarnet). images are [batch, height, width, channels], float32, of 32×32×3,
// each with mean 0 and deviation 1; the logits are [batch, NumClasses].
//
// End points: conv1, pool1, conv2, pool2, Flatten, fc3, fc4, Logits,
// Predictions. The head is CifarNet/logits. Defaults: KeepProb 0.5,
// WeightDecay 0.004 (on fc3 and fc4 only).
func CifarNet(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("cifarnet", images, c)
}

// cifarnetArgs is cifarnet_arg_scope.
func (b *builder) cifarnetArgs() {
	b.args(slim.Args{WeightsInitializer: trunc(0.05)}, slim.LayerConv2D)
	b.args(slim.Args{WeightsInitializer: trunc(0.04), WeightsRegularizer: b.l2(), BiasesInitializer: graph.Constants{Value: 0.1}}, slim.LayerFullyConnected)
}

func (b *builder) cifarnet() {
	norm := ops.LRN{DepthRadius: 4, Bias: 1, Alpha: 0.001 / 9, Beta: 0.75}
	b.conv("conv1", 64, kernel(5))
	b.mark("conv1")
	b.maxPool("pool1", 2, 2)
	b.mark("pool1")
	b.op("norm1", norm)
	b.conv("conv2", 64, kernel(5))
	b.mark("conv2")
	b.op("norm2", norm)
	b.maxPool("pool2", 2, 2)
	b.mark("pool2")
	b.flatten("Flatten")
	b.mark("Flatten")
	b.fullyConnected("fc3", 384)
	b.mark("fc3")
	b.dropout("dropout3")
	b.fullyConnected("fc4", 192)
	b.mark("fc4")
	if b.c.NumClasses == 0 {
		return
	}
	b.fullyConnected("logits", b.c.NumClasses, slim.Args{Activation: slim.Linear, WeightsInitializer: trunc(1 / 192.0),
		WeightsRegularizer: slim.SumRegularizer(), BiasesInitializer: graph.Zeros()})
	b.mark("Logits")
	b.predictions("Predictions", "Predictions")
}
