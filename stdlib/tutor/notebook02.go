package tutor

// checkpoints are the exercises of 02-checkpoints.
func checkpoints() []exercise {
	return []exercise{{
		id:      "02.1",
		asks:    "how many of the 138 tensors are moving means and moving variances?",
		want:    whole(54),
		because: "27 layers have a batch normalisation, each with a moving mean and a moving variance.",
		wrong: []mistake{
			{whole(27), "27 is the number of layers with a batch normalisation: each has two statistics."},
			{whole(108), "108 counts beta and gamma too, which training changes by gradients."},
			{whole(138), "138 are all tensors of the checkpoint."},
			{whole(56), "56 is 2 for each of 28 layers; the last layer, Logits, has no batch normalisation."},
		},
		look: "Look at the table in section 1: what do the names of such tensors have in common?",
		hint: "go through `reader.Names()` and count the names in which `strings.Contains(name, \"/moving_\")`.",
	}, {
		id:      "02.2",
		asks:    "what shape have the weights of the last layer?",
		want:    shape{1, 1, 256, 6},
		because: "a 1×1 convolution makes 6 scores of 256 features.",
		wrong: []mistake{
			{shape{6}, "[6] is the shape of its biases."},
			{shape{256, 6}, "nearly: TF-Slim's last layer is a convolution, so that there are a height and a width before, both 1."},
			{shape{6, 256, 1, 1}, "that is PyTorch's order; TensorFlow has height, width, inputs, outputs."},
			{shape{1, 1, 256, 4}, "4 classes are what the first notebook trains; the checkpoint has 6."},
			{shape{1, 1, 256, 256}, "that is Conv2d_13_pointwise, the layer before."},
		},
		look: "The layer is called MobilenetV1/Logits/Conv2d_1c_1x1.",
		hint: "`shapes` maps names to shapes; the name ends in `Logits/Conv2d_1c_1x1/weights`.",
	}, {
		id:      "02.3",
		asks:    "for how many steps was this network trained?",
		want:    whole(7868),
		because: "the tensor global_step counts them.",
		wrong: []mistake{
			{whole(7), "7 is the last step that this notebook saved itself; the question is about the checkpoint of section 1."},
			{whole(8), "8 is the number of bytes of global_step."},
			{whole(14), "14 is the number of times that it saw all pictures; each time takes many steps."},
		},
		look: "The number of steps is a tensor of the checkpoint.",
		hint: "read the tensor `global_step` as in section 4, with `Int64s()`; the result is a list, of which you want element `[0]`.",
	}}
}
