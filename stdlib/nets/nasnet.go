package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// NasnetMobile builds NASNet-A (4 @ 1056) (Zoph et al., arXiv:1707.07012;
// TF-Slim's nasnet.build_nasnet_mobile). images are [batch, height, width,
// channels], float32 in [-1, 1], of 224×224; height and width must be known.
// The logits are [batch, NumClasses]; with NumClasses 0 the result is the mean
// over the last map, [batch, channels].
//
// TF-Slim's net has no outermost scope, and its auxiliary head exists in
// training only: build it with IsTraining for all variables of a checkpoint.
//
// End points: Stem, Cell_0, …, Reduction_Cell_0, …, AuxLogits, global_pool,
// Logits, Predictions. The head is final_layer and aux_7. Defaults: KeepProb
// 0.5, WeightDecay 0.00004, BatchNormDecay 0.9997. Errors are Build's.
func NasnetMobile(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("nasnet_mobile", images, c)
}

// NasnetLarge is NASNet-A (6 @ 4032) for images of 331×331
// (nasnet.build_nasnet_large). The head is final_layer and aux_11; WeightDecay
// is 0.00005, and in training whole paths are dropped: the share of the last
// cell's that is kept falls to 0.7 over 250000 steps.
func NasnetLarge(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("nasnet_large", images, c)
}

// NasnetCifar is NASNet-A (6 @ 768) for images of 32×32
// (nasnet.build_nasnet_cifar). The head is final_layer and aux_11; KeepProb is
// 1, WeightDecay 0.0005, BatchNormDecay 0.9, and in training whole paths are
// dropped: the share that is kept falls to 0.6 over 937500 steps.
func NasnetCifar(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("nasnet_cifar", images, c)
}

// PnasnetMobile builds PNASNet-5, mobile (Liu et al., arXiv:1712.00559;
// TF-Slim's pnasnet.build_pnasnet_mobile). The head is final_layer and aux_5;
// there are no reduction cells; the rest is as in NasnetMobile.
func PnasnetMobile(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("pnasnet_mobile", images, c)
}

// PnasnetLarge is PNASNet-5, large, for images of 331×331
// (pnasnet.build_pnasnet_large). The head is final_layer and aux_7; in training
// whole paths are dropped, as in NasnetLarge, down to 0.6.
func PnasnetLarge(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("pnasnet_large", images, c)
}

// CellConfig are the sizes of a nasnet or pnasnet: TF-Slim's hyper-parameters.
// Zero values are the net's own.
type CellConfig struct {
	NumCells                int       // normal cells
	NumConvFilters          int       // channels of the first cell's operations
	StemMultiplier          float64   // of the channels of the first convolution
	FilterScalingRate       float64   // of the channels after each reduction
	NumReductionLayers      int       // halvings among the cells
	SkipReductionLayerInput slim.Bool // take what precedes a reduction as the cell's second input
	// DropPathKeepProb is the share of paths that the last cell keeps at the
	// end of training, in (0, 1]; 1 drops none.
	DropPathKeepProb float64
	// TotalTrainingSteps is when DropPathKeepProb is reached.
	TotalTrainingSteps int
	// CurrentStep is the step of the training: a scalar. Default: the graph's
	// global step, which is made if there is none and paths are dropped.
	CurrentStep *graph.Node
	// UseBoundedActivation keeps all values within ±6.
	UseBoundedActivation bool
}

