package charts_test

import (
	"fmt"

	"graft/stdlib/charts"
)

func ExampleCurves() {
	c := charts.Curves{Title: "Two learning rates", XLabel: "step", YLabel: "loss"}
	for step := range 4 {
		c.Add("1e-2", float64(step), 2.0/float64(step+1))
		c.Add("1e-3", float64(step), 2.0-0.1*float64(step))
	}
	// As the last line of a cell, c is a picture; as text:
	fmt.Println(c)
	// Output:
	// Two learning rates
	//   loss, 1e-2: 4 points, first 2 at 0, last 0.5 at 3, lowest 0.5 at 3, highest 2 at 0
	//   loss, 1e-3: 4 points, first 2 at 0, last 1.7 at 3, lowest 1.7 at 3, highest 2 at 0
}

func ExampleNewConfusion() {
	m, err := charts.NewConfusion([]string{"cat", "dog"}, []int{0, 0, 1, 1, 1}, []int{0, 1, 1, 1, 0})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m)
	fmt.Println(m.PerClass())
	// Output:
	// confusion matrix, accuracy 60.0 % of 5 pictures
	// true \ predicted  cat  dog
	// cat                 1    1
	// dog                 1    2
	// class  pictures  precision  recall     F1
	// cat           2      0.500   0.500  0.500
	// dog           3      0.667   0.667  0.667
}

func ExampleHistogram() {
	h, err := charts.Histogram([]float64{1, 2, 2, 3, 3, 3}, "grades")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h)
	// Output: grades: 6 values from 1 to 3, mean 2.33, standard deviation 0.745
}
