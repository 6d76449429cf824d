package tutor

// scopes are the exercises of 04-scopes-and-arg-scopes.
func scopes() []exercise {
	return []exercise{{
		id:      "04.1",
		asks:    "what is the full name of the weights?",
		want:    text("net/encoder/conv5/weights"),
		because: "scopes from the outside in, then the layer, then the variable.",
		wrong: []mistake{
			{text("net/encoder/conv5"), "that is the layer; its variables are called weights and biases."},
			{text("encoder/net/conv5/weights"), "the outermost scope stands first: encoder is inside net."},
			{text("encoder/conv5/weights"), "encoder itself is inside net."},
			{text("conv5/weights"), "the scopes that the layer is in are missing."},
			{text("net/encoder/conv5/kernel"), "kernel is the name in tf.layers and Keras; TF-Slim says weights."},
		},
		look: "Section 2: block/Conv/weights.",
		hint: "write the scopes from the outermost to the layer's own, with / between, and `weights` at the end.",
	}, {
		id:      "04.2",
		asks:    "how many model variables has such a convolution, and how many are trainable?",
		want:    shape{5, 3},
		because: "weights, gamma, beta, and the two moving statistics, which no gradient changes.",
		wrong: []mistake{
			{shape{6, 4}, "6 counts biases: where a normalisation follows there are none."},
			{shape{4, 2}, "without Scale there is no gamma; here Scale is on."},
			{shape{5, 5}, "moving_mean and moving_variance are not trainable."},
			{shape{3, 3}, "the moving statistics are model variables too: the network cannot do without them."},
			{shape{2, 2}, "weights and biases are what a convolution without a normalisation has."},
			{shape{3, 5}, "the other way round: first all model variables, then the trainable ones."},
		},
		look: "MobilenetV1/Conv2d_0 in the graph right is such a convolution.",
		hint: "ask the graph `right`: `slim.GetModelVariables(right, \"MobilenetV1/Conv2d_0/\", \"\")`, then `slim.GetTrainableVariables`.",
	}, {
		id:      "04.3",
		asks:    "how many tensors of the checkpoint stay unused?",
		want:    whole(123),
		because: "138 in the file, of which the three layers take 15.",
		wrong: []mistake{
			{whole(135), "135 is without the arg scope: then only three tensors are used, the weights."},
			{whole(15), "15 are used; how many of 138 remain?"},
			{whole(122), "122: global_step is a tensor of the file too, and unused."},
			{whole(138), "138 are all tensors of the file."},
		},
		look: "A plan has a list of what is unused in the file.",
		hint: "`plan.Unused` is the list; `len` counts.",
	}}
}