// nasnets are the nets of cells that were found by search.
func nasnets() []spec {
	row := func(name string, size, classes, aux int, pnas bool, decay float64, cells CellConfig) spec {
		s := spec{
			Net: Net{Name: name, ImageSize: size, Channels: 3, NumClasses: classes, Preprocessing: "inception",
				HeadScopes: []string{"final_layer/", fmt.Sprintf("aux_%d/", aux)}},
			defaults: Config{KeepProb: 0.5, WeightDecay: decay, BatchNormDecay: 0.9997, BatchNormEpsilon: 0.001, BatchNormScale: slim.True, Cells: &cells},
			takes:    []string{"KeepProb", "CreateAuxLogits", "BaseOnly", "FinalEndpoint", "BatchNormDecay", "BatchNormEpsilon", "Cells"},
		}
		s.arguments = (*builder).nasnetArgs
		s.build = func(b *builder) {
			(&nasnet{builder: b, k: *b.c.Cells, pnas: pnas, cifar: name == "nasnet_cifar"}).net()
		}
		return s
	}
	cifar := row("nasnet_cifar", 32, 10, 11, false, 0.0005, CellConfig{18, 32, 3, 2, 2, slim.False, 0.6, 937500, nil, false})
	cifar.defaults.KeepProb, cifar.defaults.BatchNormDecay, cifar.defaults.BatchNormEpsilon = 1, 0.9, 0.00001
	cifar.Preprocessing = ""
	return []spec{
		row("nasnet_mobile", 224, 1001, 7, false, 0.00004, CellConfig{12, 44, 1, 2, 2, slim.False, 1, 250000, nil, false}),
		row("nasnet_large", 331, 1001, 11, false, 0.00005, CellConfig{18, 168, 3, 2, 2, slim.True, 0.7, 250000, nil, false}),
		cifar,
		row("pnasnet_large", 331, 1001, 7, true, 0.00004, CellConfig{12, 216, 3, 2, 2, slim.True, 0.6, 250000, nil, false}),
		row("pnasnet_mobile", 224, 1001, 5, true, 0.00004, CellConfig{9, 54, 1, 2, 2, slim.True, 1, 250000, nil, false}),
	}
}

// nasnet builds a net of cells.
type nasnet struct {
	*builder
	k           CellConfig
	pnas, cifar bool
	total       int           // cells, with reductions and stem
	number      int           // of the cell being built
	outputs     []*graph.Node // of all cells; nil for what precedes the first
}

// nasnetArgs is nasnet_mobile_arg_scope and its kin.
func (b *builder) nasnetArgs() {
	weights := slim.Args{WeightsRegularizer: b.l2(), WeightsInitializer: graph.VarianceScaling{Mode: graph.FanOut}, Activation: slim.Linear}
	b.args(weights, slim.LayerFullyConnected)
	weights.NoBiases = slim.True
	b.args(weights, slim.LayerConv2D, slim.LayerSeparableConv2D)
	b.batchNorm()
}

func (n *nasnet) net() {
	if s := n.shape(); !n.idle() && (s[1] == graph.Unknown || s[2] == graph.Unknown) {
		n.fail("the height and width of its input must be known")
	}
	n.total = n.k.NumCells + 2
	if !n.cifar && !n.pnas {
		n.total += 2
	}
	n.stem()
	n.mark("Stem")
	n.cells()
	n.head(func() { n.scope("final_layer", n.classify) })
}

// stem is a convolution and, for large images, two cells that halve the map.
func (n *nasnet) stem() {
	if n.cifar {
		n.conv("l1_stem_3x3", int(float64(n.k.NumConvFilters)*n.k.StemMultiplier), kernel(3))
		n.normalise("l1_stem_bn", slim.Args{})
		n.outputs = []*graph.Node{nil, n.x}
		return
	}
	n.conv("conv0", int(32*n.k.StemMultiplier), kernel(3), slim.Args{Stride: 2, Padding: slim.Valid})
	n.normalise("conv0_bn", slim.Args{})
	n.outputs = []*graph.Node{nil, n.x}
	scaling := 1 / (n.k.FilterScalingRate * n.k.FilterScalingRate)
	kind := nasnetReduction()
	if n.pnas {
		kind = pnasnetNormal()
	}
	for i := range 2 {
		n.cell(kind, fmt.Sprintf("cell_stem_%d", i), scaling, 2, n.before(), i)
		n.outputs = append(n.outputs, n.x)
		scaling *= n.k.FilterScalingRate
	}
	n.number = 2
}

