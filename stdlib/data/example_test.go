package data_test

import (
	"fmt"
	"image"
	"io"
	"log"

	"graft/stdlib/data"
	"graft/stdlib/preprocessing"
)

// Six grey pictures of two classes, in batches of four.
func Example() {
	var images []image.Image
	labels := []int{0, 0, 0, 1, 1, 1}
	for i := range labels {
		img := image.NewGray(image.Rect(0, 0, 40, 30))
		for k := range img.Pix {
			img.Pix[k] = byte(51 * i)
		}
		images = append(images, img)
	}
	photos, err := data.Images(images, labels, []string{"dark", "bright"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 8, Width: 8})
	if err != nil {
		log.Fatal(err)
	}
	epoch, err := photos.With(p).Epoch(data.EpochOptions{BatchSize: 4})
	if err != nil {
		log.Fatal(err)
	}
	defer epoch.Close()
	for {
		b, err := epoch.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(b.Images.Shape(), b.Labels.Data(), b.Places)
	}
	// Output:
	// (4, 8, 8, 3) [0 0 0 1] [0 1 2 3]
	// (2, 8, 8, 3) [1 1] [4 5]
}

func ExampleBalance() {
	photos, err := data.Files([]string{"a.jpg", "b.jpg", "c.jpg", "d.jpg"}, []int{0, 0, 0, 1}, []string{"rose", "tulip"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(data.Balance(photos))
	// Output:
	// 4 examples of 2 classes; the largest class is 3 times the smallest; always saying it is right for 75.0 %
	// class  examples   share  weight
	// rose          3  75.0 %   0.667
	// tulip         1  25.0 %   2.000
}
