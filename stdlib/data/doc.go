// Package data holds labelled pictures, in memory or on disk, and cuts them
// into batches.
//
//	flowers, err := data.Folder("flowers/train")        // a folder for each class
//	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 224, Width: 224})
//	train, check, err := flowers.With(p).Split(0.8, seed)
//	data.Balance(train)                                 // a table of classes
//	some, err := train.Sample(16, seed)
//	charts.NewGrid(some.Images, some.LabelNames(), charts.GridOptions{})
//
// What trains and evaluates takes a Source. There are two: a Dataset is in
// memory, already prepared; Pictures are decoded and prepared when they are
// asked for. Pictures come from
//
//	Folder      a folder with one folder for each class
//	CSV         a table of paths and labels
//	TFRecords   files of tf.Examples, as TF-Slim's scripts write them
//	Files       paths and labels that a program has
//	Images      pictures in memory
//	Dataset     a dataset's, with Dataset.With
//
// and a Dataset from OpenIDX (MNIST and its family) or Pictures.Dataset.
//
// # Order and chance
//
// Everything that is random takes a seed, and equal seeds give equal batches on
// any number of processors. The generator is PCG-DXSM of math/rand/v2: orders
// are its Perm, of the seed and the number of the epoch; what a training
// preprocessing draws for a picture is preprocessing.Random of the seed, the
// epoch and the picture's place.
//
// # Speed and memory
//
// An Epoch makes pictures on all processors, up to three batches ahead of what
// was asked for. What decoding takes at one time, in all, is at most 768 MB,
// which is the bound of one picture too; a photo of 40 megapixels takes 60 MB,
// or 300 MB if it is a progressive JPEG.
//
// # TF-Slim
//
//	slim.dataset.Dataset, DatasetDataProvider   Source, Epoch
//	datasets/dataset_utils.py                   Example, RecordReader, RecordWriter, ReadLabels, WriteLabels
//	download_and_convert_data.py                Pictures.WriteTFRecords
//	parallel_reader, prefetch_queue             Epoch
package data
