package preprocessing_test

import (
	"fmt"
	"image"
	"image/color"
	"log"

	"graft/stdlib/preprocessing"
)

// A red picture, as MobileNet wants it.
func Example() {
	photo := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for i := range photo.Pix {
		photo.Pix[i] = []byte{255, 0, 0, 255}[i%4]
	}
	photo.Set(0, 0, color.White) // outside of the central 87.5 %
	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 224, Width: 224})
	if err != nil {
		log.Fatal(err)
	}
	x, err := p.ApplyImage(photo, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p, x.Shape(), x.Data().([]float32)[:3])
	// Output: inception 224×224, central 0.875 (224, 224, 3) [1 -1 -1]
}

// What happens in training to one picture in three epochs.
func ExampleRandom() {
	p, err := preprocessing.Get("vgg", preprocessing.Options{Height: 2, Width: 2, IsTraining: true, ResizeSideMin: 2, ResizeSideMax: 4})
	if err != nil {
		log.Fatal(err)
	}
	photo := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range photo.Pix {
		photo.Pix[i] = byte(10 * i)
	}
	for epoch := range uint64(3) {
		x, err := p.ApplyImage(photo, preprocessing.Random(1, epoch, 0))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%.0f\n", x.Data().([]float32)[0]+123.68)
	}
	// Output:
	// 110
	// 30
	// 0
}
