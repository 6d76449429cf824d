package tutor

// programs are the exercises of 13-notebook-to-program.
func programs() []exercise {
	return []exercise{{
		id:      "13.1",
		asks:    "how many times does \"if err\" stand in the program?",
		want:    whole(2),
		because: "one for each Open; Names returns no error.",
		wrong: []mistake{
			{whole(4), "Names returns no error: only the two calls of Open do."},
			{whole(1), "each call has an error of its own."},
			{whole(3), "3 lines, but the last one has no call that can fail."},
		},
		look: "Which calls of the cell return an error?",
		hint: "`strings.Count(export(cell), \"if err\")`.",
	}, {
		id:      "13.2",
		asks:    "what is the second rate called in the program?",
		want:    text("rate2"),
		because: "a name keeps its type in a Go program, so the second thing gets a name of its own.",
		wrong: []mistake{
			{text("rate"), "in a program rate is a number and stays one."},
			{text("rate1"), "the first keeps its name; counting begins with the second."},
			{text("rate_2"), "nearly: without the underscore."},
			{text("x2"), "that is the example's; this one is called rate."},
		},
		look: "Section 3, the second point.",
		hint: "export it: export(`rate := 0.01`, `rate := \"slow\"`).",
	}}
}
