package tutor

// variables are the exercises of 03-variables-and-collections.
func variables() []exercise {
	return []exercise{{
		id:      "03.1",
		asks:    "which of the three variables are trainable, but no model variables?",
		want:    names{"my_trainable"},
		because: "training changes my_trainable, and slim.GetModelVariables does not list it.",
		wrong: []mistake{
			{names{"my_trainable", "weights"}, "these are all trainable ones; weights is a model variable, which a restore takes."},
			{names{"weights"}, "weights is the one model variable; it is the others that are asked for."},
			{names{"my_non_trainable", "my_trainable"}, "both are no model variables, but my_non_trainable is not trainable: it was made with NotTrainable."},
			{names{"my_non_trainable"}, "my_non_trainable was made with NotTrainable: training leaves it alone."},
		},
		look: "Compare two rows of the table in section 2.",
		hint: "take the trainable variables and leave out those that `slim.GetModelVariables(g, \"\", \"\")` lists. Or read the table in section 2, and write `[]*graph.Variable{…}`.",
	}, {
		id:    "03.2",
		asks:  "which trainable variables has the last block?",
		start: many(83),
		want: names{
			"MobilenetV1/Conv2d_13_depthwise/depthwise_weights", "MobilenetV1/Conv2d_13_depthwise/BatchNorm/gamma", "MobilenetV1/Conv2d_13_depthwise/BatchNorm/beta",
			"MobilenetV1/Conv2d_13_pointwise/weights", "MobilenetV1/Conv2d_13_pointwise/BatchNorm/gamma", "MobilenetV1/Conv2d_13_pointwise/BatchNorm/beta",
		},
		because: "two layers, each with weights, gamma and beta.",
		wrong: []mistake{
			{many(30), "30 is five blocks: Conv2d_1 is the start of Conv2d_10 … Conv2d_13 too."},
			{many(10), "10 are with the moving statistics, which are model variables, but not trainable."},
			{many(3), "3 is one of the two layers: the block is a depthwise and a pointwise convolution."},
			{many(2), "2 are the weights or the gammas only: leave the suffix out."},
		},
		look: "The names begin with MobilenetV1/Conv2d_13_.",
		hint: "the scope is a beginning that both layers share: `MobilenetV1/Conv2d_13_`.",
	}, {
		id:      "03.3",
		asks:    "what is the penalty L2(0.05) of 900 ones?",
		want:    decimal{22.5, 1e-3},
		because: "0.05 · 900 / 2.",
		wrong: []mistake{
			{decimal{45, 1e-3}, "45 is 0.05 · 900: TensorFlow's l2_loss halves the sum of squares."},
			{decimal{1.5, 1e-3}, "1.5 is 0.05 · √900, the length: TensorFlow takes half the square of it."},
			{decimal{450, 1e-3}, "450 is 900 / 2: the scale 0.05 is missing."},
		},
		look: "The documentation of slim.L2 says what it computes: put the cursor on it and press Shift-Tab.",
		hint: "the penalty is scale · Σw² / 2.",
	}}
}
