package tutor

// rates are the exercises of 10-learning-rate.
func rates() []exercise {
	return []exercise{{
		id:      "10.1",
		asks:    "what is the rate of stairs at step 350?",
		want:    decimal{0.00125, 1e-6},
		because: "three whole hundreds have gone by: 0.01 / 2 / 2 / 2.",
		wrong: []mistake{
			{decimal{0.000883883, 1e-6}, "0.00088 is 0.01 · 0.5^3.5: without Staircase it would be so."},
			{decimal{0.000625, 1e-6}, "0.000625 is that of step 400: with Staircase only whole hundreds count."},
			{decimal{0.01, 1e-9}, "0.01 is the rate at step 0."},
			{decimal{0.0025, 1e-9}, "0.0025 is after two hundreds."},
		},
		look: "A schedule has a method Rate(step).",
		hint: "`stairs.Rate(350)`, or count the whole hundreds.",
	}, {
		id:      "10.2",
		asks:    "how many steps are two epochs of 3,320 pictures in batches of 32?",
		want:    whole(207),
		because: "6640 pictures in 207 whole batches.",
		wrong: []mistake{
			{whole(103), "103 is one epoch."},
			{whole(208), "208 is rounded up; TF-Slim rounds down."},
			{whole(206), "206 is twice 103: TF-Slim divides once, at the end."},
			{whole(2), "2 are epochs: schedules count steps."},
			{whole(6640), "6640 are the pictures; a step takes 32 of them."},
		},
		look: "An epoch goes through all pictures once.",
		hint: "pictures in two epochs, divided by the size of a batch.",
	}}
}
