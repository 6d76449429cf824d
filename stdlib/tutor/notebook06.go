package tutor

// training are the exercises of 06-training-one-scope.
func training() []exercise {
	return []exercise{{
		id:    "06.1",
		asks:  "which variables are trained when the head and the last two blocks learn?",
		start: many(2),
		want: names{
			"MobilenetV1/Logits/Conv2d_1c_1x1/weights", "MobilenetV1/Logits/Conv2d_1c_1x1/biases",
			"MobilenetV1/Conv2d_12_depthwise/depthwise_weights", "MobilenetV1/Conv2d_12_depthwise/BatchNorm/gamma", "MobilenetV1/Conv2d_12_depthwise/BatchNorm/beta",
			"MobilenetV1/Conv2d_12_pointwise/weights", "MobilenetV1/Conv2d_12_pointwise/BatchNorm/gamma", "MobilenetV1/Conv2d_12_pointwise/BatchNorm/beta",
			"MobilenetV1/Conv2d_13_depthwise/depthwise_weights", "MobilenetV1/Conv2d_13_depthwise/BatchNorm/gamma", "MobilenetV1/Conv2d_13_depthwise/BatchNorm/beta",
			"MobilenetV1/Conv2d_13_pointwise/weights", "MobilenetV1/Conv2d_13_pointwise/BatchNorm/gamma", "MobilenetV1/Conv2d_13_pointwise/BatchNorm/beta",
		},
		because: "2 of the head, 6 of each block.",
		wrong: []mistake{
			{many(8), "8 are the head and one block: there is another."},
			{many(12), "12 are the two blocks: the head must learn too, its classes are new."},
			{many(22), "22 are with the moving statistics: ask TrainableVariables, not ModelVariables."},
			{many(83), "83 are all: this would train the whole network."},
		},
		look: "Put three lists together, as section 6 does with two.",
		hint: "`slices.Concat(head, lastBlock, …)` with one more query, of the scope `MobilenetV1/Conv2d_12_`.",
	}, {
		id:      "06.2",
		asks:    "how many variables of its own does Adam keep for 14?",
		want:    whole(30),
		because: "two for each, and the two counters beta1_power and beta2_power.",
		wrong: []mistake{
			{whole(28), "28 are the two for each variable; Adam has two counters besides."},
			{whole(14), "14: Momentum keeps one for each; Adam keeps two."},
			{whole(16), "16: Adam keeps two for each, not one."},
			{whole(6), "6 are those of the head alone, in section 2."},
		},
		look: "Section 2 lists what Adam keeps for the head's two variables.",
		hint: "section 2 shows 6 for 2 variables: which of them are there only once?",
	}, {
		id:      "06.3",
		asks:    "what does Minimize say when a variable stands twice in the list?",
		want:    says{"stands twice"},
		because: "each variable may be changed once in a step.",
		wrong: []mistake{
			{says{"No variables to optimize"}, "that is the error for an empty list."},
			{says{"matches none"}, "that is the error of a scope that matches nothing; the list must hold the head twice."},
		},
		look: "slices.Concat(head, head) is the head twice.",
		hint: "`_, err := train.Adam(0.01).Minimize(loss, slices.Concat(head, head)...)`: the second result of a call is its error.",
	}}
}
