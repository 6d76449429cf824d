// Package nets builds the networks of TF-Slim's model zoo, with its names, so
// that its checkpoints fit.
//
//	logits, endPoints, err := nets.MobilenetV1(images, nets.Config{NumClasses: 5, DepthMultiplier: 0.25})
//	logits, endPoints, err = nets.Build("vgg_16", images, nets.Config{NumClasses: 5})
//	net, err := nets.Lookup("vgg_16") // image size, classes, preprocessing, scopes of the head
//
// With weights, labels and preprocessing, to classify photos:
//
//	net, err := nets.Open("inception_v3", "inception_v3.ckpt") // or "", which fetches it
//	photo, err := preprocessing.ReadImage("owl.jpg")
//	net.Top(photo, 5)
//
// A net takes its graph from its input and its scope from Config. It applies
// TF-Slim's arg scope by itself: a net that was built without it has other
// variables than its checkpoint. ArgScope has it for layers of one's own.
//
// Of TF-Slim's arguments these are left out: data_format, since images are
// [batch, height, width, channels] here as in the checkpoints; is_training=None
// and prediction_fn=None, since a scope's arguments hold anyway and an end point
// that nobody fetches costs nothing.
//
// A function's name is TF-Slim's in camel case, spelt as the net's scope is:
// InceptionV3, MobilenetV2, VGG16 for vgg_16. The depth of a resnet stands
// before its version, so that the two numbers do not run together:
// resnet_v1_50 is Resnet50V1. Multipliers have no functions of their own:
// mobilenet_v1_025 is MobilenetV1 with DepthMultiplier 0.25, or Build with
// that name.
package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// Config is what the nets' builders are told: the arguments of TF-Slim's
// functions and of their arg scopes. Its zero value is TF-Slim's defaults, but
// that IsTraining is false and NumClasses is 0. An option that a net does not
// have is an error; Net.Options lists those it has.
type Config struct {
	// NumClasses is the number of outputs of the last layer. 0 leaves it out:
	// the result is the features before it, pooled where the net pools.
	NumClasses int
	// IsTraining normalises by each batch's statistics, drops out, and builds
	// the parts that exist in training only (nasnet's auxiliary head).
	IsTraining bool
	// BatchNorm says what the batch normalisations in some scopes do with
	// statistics when IsTraining: {"MobilenetV1": slim.BatchNormFrozen} for a
	// frozen trunk under a head that drops out. Of several scopes that hold a
	// layer the longest counts; one that holds none is an error. Default:
	// slim.BatchNormTrain.
	BatchNorm map[string]slim.BatchNormMode
	// Scope is the name of the net's outermost scope. Default: TF-Slim's; the
	// nasnets have none.
	Scope string
	// Reuse shares the variables of a net that was built before.
	Reuse graph.Reuse
	// In is the scope that the net is built in, with the arguments that
	// slim.ArgScope has given it: they hold for the net's layers where the net
	// does not set them itself. Default: the outermost scope of the images'
	// graph.
	In graph.Scope

	// KeepProb is the share of values that dropout keeps when training, in
	// (0, 1] (dropout_keep_prob; dense_dropout_keep_prob of the nasnets).
	// Default: the net's own.
	KeepProb float64
	// SpatialSqueeze makes logits [batch, classes] of [batch, 1, 1, classes],
	// which is an error where they are a larger map. Default: True.
	SpatialSqueeze slim.Bool
	// GlobalPool averages over the last feature map whatever its size, before
	// the logits. Default: True for resnets, else False.
	GlobalPool slim.Bool
	// CreateAuxLogits adds the auxiliary head, with the end point AuxLogits
	// (create_aux_logits; use_aux_head of the nasnets, which have it in
	// training only). Default: True.
	CreateAuxLogits slim.Bool
	// PredictionFn makes the end point Predictions of the logits
	// (prediction_fn). Default: softmax along the last axis.
	PredictionFn func(logits *graph.Node) (*graph.Node, error)
	// BaseOnly leaves out what follows the body: pooling, logits, auxiliary
	// head (TF-Slim's functions whose names end in _base).
	BaseOnly bool
	// FinalEndpoint ends the body at this end point, which is the result.
	// NumClasses must then be 0, but with the MobileNets V2 and V3 and S3DG,
	// which put their head there. Default: the whole body.
	FinalEndpoint string
	// OutputStride is the most by which feature maps get smaller than the
	// images; from there on convolutions are dilated instead of strided.
	// Default: the net's own, without dilation.
	OutputStride int

	// DepthMultiplier scales the number of channels, above 0. Default: 1, or
	// what the net's name says (mobilenet_v1_025).
	DepthMultiplier float64
	// MinDepth is the fewest channels that DepthMultiplier leaves, at least 1
	// (min_depth; min_base_depth of the resnets). Default: the net's own.
	MinDepth int
	// DivisibleBy is what numbers of channels are multiples of, at least 1.
	// Default: 8.
	DivisibleBy int
	// FinegrainClassificationMode keeps the last layer of the body at its
	// full width when DepthMultiplier is below 1.
	FinegrainClassificationMode bool
	// ConvDefs are the layers of a MobileNet's body (conv_defs); those of
	// LookupConvDefs or one's own. Default: the net's.
	ConvDefs *ConvDefs
	// UseReduceMeanForPooling takes the mean of the last map by an operation
	// that is named so (use_reduce_mean_for_pooling); the values are the same.
	UseReduceMeanForPooling bool
	// IncludeRootBlock has the convolutions and pools before the first block
	// of the net. Default: True.
	IncludeRootBlock slim.Bool
	// FCConvPadding is the padding of fc6, which is a 7×7 convolution: Same
	// gives a map of predictions, the images divided by 32. Default: Valid.
	FCConvPadding slim.Padding
	// StoreNonStridedActivations makes the end points of a resnet's blocks
	// those before the block's stride.
	StoreNonStridedActivations bool
	// UseBoundedActivations keeps a resnet V1's residuals within ±6 and its
	// units' results within 0 … 6 (use_bounded_activations of bottleneck).
	UseBoundedActivations bool
	// UseExplicitPadding pads images by half a kernel on each side whatever
	// their size, and then uses Valid padding.
	UseExplicitPadding bool
	// AlignFeatureMaps uses Same padding everywhere.
	AlignFeatureMaps bool
	// UseSeparableConv makes the first convolution a separable one. Default:
	// True.
	UseSeparableConv slim.Bool
	// Activation replaces the net's activation. Default: the net's own.
	Activation slim.Activation

	// WeightDecay is the scale of the L2 penalty on weights. Default: the
	// net's own; below 0 there is none. (TF-Slim's nets_factory has 0.)
	WeightDecay float64
	// RegularizeDepthwise puts the penalty on depthwise filters too.
	RegularizeDepthwise bool
	// Stddev is the standard deviation of the first weights (stddev); in the
	// MobileNets V2 and V3 one below 0 means slim.Xavier. Default: the net's own.
	Stddev float64
	// UseBatchNorm normalises after convolutions; without it they have biases.
	// Default: True.
	UseBatchNorm slim.Bool
	// Normalizer follows convolutions in place of batch normalisation
	// (normalizer_fn). Default: slim.BatchNormalizer.
	Normalizer slim.Normalizer
	// UseGroupNorm normalises by groups of channels instead of by the batch
	// (use_groupnorm; mobilenet_base_group_norm).
	UseGroupNorm bool
	// Groups is their number, which divides all numbers of channels, at least
	// 1. Default: 8; 32 with slim.GroupNormalizer as Normalizer.
	Groups int
	// BatchNormDecay is the decay of the moving statistics, in (0, 1).
	// Default: the net's own.
	BatchNormDecay float64
	// BatchNormEpsilon is added to variances, above 0. Default: the net's own.
	BatchNormEpsilon float64
	// BatchNormUpdatesCollections are where the updates of moving statistics go
	// (batch_norm_updates_collections). Default: graph.UpdateOps.
	BatchNormUpdatesCollections []string
	// BatchNormUpdatesInPlace updates them with the layer itself
	// (batch_norm_updates_collections=None).
	BatchNormUpdatesInPlace bool
	// BatchNormRenorm normalises by the moving statistics in training too
	// (use_renorm of i3d).
	BatchNormRenorm bool
	// BatchNormScale multiplies by gamma in batch normalisation. Default: the
	// net's own.
	BatchNormScale slim.Bool

	// Cells are the sizes of a nasnet or pnasnet.
	Cells *CellConfig

	// FirstTemporalKernelSize is the number of frames that the first
	// convolution of a video net sees: 1, 3, 5 or 7. Default: the net's own.
	FirstTemporalKernelSize int
	// TemporalConvStartAt is the end point from which on convolutions see more
	// than one frame. Default: Conv2d_2c_3x3, the first that can.
	TemporalConvStartAt string
	// GatingStartAt is the end point from which on features are gated by their
	// means; one that is none of the blocks' gates nothing. Default:
	// Conv2d_2c_3x3, the first that can.
	GatingStartAt string
	// SeparableConv3D makes convolutions over space and time one over space
	// and one over time. Default: the net's own.
	SeparableConv3D slim.Bool
}
