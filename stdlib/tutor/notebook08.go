package tutor

// vgg16 are the exercises of 08-vgg16-200-classes.
func vgg16() []exercise {
	return []exercise{{
		id:      "08.1",
		asks:    "how many of the 32 variables are restored without fc6, fc7 and fc8?",
		want:    whole(26),
		because: "13 convolutions, each with weights and biases.",
		wrong: []mistake{
			{whole(32), "32: nothing was excluded. That is what exclude=['fc6', 'fc7', 'fc8'] does in TF-Slim: the names begin with vgg_16/."},
			{whole(30), "30 are without fc8 only."},
			{whole(6), "6 are left out; how many of 32 remain?"},
			{whole(29), "29: each layer has two variables, weights and biases."},
			{whole(13), "13 are the layers: each has two variables."},
		},
		look: "Section 3, with more patterns.",
		hint: "`slim.Exclude` takes several patterns; each begins with `vgg_16/`.",
	}, {
		id:      "08.2",
		asks:    "what shape have the weights of fc6?",
		want:    shape{7, 7, 512, 4096},
		because: "a 7×7 convolution over a 7×7 map of 512 channels.",
		wrong: []mistake{
			{shape{1, 1, 4096, 4096}, "that is fc7."},
			{shape{25088, 4096}, "25088 = 7·7·512: right as a matrix; TF-Slim keeps it as a convolution, with four axes."},
			{shape{4096}, "these are its biases."},
			{shape{3, 3, 512, 512}, "that is a layer of conv5."},
		},
		look: "A variable knows its shape.",
		hint: "`g.Variable(\"vgg_16/fc6/weights\").Shape()`.",
	}, {
		id:      "08.3",
		asks:    "how many values does the new head have?",
		want:    whole(819400),
		because: "4096 · 200 weights and 200 biases.",
		wrong: []mistake{
			{whole(819200), "819200 are the weights; there are 200 biases besides."},
			{whole(4097000), "4097000 would be the old head, of 1000 classes."},
			{whole(2), "2 are its variables; it is their values that are asked for."},
			{whole(200), "200 are its biases."},
		},
		look: "head lists two variables, and each has a Size().",
		hint: "add up `v.Size()` for each `v` in `head`.",
	}}
}
