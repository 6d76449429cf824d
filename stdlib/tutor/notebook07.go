package tutor

// batchNorm are the exercises of 07-batch-norm.
func batchNorm() []exercise {
	return []exercise{{
		id:      "07.1",
		asks:    "how many batch normalisations has the network?",
		want:    whole(27),
		because: "one behind each convolution but the last: 1 + 13 + 13.",
		wrong: []mistake{
			{whole(28), "28 are all convolutions; the last one, the head, has biases instead."},
			{whole(54), "54 are the statistics: each normalisation has two."},
			{whole(108), "108 are the variables: each normalisation has four."},
			{whole(14), "14 are the blocks: from the second on each has two convolutions."},
		},
		look: "Each batch normalisation has exactly one moving_mean.",
		hint: "count the variables whose names end in `moving_mean`: `slim.GetVariables(used.g, \"\", \"moving_mean\")`.",
	}, {
		id:      "07.2",
		asks:    "what is the moving mean after 10 batches?",
		want:    decimal{0.6513215599, 1e-3},
		because: "1 - 0.9¹⁰: after ten steps a third of the old value is still there.",
		wrong: []mistake{
			{decimal{1, 1e-6}, "1 is what it comes near to, after many more batches."},
			{decimal{0.1, 1e-6}, "0.1 is it after one batch."},
			{decimal{0.3486784401, 1e-3}, "0.349 is 0.9¹⁰, what is left of the old value."},
			{decimal{0.9, 1e-6}, "0.9 is the decay."},
		},
		look: "Section 5 has the formula; apply it ten times.",
		hint: "a loop: `for range 10 { moving = 0.9*moving + 0.1*1 }`.",
	}, {
		id:      "07.3",
		asks:    "how many update operations has the network in training mode?",
		want:    whole(54),
		because: "two for each of 27 normalisations: one for the mean, one for the variance.",
		wrong: []mistake{
			{whole(27), "27 are the normalisations: each updates a mean and a variance."},
			{whole(108), "108 are all variables of the normalisations; gamma and beta are changed by gradients."},
		},
		look: "Update operations are nodes, in a collection of their own.",
		hint: "`training.g.NodeCollection(graph.UpdateOps, \"\")`.",
	}}
}
