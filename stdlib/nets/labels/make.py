"""The names of ImageNet's classes, as TF-Slim's datasets/imagenet.py makes them. usage: make.py DIR > imagenet.txt

DIR is research/slim/datasets of github.com/tensorflow/models (Apache License 2.0), with imagenet_lsvrc_2015_synsets.txt
and imagenet_metadata.txt (the latter is in research/inception/inception/data since 2017; commit f87a58c was used).
Line 0 is the background, lines 1 to 1000 are the synsets of ILSVRC 2012 in the order of their numbers.
"""
import os
import sys

names = dict(l.rstrip("\n").split("\t") for l in open(os.path.join(sys.argv[1], "imagenet_metadata.txt")))
synsets = [l.strip() for l in open(os.path.join(sys.argv[1], "imagenet_lsvrc_2015_synsets.txt"))]
assert len(names) == 21842 and len(synsets) == 1000 and synsets == sorted(synsets)
print("\n".join(["background"] + [names[s] for s in synsets]))
