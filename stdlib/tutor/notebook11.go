package tutor

// curves are the exercises of 11-training-curves.
func curves() []exercise {
	return []exercise{{
		id:      "11.1",
		asks:    "what loss do you expect at the first step with 200 classes?",
		want:    decimal{5.298317366548, 0.02},
		because: "guessing among n classes costs ln n.",
		wrong: []mistake{
			{decimal{7.6438561897747, 0.02}, "7.64 is the logarithm to base 2; losses take the natural one."},
			{decimal{2.301029995664, 0.02}, "2.30 is the logarithm to base 10; losses take the natural one: math.Log."},
			{decimal{1.386294361, 0.02}, "1.39 is for 4 classes."},
			{decimal{0.005, 0.0001}, "1/200 is the accuracy of guessing; the loss is its logarithm, with a minus."},
			{decimal{200, 1e-9}, "200 are the classes."},
		},
		look: "Section 1, the first look.",
		hint: "`math.Log` is the natural logarithm.",
	}, {
		id:      "11.2",
		asks:    "what is the matter with each of the three runs?",
		want:    inOrder{"too slow", "by heart", "healthy"},
		because: "a has hardly begun, b knows its pictures by heart, c is done.",
		wrong: []mistake{
			{inOrder{"healthy", "by heart", "too slow"}, "a is still near its first loss, so it is not done; c is."},
			{inOrder{"by heart", "too slow", "healthy"}, "b fits its own pictures perfectly and new ones worse and worse: that is not slow."},
			{inOrder{"not shuffled", "by heart", "healthy"}, "a saw would go up and down; a falls steadily, and too little."},
			{inOrder{"too slow", "by heart", "by heart"}, "in c the held-out loss is low and flat: nothing is the matter."},
		},
		look: "The table at the end: what falls, what rises?",
		hint: "compare the training loss with the held-out loss at the end of each run.",
	}}
}
