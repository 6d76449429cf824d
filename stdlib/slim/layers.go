package slim

// Layer names a layer in arg scopes.
type Layer string

// The layers that take arg scopes, under TF-Slim's names.
const (
	LayerConv1D          Layer = "convolution1d"
	LayerConv2D          Layer = "conv2d"
	LayerConv3D          Layer = "convolution3d"
	LayerConv2DTranspose Layer = "conv2d_transpose"
	LayerConv3DTranspose Layer = "convolution3d_transpose"
	LayerConv2DInPlane   Layer = "conv2d_in_plane"
	LayerSeparableConv2D Layer = "separable_conv2d"
	LayerFullyConnected  Layer = "fully_connected"
	LayerBiasAdd         Layer = "bias_add"
	LayerBatchNorm       Layer = "batch_norm"
	LayerLayerNorm       Layer = "layer_norm"
	LayerGroupNorm       Layer = "group_norm"
	LayerInstanceNorm    Layer = "instance_norm"
	LayerUnitNorm        Layer = "unit_norm"
	LayerMaxPool2D       Layer = "max_pool2d"
	LayerAvgPool2D       Layer = "avg_pool2d"
	LayerMaxPool3D       Layer = "max_pool3d"
	LayerAvgPool3D       Layer = "avg_pool3d"
	LayerDropout         Layer = "dropout"
	LayerFlatten         Layer = "flatten"
	LayerSoftmax         Layer = "softmax"
	LayerSpatialSoftmax  Layer = "spatial_softmax"
	LayerOneHotEncoding  Layer = "one_hot_encoding"
	LayerMaxout          Layer = "maxout"
	LayerVariable        Layer = "variable"
	LayerModelVariable   Layer = "model_variable"
)

// functions are the layers' names as Python functions, where they differ:
// Repeat and Stack name scopes after them.
var functions = map[Layer]string{
	LayerConv2D: "convolution2d", LayerConv2DTranspose: "convolution2d_transpose", LayerConv2DInPlane: "convolution2d_in_plane",
	LayerSeparableConv2D: "separable_convolution2d",
}

func (l Layer) function() string {
	if name, ok := functions[l]; ok {
		return name
	}
	return string(l)
}

// join puts argument names together.
func joined(lists ...[]string) (out []string) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// The arguments that several layers have.
var (
	outputArgs  = []string{"Scope", "OutputsCollections"}
	ownerArgs   = append([]string{"Reuse", "Trainable", "VariablesCollections", "Activation", "ActivationFn"}, outputArgs...)
	denseArgs   = append([]string{"Normalizer", "NormalizerFn", "NormalizerArgs", "WeightsInitializer", "WeightsRegularizer", "BiasesInitializer", "BiasesRegularizer", "NoBiases"}, ownerArgs...)
	windowArgs  = []string{"Stride", "StrideHW", "Padding", "DataFormat"}
	window3Args = []string{"Stride", "StrideDHW", "Padding", "DataFormat"}
	affineArgs  = append([]string{"Center", "Scale"}, ownerArgs...)
	storageArgs = []string{"Initializer", "Regularizer", "Trainable", "Collections", "Device", "DeviceChooser", "Partitioner"}
)

// accepts lists which arguments a layer has.
var accepts = map[Layer][]string{
	LayerConv1D:          joined([]string{"Stride", "Padding", "DataFormat", "Rate"}, denseArgs),
	LayerConv2D:          joined(windowArgs, []string{"Rate"}, denseArgs),
	LayerConv3D:          joined(window3Args, denseArgs),
	LayerConv2DTranspose: joined(windowArgs, denseArgs),
	LayerConv3DTranspose: joined(window3Args, denseArgs),
	LayerConv2DInPlane:   joined(windowArgs, denseArgs),
	LayerSeparableConv2D: joined(windowArgs, []string{"Rate", "DepthMultiplier", "PointwiseInitializer"}, denseArgs),
	LayerFullyConnected:  denseArgs,
	LayerBiasAdd:         joined([]string{"Initializer", "Regularizer", "DataFormat"}, ownerArgs),
	LayerBatchNorm: joined([]string{"IsTraining", "BatchNormModes", "Decay", "Epsilon", "Fused", "UpdatesCollections", "UpdatesInPlace", "ZeroDebiasMovingMean", "Renorm", "RenormClipping", "RenormDecay",
		"Adjustment", "BatchWeights", "ParamInitializers", "ParamRegularizers", "DataFormat"}, affineArgs),
	LayerLayerNorm:      joined([]string{"BeginNormAxis"}, affineArgs),
	LayerGroupNorm:      joined([]string{"Groups", "Epsilon", "ParamInitializers"}, affineArgs),
	LayerInstanceNorm:   joined([]string{"Epsilon", "ParamInitializers", "DataFormat"}, affineArgs),
	LayerUnitNorm:       {"Scope", "Epsilon"},
	LayerMaxPool2D:      joined(windowArgs, outputArgs),
	LayerAvgPool2D:      joined(windowArgs, outputArgs),
	LayerMaxPool3D:      joined(window3Args, outputArgs),
	LayerAvgPool3D:      joined(window3Args, outputArgs),
	LayerDropout:        joined([]string{"IsTraining", "KeepProb", "NoiseShape"}, outputArgs),
	LayerFlatten:        outputArgs,
	LayerSoftmax:        {"Scope"},
	LayerSpatialSoftmax: {"Scope", "Temperature", "Trainable", "VariablesCollections", "DataFormat"},
	LayerOneHotEncoding: joined([]string{"OnValue", "OffValue"}, outputArgs),
	LayerMaxout:         {"Scope"},
	LayerVariable:       storageArgs,
	LayerModelVariable:  storageArgs,
}
