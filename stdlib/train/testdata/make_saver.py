"""Computes saver.json: which checkpoints TensorFlow's Saver keeps. Run here, in an environment of TensorFlow 2.15.1:

    python make_saver.py

A run is a Saver's options and saves, each (step, minutes since the Saver was made). What is recorded after each: last_checkpoints, the
state file's paths, and the checkpoints on disk. "recover" is a second Saver that is told of the first one's checkpoints.
"""
import glob, json, os, sys, tempfile
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf
from tensorflow.python.training import saver as module

tf1 = tf.compat.v1
tf1.disable_eager_execution()


class Clock:
    now = 0.0

    def time(self):
        return self.now


clock, start = Clock(), 1.6e9
module.time = clock


def play(folder, sess, options, saves, recover=None):
    clock.now = start
    saver = tf1.train.Saver(**options)
    if recover is not None:
        saver.recover_last_checkpoints(recover)
    out = []
    for step, minutes in saves:
        clock.now = start + 60 * minutes
        path = saver.save(sess, os.path.join(folder, "model.ckpt"), global_step=step, write_meta_graph=False)
        for f in glob.glob(path + ".*"):
            os.utime(f, (clock.now, clock.now))
        base = os.path.basename
        out.append({
            "step": step, "minutes": minutes,
            "last_checkpoints": [base(p) for p in saver.last_checkpoints],
            "state": [base(p) for p in tf1.train.get_checkpoint_state(folder).all_model_checkpoint_paths],
            "latest": base(tf1.train.latest_checkpoint(folder)),
            "on_disk": sorted(base(p)[:-len(".index")] for p in glob.glob(os.path.join(folder, "*.index"))),
        })
    return saver, out


RUNS = [
    ("newest two", {"max_to_keep": 2}, [(i, i) for i in range(5)], None),
    ("default five", {}, [(10 * i, i) for i in range(8)], None),
    ("all", {"max_to_keep": 0}, [(i, i) for i in range(4)], None),
    ("a step saved again", {"max_to_keep": 2}, [(1, 0), (2, 1), (1, 2), (3, 3), (3, 4)], None),
    ("one an hour", {"max_to_keep": 2, "keep_checkpoint_every_n_hours": 1}, [(i, 40 * i) for i in range(9)], None),
    ("one in half an hour, rare saves", {"max_to_keep": 1, "keep_checkpoint_every_n_hours": 0.5}, [(i, 100 * i) for i in range(6)], None),
    ("resumed", {"max_to_keep": 3}, [(i, i) for i in range(3)], [(3, 10), (4, 11), (5, 12), (6, 13)]),
    ("resumed without being told", {"max_to_keep": 2}, [(1, 0), (2, 1)], [(3, 10), (4, 11), (5, 12)]),
    ("resumed, one an hour", {"max_to_keep": 2, "keep_checkpoint_every_n_hours": 1}, [(1, 10), (2, 90)], [(3, 100), (4, 170), (5, 240)]),
]


def main():
    runs = []
    with tf1.Session() as sess:
        tf1.get_variable("w", [2])
        sess.run(tf1.global_variables_initializer())
        for name, options, saves, more in RUNS:
            with tempfile.TemporaryDirectory() as folder:
                saver, out = play(folder, sess, options, saves)
                run = {"run": name, "options": options, "saves": out}
                if more is not None:
                    told = saver.last_checkpoints if "without" not in name else []
                    run["recover"] = [os.path.basename(p) for p in told]
                    run["more"] = play(folder, sess, options, more, told)[1]
                runs.append(run)
    with open("saver.json", "w") as f:
        json.dump({"tensorflow": tf.__version__, "runs": runs}, f, indent=1)
        f.write("\n")


main()
