"""The pictures of the first tutorial's target task, taken from Fashion-MNIST's own files.

    python make_data.py [--out FOLDER]

Written to FOLDER (default: tutorials/data/first_transfer): train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz,
test-images-idx3-ubyte.gz, test-labels-idx1-ubyte.gz (labels count within labels.txt), labels.txt and source-labels.txt
(one class a line). The first pictures of each class in Fashion-MNIST's order, one class after the other in turn, so that
any first 4n pictures hold n of each class. Training pictures come from its training file, test pictures from its test file.
"""
import argparse
import os

import fashion
from first_transfer import FOLDER, SOURCE, TARGET, names, pictures
from slim_on_tf2 import np

PER_CLASS = {"train": ("train", 100), "test": ("t10k", 250)}  # ours: (theirs, pictures of each class)


def in_turn(split, classes, each):
    pixels, labels = pictures(split, classes)
    rows = np.stack([np.flatnonzero(labels == c)[:each] for c in range(len(classes))], 1).reshape(-1)
    return pixels[rows], labels[rows]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", default=FOLDER)
    out = p.parse_args().out
    os.makedirs(out, exist_ok=True)
    for ours, (theirs, each) in PER_CLASS.items():
        pixels, labels = in_turn(theirs, TARGET, each)
        fashion.write_idx(os.path.join(out, ours + "-images-idx3-ubyte.gz"), pixels)
        fashion.write_idx(os.path.join(out, ours + "-labels-idx1-ubyte.gz"), labels)
        print("%s: %d pictures, %d of each class" % (ours, len(labels), each))
    for name, classes in (("labels.txt", TARGET), ("source-labels.txt", SOURCE)):
        with open(os.path.join(out, name), "w") as f:
            f.writelines(n + "\n" for n in names(classes))


if __name__ == "__main__":
    main()
