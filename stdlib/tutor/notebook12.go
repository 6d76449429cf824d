package tutor

// pictures are the exercises of 12-your-own-pictures.
func pictures() []exercise {
	return []exercise{{
		id:      "12.1",
		asks:    "how accurate is a network that always says \"dog\"?",
		want:    decimal{0.9, 1e-6},
		because: "it is right for 900 of 1000, and has learned nothing: compare with this before you are proud of 90 %.",
		wrong: []mistake{
			{decimal{0.5, 1e-6}, "0.5 would be so with as many cats as dogs."},
			{decimal{0.1, 1e-6}, "0.1 is the share of cats, which it gets wrong."},
			{decimal{90, 1e-6}, "as a fraction: 0.9 rather than 90."},
			{decimal{1, 1e-6}, "it is wrong for every cat."},
		},
		look: "For how many of the 1000 pictures is it right?",
		hint: "right ones by all: 900 of 1000.",
	}, {
		id:      "12.2",
		asks:    "what becomes of a pixel of 51?",
		want:    decimal{-0.6, 1e-6},
		because: "51/255 is 0.2, less a half, times two.",
		wrong: []mistake{
			{decimal{0.2, 1e-6}, "0.2 is 51/255; inception's range is -1 … 1."},
			{decimal{-0.3, 1e-6}, "-0.3: times two is missing."},
			{decimal{0.6, 1e-6}, "51 is darker than grey, so the result is below 0."},
			{decimal{-72.68, 0.01}, "that is vgg's: 51 less the mean of red, 123.68."},
		},
		look: "0 becomes -1, 255 becomes 1.",
		hint: "(x/255 - 0.5) · 2.",
	}, {
		id:      "12.3",
		asks:    "what are the classes of folder, in the order of their labels?",
		want:    inOrder{"Bag", "Coat", "Sneaker", "Trouser"},
		because: "classes are the folders, in the order of their names.",
		wrong: []mistake{
			{inOrder{"Trouser", "Coat", "Sneaker", "Bag"}, "that is the order of labels.txt; a folder has its own, that of the names."},
		},
		look: "The table of section 1.",
		hint: "`data.Folder(folder).ClassNames()`.",
	}}
}
