package nets

import (
	_ "embed"
	"strings"
)

// imageNetNames has the names of ImageNet's classes, one a line, 21 KB: labels/
// make.py makes it of TF-Slim's own files.
//
//go:embed labels/imagenet.txt
var imageNetNames string

// ImageNetLabels are the names of the classes of ILSVRC 2012, [1001], as
// TF-Slim numbers them (datasets/imagenet.py): 0 is the background, 1 the
// tench. A net with 1000 classes has no background: its class i is label i+1,
// which Net.LabelsOffset says.
func ImageNetLabels() []string { return strings.Split(strings.TrimSuffix(imageNetNames, "\n"), "\n") }

// Labels are the names of the net's classes in TF-Slim's checkpoint,
// [NumClasses]: ImageNet's for nets of 1000 and 1001 classes, nil for others.
func (n Net) Labels() []string {
	if all := ImageNetLabels(); n.NumClasses+n.LabelsOffset == len(all) {
		return all[n.LabelsOffset:]
	}
	return nil
}
