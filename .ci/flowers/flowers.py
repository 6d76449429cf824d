"""Five flowers from pictures on disk: graft beside TensorFlow, in one run.

    python .ci/flowers/flowers.py [--shared ../shared] [--rounds 3]     # TensorFlow 2.15.1 and TF-Slim 1.1.0: tutorials/make/requirements.txt

Both restore MobileNet V1 0.25 at 128×128, decode 300 pictures to learn from and 300 to be judged by, train the head for 300 steps of
30 pictures (Adam 0.001, a head of zeros), and judge it. TensorFlow does so in two ways: as TF-Slim's scripts do, with the whole net in
each step (its pictures decoded once and kept, which the scripts do not), and with the features of the frozen part computed once. What
is timed begins when the program is loaded: TensorFlow's import is not counted. Rounds alternate; each takes its fastest.

It fails if graft's validation accuracy is below 0.75, its time above 20 s or above half of TF-Slim's.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SIZE, BATCH, STEPS, THREADS = 128, 30, 300, 2


def files(folder):
    classes = sorted(os.listdir(folder))
    found = [(p, k) for k, c in enumerate(classes) for p in sorted(glob.glob(os.path.join(folder, c, "*")))]
    return [p for p, _ in found], [k for _, k in found], classes


def tensorflow(folder, checkpoint, cached):
    import tensorflow as tf2  # before slim_on_tf2, which would switch its fast kernels off
    sys.path.insert(0, os.path.join(ROOT, "tutorials", "make"))
    import mobilenet_v1 as net
    from slim_on_tf2 import np, slim, tf
    start = time.time()
    config = tf.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
    with tf.Graph().as_default(), tf.Session(config=config) as s:

        def picture(path):  # preprocess_for_eval
            x = tf2.image.convert_image_dtype(tf2.io.decode_jpeg(tf2.io.read_file(path), channels=3), tf2.float32)
            x = tf.image.resize_bilinear(tf2.image.central_crop(x, 0.875)[None], [SIZE, SIZE])[0]
            return (x - 0.5) * 2

        def load(name):
            paths, labels, classes = files(os.path.join(folder, name))
            d = tf2.data.Dataset.from_tensor_slices(paths).map(picture, num_parallel_calls=THREADS).batch(len(paths))
            return s.run(tf.data.make_one_shot_iterator(d).get_next()), np.array(labels), classes

        x, y, classes = load("train")
        vx, vy, _ = load("val")
        images, labels = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3]), tf.placeholder(tf.int64, [None])
        with slim.arg_scope(net.arg_scope()):
            logits, points = net.mobilenet_v1(images, len(classes), is_training=False)
        at, pool = images, points["AvgPool_1a"]
        if cached:
            at = tf.placeholder(tf.float32, [None, int(pool.shape[3])])
            logits = slim.fully_connected(at, len(classes), activation_fn=None, scope=net.HEAD + "/cached")
        head = tf.trainable_variables(net.HEAD + "/" + ("cached" if cached else "Conv2d"))
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        trunk = slim.get_variables_to_restore(exclude=[net.HEAD])
        step = tf.train.AdamOptimizer(0.001).minimize(loss, var_list=head)
        s.run(tf.global_variables_initializer())
        slim.assign_from_checkpoint_fn(checkpoint, trunk)(s)
        s.run([tf.assign(v, tf.zeros_like(v)) for v in head])
        if cached:
            x, vx = (np.concatenate([s.run(pool, {images: d[i:i + BATCH]})[:, 0, 0] for i in range(0, len(d), BATCH)]) for d in (x, vx))
        rng, epoch = np.random.RandomState(1), len(x) // BATCH
        for k in range(STEPS):
            if k % epoch == 0:
                order = rng.permutation(len(x))
            rows = order[k % epoch * BATCH:][:BATCH]
            s.run([loss, step], {at: x[rows], labels: y[rows]})
        scores = np.concatenate([s.run(logits, {at: vx[i:i + BATCH]}) for i in range(0, len(vx), BATCH)])
        return {"seconds": time.time() - start, "accuracy": float((scores.argmax(1) == vy).mean())}


def run(command):
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit("%s failed:\n%s%s" % (command[0], out.stdout, out.stderr[-3000:]))
    return json.loads(out.stdout.strip().splitlines()[-1])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--shared", default=os.path.join(ROOT, "..", "shared"))
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--tensorflow", choices=["slim", "cached"], help="one timing of TensorFlow, as JSON")
    a = ap.parse_args()
    folder = os.path.join(a.shared, "assets", "flowers")
    checkpoint = os.path.join(a.shared, "checkpoints", "imagenet", "mobilenet_v1_0.25_128", "mobilenet_v1_0.25_128.ckpt")
    if a.tensorflow:
        print(json.dumps(tensorflow(folder, checkpoint, a.tensorflow == "cached")))
        return
    binary = os.path.join(ROOT, ".ci", "out", "flowers")
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    subprocess.run(["go", "build", "-trimpath", "-o", binary, "./.ci/flowers"], cwd=ROOT, check=True)
    ways = {
        "graft": [binary, "-threads", str(THREADS), "-data", folder, "-checkpoint", checkpoint],
        "TF-Slim": [sys.executable, __file__, "--shared", a.shared, "--tensorflow", "slim"],
        "TensorFlow, features once": [sys.executable, __file__, "--shared", a.shared, "--tensorflow", "cached"],
    }
    best = {}
    for _ in range(a.rounds):
        for name, command in ways.items():
            got = run(command)
            if name not in best or got["seconds"] < best[name]["seconds"]:
                best[name] = got
    random = run([binary, "-threads", str(THREADS), "-data", folder])
    for name, got in best.items():
        print("%-26s %6.2f s  accuracy %.3f  %.2f of TF-Slim's time" % (name, got["seconds"], got["accuracy"], got["seconds"] / best["TF-Slim"]["seconds"]))
    print("%-26s %6.2f s  accuracy %.3f" % ("graft, random trunk", random["seconds"], random["accuracy"]))
    ours, theirs = best["graft"], best["TF-Slim"]
    ok = ours["accuracy"] >= 0.75 and ours["seconds"] < 20 and ours["seconds"] <= theirs["seconds"] / 2
    sys.exit(0 if ok else "graft needs an accuracy of 0.75, 20 s at most, and half of TF-Slim's time")


main()
