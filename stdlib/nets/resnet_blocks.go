package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// ResnetBlock is a block of a resnet (resnet_utils.Block).
type ResnetBlock struct {
	// Scope names the block. Default: block, made unique.
	Scope string
	// Units follow each other, in the scopes unit_1, unit_2, …; the stride of
	// the published blocks is in the last one.
	Units []ResnetUnit
	// UnitFn builds a unit on x, [batch, height, width, channels], in the scope
	// s (unit_fn). u has the stride that OutputStride leaves, rate is the
	// dilation that makes up for the rest. The block and UnitFn's convolutions
	// by slim.Conv2D are end points. Default: the net's bottleneck.
	UnitFn func(s graph.Scope, x *graph.Node, u ResnetUnit, rate int) (*graph.Node, error)
}

// ResnetUnit is a unit of a resnet.
type ResnetUnit struct {
	Depth           int // channels that it leaves
	DepthBottleneck int // channels of its 3×3 convolution
	Stride          int // default: 1
}

// BottleneckBlock is a block of numUnits units with 4·baseDepth channels, of
// which the last has the stride (resnet_v1_block, resnet_v2_block).
func BottleneckBlock(scope string, baseDepth, numUnits, stride int) ResnetBlock {
	b := ResnetBlock{Scope: scope}
	for range numUnits {
		b.Units = append(b.Units, ResnetUnit{Depth: 4 * baseDepth, DepthBottleneck: baseDepth, Stride: 1})
	}
	if numUnits > 0 {
		b.Units[numUnits-1].Stride = stride
	}
	return b
}

// ResnetV1 builds a residual net of any blocks (TF-Slim's resnet_v1, the
// generator behind resnet_v1_50):
//
//	blocks := []nets.ResnetBlock{nets.BottleneckBlock("block1", 16, 2, 2), nets.BottleneckBlock("block2", 32, 2, 1)}
//	logits, endPoints, err := nets.ResnetV1(images, blocks, nets.Config{NumClasses: 5})
//
// images, results, end points and defaults are as in Resnet50V1, but that
// Scope is resnet_v1 and the channels are the blocks' own: DepthMultiplier and
// MinDepth do not apply. Errors: those of Build, no blocks, units that have no
// channels.
func ResnetV1(images *graph.Node, blocks []ResnetBlock, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	n := resnetSpec("resnet_v1")
	n.takes = append(n.takes, "StoreNonStridedActivations", "UseBoundedActivations")
	return n.ofBlocks(images, blocks, c, (*builder).bottleneckV1, false)
}

// ResnetV2 is ResnetV1 with normalisation before each convolution (TF-Slim's
// resnet_v2). Scope is resnet_v2; the rest is as in Resnet50V2.
func ResnetV2(images *graph.Node, blocks []ResnetBlock, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	n := resnetSpec("resnet_v2")
	return n.ofBlocks(images, blocks, c, (*builder).bottleneckV2, true)
}

func (n *spec) ofBlocks(images *graph.Node, blocks []ResnetBlock, c Config, unit bottleneck, v2 bool) (*graph.Node, EndPoints, error) {
	n.build = func(b *builder) { b.resnet(unit, blocks, v2) }
	err := checkBlocks(blocks)
	if err != nil {
		return nil, nil, fmt.Errorf("nets: %s: %w", n.Name, err)
	}
	logits, end, err := n.on(images, c)
	if err != nil {
		return nil, nil, fmt.Errorf("nets: %s: %w", n.Name, err)
	}
	return logits, end, nil
}

func checkBlocks(blocks []ResnetBlock) error {
	if len(blocks) == 0 {
		return fmt.Errorf("there are no blocks")
	}
	for i, b := range blocks {
		if len(b.Units) == 0 {
			return fmt.Errorf("block %d (%q) has no units", i, b.Scope)
		}
		for j, u := range b.Units {
			if u.Stride < 0 || b.UnitFn == nil && (u.Depth < 1 || u.DepthBottleneck < 1) {
				return fmt.Errorf("unit %d of block %d (%q) is %+v: Depth and DepthBottleneck must be at least 1, Stride at least 0", j, i, b.Scope, u)
			}
		}
	}
	return nil
}

// Conv2DSame is a convolution of kernelSize × kernelSize whose result is that
// of stride 1 with Same padding, of which every stride-th pixel is taken
// (resnet_utils.conv2d_same). Where the size is even, slim.Conv2D with Same
// padding and a stride begins one pixel later. x is [batch, height, width,
// channels]; the dilation is Args.Rate. Errors: those of slim.Conv2D; a
// kernelSize or stride below 1.
func Conv2DSame(s graph.Scope, x *graph.Node, outputs, kernelSize, stride int, args ...slim.Args) (*graph.Node, error) {
	if kernelSize < 1 || stride < 1 {
		return nil, fmt.Errorf("nets: a kernel of %d and a stride of %d: both must be at least 1", kernelSize, stride)
	}
	a := slim.Args{Stride: stride, Padding: slim.Same}
	if stride > 1 {
		rate := 1
		for _, more := range args {
			rate = max(rate, more.Rate)
		}
		if x == nil || len(x.Shape()) != 4 {
			return nil, fmt.Errorf("nets: Conv2DSame of %v: [batch,height,width,channels] is wanted", x)
		}
		var err error
		if x, err = fixedPadding(s, x, kernelSize, rate); err != nil {
			return nil, err
		}
		a.Padding = slim.Valid
	}
	return slim.Conv2D(s, x, outputs, kernel(kernelSize), append(args, a)...)
}

// Subsample takes every factor-th pixel of x, [batch, height, width, channels]
// (resnet_utils.subsample); factor 1 takes x as it is. scope names it. Errors:
// a factor below 1, another rank.
func Subsample(s graph.Scope, x *graph.Node, factor int, scope string) (*graph.Node, error) {
	switch {
	case factor < 1:
		return nil, fmt.Errorf("nets: every %d-th pixel: at least 1 is wanted", factor)
	case factor == 1:
		return x, nil
	}
	return slim.MaxPool2D(s, x, kernel(1), slim.Args{Scope: scope, Stride: factor})
}
