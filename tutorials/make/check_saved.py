"""TensorFlow reads a checkpoint that another program wrote, and says what is in it.

    python check_saved.py PREFIX                    # lists name, type, shape, mean of every tensor
    python check_saved.py PREFIX --with OTHER       # compares with another checkpoint's values
    python check_saved.py PREFIX --with FILE.npz    # … or an npz whose keys are the variables' names (/ or | between scopes)
    options: --tolerance T (largest absolute difference, default 0), --subset (OTHER may hold more tensors)

PREFIX is what a Saver takes: no .index, no .data; a V1 checkpoint's file name; or a folder with a `checkpoint` file.
Every tensor is read twice, by the reader and by the op that a Saver restores with (RestoreV2), which verifies the
checksums. Exit status 0: all read, and equal where compared. Python 3.11, requirements.txt beside this file.
"""
import argparse
import os
import sys

from slim_on_tf2 import np, session, tf


def resolve(path):
    if os.path.isdir(path):
        found = tf.train.latest_checkpoint(path)
        if not found:
            sys.exit("%s: no checkpoint file, or the one it names is not there" % path)
        return found
    return path


def read(path):
    """{name: array} of a checkpoint or an npz."""
    if path.endswith(".npz"):
        with np.load(path) as z:
            return {k.replace("|", "/"): z[k] for k in z.files}
    reader = tf.train.NewCheckpointReader(path)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def restored(path, tensors):
    """The same values by one RestoreV2."""
    names = sorted(tensors)
    types = [tf.train.NewCheckpointReader(path).get_variable_to_dtype_map()[n] for n in names]
    with tf.Graph().as_default(), session() as s:
        out = tf.raw_ops.RestoreV2(prefix=path, tensor_names=names, shape_and_slices=[""] * len(names), dtypes=types)
        return dict(zip(names, s.run(out)))


def same(a, b, tolerance):
    """None, or how two arrays differ."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return "%s%s, other %s%s" % (a.dtype, list(a.shape), b.dtype, list(b.shape))
    if a.dtype.kind in "OSU" or tolerance == 0:
        return None if a.tobytes() == b.tobytes() or np.array_equal(a, b) else "values differ"
    worst = float(np.max(np.abs(a.astype(np.float64) - b), initial=0))
    return None if worst <= tolerance else "largest difference %.3g" % worst


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("prefix")
    p.add_argument("--with", dest="other")
    p.add_argument("--tolerance", type=float, default=0)
    p.add_argument("--subset", action="store_true")
    a = p.parse_args()
    path = resolve(a.prefix)
    got = read(path)
    wrong = [n for n, v in restored(path, got).items() if same(v, got[n], 0)]
    for name in sorted(got):
        v = np.asarray(got[name])
        mean = "%.6g" % v.mean() if v.size and v.dtype.kind in "fiu" else "-"
        print("%-70s %-8s %-16s mean %s" % (name, v.dtype, list(v.shape), mean))
    print("%s: %d tensors, %d values" % (path, len(got), sum(np.asarray(v).size for v in got.values())))
    for n in wrong:
        print("DIFFERS between reader and RestoreV2: " + n)
    if not a.other:
        return bool(wrong)
    want = read(a.other if a.other.endswith(".npz") else resolve(a.other))
    bad = ["%s: only in %s" % (n, path) for n in sorted(got.keys() - want.keys())]
    if not a.subset:
        bad += ["%s: only in %s" % (n, a.other) for n in sorted(want.keys() - got.keys())]
    for n in sorted(got.keys() & want.keys()):
        how = same(got[n], want[n], a.tolerance)
        if how:
            bad.append("%s: %s" % (n, how))
    for line in bad:
        print("DIFFERS " + line)
    print("%d of %d tensors equal those of %s" % (len(got) - len([b for b in bad if "only in " + a.other not in b]), len(got), a.other))
    return bool(bad or wrong)


if __name__ == "__main__":
    sys.exit(main())