// before is the result of the last cell but one.
func (n *nasnet) before() *graph.Node { return n.outputs[len(n.outputs)-2] }

// reductions are the cells before which, or at which, the map is halved.
func (n *nasnet) reductions() map[int]int {
	at := map[int]int{}
	for i := range n.k.NumReductionLayers {
		at[int(float64(i+1)/float64(n.k.NumReductionLayers+1)*float64(n.k.NumCells))] = i
	}
	return at
}

func (n *nasnet) cells() {
	at := n.reductions()
	scaling, previous := 1.0, (*graph.Node)(nil)
	for i := range n.k.NumCells {
		r, reduces := at[i]
		if reduces {
			scaling *= n.k.FilterScalingRate
		}
		if n.pnas {
			previous = n.pnasCell(i, scaling, reduces, previous)
		} else {
			n.nasCell(i, scaling, reduces, r)
		}
		if second, ok := at[i+1]; ok && second == 1 {
			n.aux(fmt.Sprintf("aux_%d", i))
		}
	}
}

// nasCell is a normal cell of NASNet, with a reduction cell before it.
func (n *nasnet) nasCell(i int, scaling float64, reduces bool, r int) {
	previous := n.before()
	if reduces {
		n.cell(nasnetReduction(), fmt.Sprintf("reduction_cell_%d", r), scaling, 2, n.before(), n.number)
		n.mark(fmt.Sprintf("Reduction_Cell_%d", r))
		n.number++
		n.outputs = append(n.outputs, n.x)
	}
	if n.k.SkipReductionLayerInput != slim.True {
		previous = n.before()
	}
	n.cell(nasnetNormal(), fmt.Sprintf("cell_%d", i), scaling, 1, previous, n.number)
	n.mark(fmt.Sprintf("Cell_%d", i))
	n.number++
	n.outputs = append(n.outputs, n.x)
}

// pnasCell is a cell of PNASNet, which halves the map by itself.
func (n *nasnet) pnasCell(i int, scaling float64, reduces bool, previous *graph.Node) *graph.Node {
	stride := 1
	if reduces {
		stride = 2
	}
	if n.k.SkipReductionLayerInput == slim.True || !reduces {
		previous = n.before()
	}
	n.cell(pnasnetNormal(), fmt.Sprintf("cell_%d", i), scaling, stride, previous, n.number)
	n.mark(fmt.Sprintf("Cell_%d", i))
	n.number++
	n.outputs = append(n.outputs, n.x)
	return previous
}

// activation is ReLU, or the bounded one.
func (n *nasnet) activation() {
	if n.k.UseBoundedActivation {
		n.op("Relu6", ops.Relu6)
	} else {
		n.relu()
	}
}

// aux is the auxiliary head, beside the net, in training.
func (n *nasnet) aux(name string) {
	if !on(n.c.CreateAuxLogits) || n.c.NumClasses == 0 || !n.c.IsTraining || n.idle() {
		return
	}
	net := n.x
	n.activation()
	n.scope(name, func() {
		n.scope("aux_logits", func() {
			n.avgPool("", kernel(5), 3, slim.Valid)
			n.conv("proj", 128, kernel(1))
			n.normalise("aux_bn0", slim.Args{})
			n.activation()
			n.conv("", 768, n.shape()[1:3], slim.Args{Padding: slim.Valid})
			n.normalise("aux_bn1", slim.Args{})
			n.activation()
			n.flatten("")
			n.fullyConnected("FC", n.c.NumClasses)
		})
	})
	n.mark("AuxLogits")
	n.x = net
}

func (n *nasnet) classify() {
	n.activation()
	n.globalPool("Mean", false)
	n.mark("global_pool")
	if n.c.NumClasses == 0 {
		return
	}
	n.dropout("dropout")
	n.fullyConnected("FC", n.c.NumClasses)
	n.mark("Logits")
	n.probabilities("predictions")
}
