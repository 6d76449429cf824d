package tutor

// inception are the exercises of 09-inception-mixed-7c.
func inception() []exercise {
	return []exercise{{
		id:      "09.1",
		asks:    "how many variables has Mixed_7c?",
		want:    whole(36),
		because: "nine convolutions, each with weights, beta, moving mean and moving variance.",
		wrong: []mistake{
			{whole(388), "388 are all variables of the network."},
			{whole(96), "96 are Mixed_7a, 7b and 7c together."},
			{whole(18), "18 are the trainable ones; the statistics are variables too."},
			{whole(9), "9 are its convolutions; each has four variables."},
			{whole(45), "45 would be with gamma, which Inception's normalisation has not."},
		},
		look: "Its variables begin with InceptionV3/Mixed_7c/.",
		hint: "`slim.GetModelVariables(g, \"InceptionV3/Mixed_7c/\", \"\")` lists them.",
	}, {
		id:      "09.2",
		asks:    "which trainable variables have Mixed_7c and both heads?",
		start:   many(196),
		want:    many(26),
		because: "18 of Mixed_7c, 2 of Logits, 6 of AuxLogits.",
		wrong: []mistake{
			{many(18), "18 are Mixed_7c's: the heads must learn too."},
			{many(20), "20: one of the two heads is missing, the auxiliary one."},
			{many(24), "24: one of the two heads is missing, Logits."},
			{many(8), "8 are the heads."},
			{many(48), "48 are with the moving statistics: ask TrainableVariables."},
			{many(56), "56 are Mixed_7a, 7b and 7c, and both heads."},
		},
		look: "Section 3 names the two heads.",
		hint: "a pattern may list several: `InceptionV3/(Mixed_7c|Logits|AuxLogits)/`.",
	}, {
		id:      "09.3",
		asks:    "how many of 388 variables does TF-Slim restore?",
		want:    whole(376),
		because: "the heads' 12 are excluded, and 'Mixed_7c' matches nothing.",
		wrong: []mistake{
			{whole(388), "388: that is what TF-Slim does with 'Mixed_7c' alone; the two other patterns begin as the names do."},
			{whole(340), "340 would be it if 'Mixed_7c' matched; it does not, for the names begin with InceptionV3/."},
			{whole(12), "12 are left out; how many remain?"},
			{whole(352), "352 is for InceptionV3/Mixed_7c alone."},
			{whole(386), "386: AuxLogits has variables too, ten of them."},
		},
		look: "slim.GetVariablesToRestore does as TF-Slim.",
		hint: "`slim.GetVariablesToRestore(g, nil, []string{…})`, with the three patterns.",
	}}
}
