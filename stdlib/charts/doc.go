// Package charts draws the pictures of training and evaluation: curves, a
// training run while it goes on, confusion matrices, grids of pictures,
// histograms, bars, what layers answer and their filters, maps of heat over a
// photo, features in a plane, a net's layers. Each is a value that shows itself as the last line of
// a cell, or through display.Show, as a PNG at twice the screen's resolution
// with a text for where no picture can be.
//
//	t := charts.NewTraining("fine-tuning the head")
//	for step := range 500 {
//		loss := train()
//		t.Loss(step, loss) // one picture, redrawn as it grows
//	}
//	t.Close()
//
// The colours are those of Okabe and Ito ("Color Universal Design", 2008),
// which stay apart under every common form of colour blindness, without their
// yellow, which white paper swallows. Pictures have a white ground, so that
// they read the same on light and dark pages and on paper.
//
// The letters are Liberation Sans, which is part of the binary: Latin, Greek,
// Cyrillic and Hebrew. Others, such as Chinese, come from the fonts of the
// machine (display.TextHandler); without one that has them they are boxes, and
// a warning says which font would do.
//
// For everything else there is gonum.org/v1/plot, whose plots show themselves
// too.
package charts
