package tutor

// restoring are the exercises of 05-choosing-what-to-restore.
func restoring() []exercise {
	return []exercise{{
		id:      "05.1",
		asks:    "which variables are left when the head and the last block are excluded?",
		start:   many(137),
		want:    many(125),
		because: "137 less the head's 2 and the last block's 10.",
		wrong: []mistake{
			{many(135), "135 are all but the head: the last block, Conv2d_13_depthwise and Conv2d_13_pointwise, is still there."},
			{many(127), "127 are all but the last block: the head is still there, and does not fit."},
			{many(130), "130: one layer of the last block is left, the depthwise or the pointwise one."},
			{many(12), "12 are those to be left out: Exclude, not Include."},
			{many(85), "85: Conv2d_1 is the start of Conv2d_10 … Conv2d_13 too, so that five blocks were left out."},
		},
		look: "The line that the selection shows says what each pattern matched.",
		hint: "`slim.Exclude` takes several patterns: `slim.Exclude(\"MobilenetV1/Logits\", \"MobilenetV1/…\")`.",
	}, {
		id:      "05.2",
		asks:    "how many of the 137 variables does exclude=['MobilenetV1/Conv2d_1'] leave?",
		want:    whole(87),
		because: "the pattern matches 50: those of Conv2d_1, Conv2d_10, Conv2d_11, Conv2d_12 and Conv2d_13.",
		wrong: []mistake{
			{whole(127), "127 would be right if the pattern meant the whole name. It means the start: Conv2d_10 begins so too."},
			{whole(137), "137: nothing excluded. But this pattern begins as the names do, so it matches."},
			{whole(50), "50 are those that are left out; how many remain?"},
			{whole(10), "10 is what the friend wants to leave out."},
			{whole(99), "99 counts Adam's variables too, which section 5 made: ask the model variables."},
		},
		look: "Count the variables whose names begin with MobilenetV1/Conv2d_1, whatever follows.",
		hint: "`slim.GetModelVariables(g, \"MobilenetV1/Conv2d_1\", \"\")` are those that are left out.",
	}, {
		id:      "05.3",
		asks:    "what does the plan do with the biases of the head?",
		want:    text("shape mismatch"),
		because: "six biases in the file, four here: the plan cannot be applied.",
		wrong: []mistake{
			{text("restore"), "it cannot be restored: how many biases are in the file, and how many here?"},
			{text("excluded"), "nothing is excluded here."},
			{text("missing"), "it is in the file, but with six elements."},
			{text("reshape"), "reshaping needs as many values in the file as here."},
		},
		look: "The last column of the plan in section 2.",
		hint: "run the plan of section 2 again, and look for the row.",
	}}
}
