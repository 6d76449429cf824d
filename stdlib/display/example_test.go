package display_test

import (
	"fmt"

	"gorgonia.org/tensor"

	"graft/stdlib/display"
)

// Without a notebook, what is shown is its text.
func ExampleShow() {
	t := display.Table{Caption: "two classes", Header: []string{"class", "pictures"}, Rows: [][]string{{"cat", "120"}, {"dog", "98"}}}
	h, err := display.Show(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	t.Rows = append(t.Rows, []string{"fox", "7"})
	t.Caption = "three classes"
	if err := h.Update(t); err != nil {
		fmt.Println(err)
	}
	// Output:
	// two classes
	// class  pictures
	// cat         120
	// dog          98
	// three classes
	// class  pictures
	// cat         120
	// dog          98
	// fox           7
}

func ExampleRender() {
	weights := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{0.5, -1.25, 3, 0, 1, 2}))
	fmt.Println(display.Render(weights)["text/plain"])
	// Output:
	// float32 [2 3]
	// [[ 0.5  -1.25  3.  ]
	//  [ 0.    1.    2.  ]]
}

func ExampleLaTeX() {
	fmt.Println(display.LaTeX(`\frac{a}{b}`).MIME()["text/latex"])
	// Output: $\displaystyle \frac{a}{b}$
}

func ExampleProgress() {
	p := display.NewProgress(4, "epochs")
	for epoch := range 4 {
		fmt.Println("training epoch", epoch)
		p.Add(1)
	}
	p.Done("loss 0.31")
}
