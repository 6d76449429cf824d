// Package preprocessing makes pictures what nets want: TF-Slim's vgg,
// inception, lenet and cifarnet preprocessing, for training and for
// evaluation, and the operations of tf.image that they are made of.
//
//	photo, err := preprocessing.ReadImage("owl.jpg")                       // [384, 512, 3], uint8
//	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 224, Width: 224})
//	x, err := p.Apply(photo, nil)                                          // [224, 224, 3], float32 in [-1, 1]
//
// Which one a net wants is in its description: nets.Lookup(name) has its
// Preprocessing and its ImageSize, and nets.Open does all this in one call.
//
// # Pictures
//
// A picture is a tensor [height, width, channels] of uint8 or float32; decoded
// ones are uint8 with three channels. As in TensorFlow the dtype says the
// range: uint8 is 0 … 255, float32 is [0, 1] for what works on colours
// (inception, saturation, hue) and 0 … 255 for what does not care (vgg, lenet,
// cifarnet). ConvertImageDType changes from one to the other.
//
// # Random numbers
//
// What is random takes a *rand.Rand of math/rand/v2; Random makes one of a
// seed, an epoch and an example, so that augmentation does not depend on the
// order in which pictures are made. TensorFlow's random numbers are others;
// the distributions are the same.
//
// # JPEG
//
// TensorFlow decodes JPEG with libjpeg-turbo's fast inverse DCT, which is not
// exact, and so does this package: pixels are equal to the last bit. Programs
// with libjpeg's own default, such as Pillow, differ by a level on average. A
// file whose data are broken is an error here; libjpeg warns, and invents what
// is missing.
package preprocessing
