#!/usr/bin/env python3
"""Exchanges checkpoints between `graft ckpt` and the libraries whose formats they are, bit for bit, in both directions.

    python ckpt_peers.py --graft PATH --peer tensorflow|numpy|safetensors|torch [--keep DIR]

A peer writes files of every element type it has; `graft ckpt ls --json --hash` must say of them what numpy says. Then
`graft ckpt convert` writes the peer's format from another, and the peer must read back the very bytes.
`--keep DIR` leaves the files that the peer wrote and a manifest of them: ckpt/npz, safetensors and pytorch have such testdata.
"""
import argparse, hashlib, json, os, shutil, struct, subprocess, sys, tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np

PLAIN = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool",
         "complex64", "complex128"]
SHAPES = {"scalar": (), "empty": (0, 3), "vector": (7,), "matrix": (3, 5), "cube": (2, 3, 4)}


def values(dtype, shape, seed):
    """Any bits but those that are no boolean; NaN, infinities and the like come by themselves."""
    raw = np.random.RandomState(seed).bytes(int(np.prod(shape, dtype=int)) * np.dtype(dtype).itemsize)
    a = np.frombuffer(raw, dtype="uint8" if dtype == "bool" else dtype)
    return (a % 2).astype("bool").reshape(shape) if dtype == "bool" else a.reshape(shape).copy()


def dataset(dtypes):
    return {"%s/%s" % (d, s): values(d, SHAPES[s], i * 100 + j) for i, d in enumerate(dtypes) for j, s in enumerate(SHAPES)}


def data_of(a):
    """The bytes that manifests hash: little-endian, C order; strings as u32 length and bytes."""
    a = np.asarray(a)
    if a.dtype == object or a.dtype.kind in "SU":
        return b"".join(struct.pack("<I", len(s)) + s for s in (x if isinstance(x, bytes) else str(x).encode() for x in a.ravel()))
    return np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"), copy=False).tobytes()


class Exchange:
    def __init__(self, graft, folder):
        self.graft, self.folder, self.checked, self.wrong, self.manifest = graft, folder, 0, [], {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *args):
        done = subprocess.run([self.graft, "ckpt", *args], capture_output=True, text=True)
        if done.returncode != 0:
            self.wrong.append("graft ckpt %s: %s" % (" ".join(args), done.stderr.strip()))
        return done.stdout

    def listed(self, path, want, dtypes=None):
        """What graft lists of a file is what was written: want is {name: array}."""
        got, listing = {}, self.manifest.setdefault(os.path.relpath(path, self.folder), [])
        for line in self.run("ls", "--json", "--hash", path).splitlines():
            one = json.loads(line)
            got[one["name"]] = one
        for name, a in want.items():
            data, one = data_of(a), got.pop(name, None)
            self.checked += 1
            dtype = (dtypes or {}).get(name) or ("string" if a.dtype == object or a.dtype.kind in "SU" else a.dtype.name)
            digest = hashlib.sha256(data).hexdigest()
            listing.append({"name": name, "dtype": dtype, "shape": list(np.shape(a)), "bytes": len(data), "sha256": digest})
            if one is None or one["dtype"] != dtype or one["shape"] != list(np.shape(a)) or one["bytes"] != len(data) \
                    or one["sha256"] != digest:
                self.wrong.append("%s: %s is %s %s of %d bytes; graft says %s" % (path, name, dtype, np.shape(a), len(data), one))
        if got:
            self.wrong.append("%s: graft lists %s, which nobody wrote" % (path, sorted(got)))

    def same(self, what, got, want):
        self.checked += 1
        if np.shape(got) != np.shape(want) or data_of(got) != data_of(want):
            self.wrong.append("%s read back as %r, written was %r" % (what, got, want))


def tensorflow(x):
    import tensorflow as tf
    names = [d for d in PLAIN] + ["bfloat16"]
    want = dataset(PLAIN)
    for s, shape in SHAPES.items():
        want["bfloat16/" + s] = values("uint16", shape, 77).view(tf.bfloat16.as_numpy_dtype)
    want["string/list"] = np.array([b"one", b"", b"\x00\xff\x00"], object)

    def save(path, tensors, version=2):
        keys = sorted(tensors)
        items = [tf.constant(tensors[k].tolist() if tensors[k].dtype == object else tensors[k]) for k in keys]
        if version == 2:
            tf.raw_ops.SaveV2(prefix=path, tensor_names=keys, shape_and_slices=[""] * len(keys), tensors=items)
        else:
            tf.raw_ops.Save(filename=path, tensor_names=keys, data=items)

    def restore(path, tensors):
        keys = sorted(tensors)
        types = [tf.string if tensors[k].dtype == object else tf.dtypes.as_dtype(tensors[k].dtype) for k in keys]
        back = tf.raw_ops.RestoreV2(prefix=path, tensor_names=keys, shape_and_slices=[""] * len(keys), dtypes=types)
        for k, t in zip(keys, back):
            x.same("%s of %s" % (k, path), t.numpy(), tensors[k])

    v1 = {k: a for k, a in want.items() if k.split("/")[0] not in ("bfloat16", "uint32", "uint64")}
    save(x.path("v2"), want)
    save(x.path("v1"), v1, version=1)
    x.listed(x.path("v2"), want)
    x.listed(x.path("v1"), v1)
    x.run("convert", x.path("v2"), x.path("out2"), "--to", "V2")
    x.run("convert", x.path("v2"), x.path("over2"), "--to", "V2")
    x.run("convert", x.path("v2"), x.path("over2"), "--to", "V2", "--force")  # a second one over the first
    x.run("convert", x.path("v2"), x.path("shards2"), "--shards", "3")
    x.run("convert", x.path("v1"), x.path("out1"), "--to", "V1")
    x.run("convert", x.path("v1"), x.path("up2"), "--to", "V2")
    x.run("convert", x.path("v2"), x.path("down1"), "--to", "V1", "--exclude", "^(bfloat16|uint32|uint64)/")
    for path, tensors in (("out2", want), ("shards2", want), ("over2", want), ("out1", v1), ("up2", v1), ("down1", v1)):
        restore(x.path(path), tensors)
    reader = tf.train.load_checkpoint(x.path("out2"))
    for k, shape in reader.get_variable_to_shape_map().items():
        x.same("shape of " + k, np.array(shape), np.array(np.shape(want[k])))
    # A run's folder: our own state file.
    checkpoint = tf.train.Checkpoint(kernel=tf.Variable([[1., 2.]], name="dense/kernel"), step=tf.Variable(3, dtype=tf.int64))
    path = checkpoint.save(x.path("run/model"))
    x.listed(x.path("run"), {k: np.array(tf.train.load_checkpoint(path).get_tensor(k), object if k.startswith("_") else None)
                             for k in tf.train.load_checkpoint(path).get_variable_to_shape_map()})
    x.run("convert", x.path("run"), x.path("plain"), "--full-names")
    x.same("dense/kernel", tf.train.load_variable(x.path("plain"), "dense/kernel"), np.array([[1., 2.]], "float32"))
    x.run("convert", x.path("run"), x.path("again"))
    fresh = tf.train.Checkpoint(kernel=tf.Variable([[0., 0.]], name="dense/kernel"), step=tf.Variable(0, dtype=tf.int64))
    fresh.restore(x.path("again")).assert_existing_objects_matched()
    x.same("restored objects", fresh.kernel.numpy(), np.array([[1., 2.]], "float32"))
    # Rounding: float32 to the small types, as TensorFlow does it.
    floats = {"f": np.concatenate([values("float32", (4000,), 5), np.float32([0, -0.0, 1e-7, 6e-8, 65504, 65519, 65520, 1e38])])}
    save(x.path("floats"), floats)
    for dtype in (tf.float16, tf.bfloat16, tf.float64):
        x.run("convert", x.path("floats"), x.path(dtype.name), "--dtype", dtype.name)
        back = tf.raw_ops.RestoreV2(prefix=x.path(dtype.name), tensor_names=["f"], shape_and_slices=[""], dtypes=[dtype])[0]
        cast = tf.cast(floats["f"], dtype)
        number = ~np.isnan(floats["f"])
        normal = number & ~(np.abs(floats["f"]) < np.finfo("float32").tiny)  # TensorFlow's threads take subnormal numbers for 0
        x.same(dtype.name, back.numpy()[normal], cast.numpy()[normal])
        x.same(dtype.name + " NaN", np.isnan(back.numpy().astype("float64")), ~number)


def numpy(x):
    want = dataset(PLAIN)
    want["bytes"] = np.array([b"one", b"", b"three"], "S5")
    np.savez(x.path("plain.npz"), **want)
    np.savez_compressed(x.path("deflated.npz"), **want)
    text = {"text": np.array(["eins", "zwölf", "три"]), "fortran": np.asfortranarray(want["float32/cube"]),
            "big": want["float64/matrix"].astype(">f8"), "bigtext": np.array(["a\u20ac"]).astype(">U2")}
    np.savez(x.path("other.npz"), **text)
    np.save(x.path("one.npy"), want["int16/cube"])
    x.listed(x.path("plain.npz"), want)
    x.listed(x.path("deflated.npz"), want)
    x.listed(x.path("other.npz"), text)
    x.listed(x.path("one.npy"), {"one": want["int16/cube"]})
    x.run("convert", x.path("deflated.npz"), x.path("back.npz"))
    x.run("convert", x.path("plain.npz"), x.path("v2"))
    x.run("convert", x.path("v2"), x.path("fromv2.npz"))
    for path in ("back.npz", "fromv2.npz"):
        with np.load(x.path(path)) as back:
            for name, a in want.items():
                x.same("%s of %s" % (name, path), back[name], a)
    half = np.float32(np.random.RandomState(1).randn(5000))
    np.savez(x.path("f.npz"), f=half)
    x.run("convert", x.path("f.npz"), x.path("f16.npz"), "--dtype", "float16")
    x.same("float16", np.load(x.path("f16.npz"))["f"], half.astype("float16"))


def safetensors(x):
    from safetensors.numpy import load_file, save_file
    want = dataset([d for d in PLAIN if d != "complex128" and d != "complex64"])
    save_file(want, x.path("in.safetensors"), metadata={"format": "np", "ключ": "значение"})
    x.listed(x.path("in.safetensors"), want)
    x.run("convert", x.path("in.safetensors"), x.path("out.safetensors"))
    x.run("convert", x.path("in.safetensors"), x.path("v2"))
    x.run("convert", x.path("v2"), x.path("fromv2.safetensors"))
    for path in ("out.safetensors", "fromv2.safetensors"):
        back = load_file(x.path(path))
        x.same("names of " + path, np.array(sorted(back)), np.array(sorted(want)))
        for name, a in want.items():
            x.same("%s of %s" % (name, path), back[name], a)


def torch(x):
    import torch as t
    t.manual_seed(1)
    from safetensors.torch import load_file, save_file
    names = {"float64": t.float64, "float32": t.float32, "float16": t.float16, "bfloat16": t.bfloat16, "int64": t.int64, "int32": t.int32,
             "int16": t.int16, "int8": t.int8, "uint8": t.uint8, "bool": t.bool, "complex64": t.complex64, "complex128": t.complex128,
             "uint16": t.uint16, "uint32": t.uint32, "uint64": t.uint64, "float8_e4m3fn": t.float8_e4m3fn, "float8_e5m2": t.float8_e5m2}
    state, want, dtypes = {}, {}, {}
    for i, (name, dtype) in enumerate(names.items()):
        for j, (s, shape) in enumerate(SHAPES.items()):
            raw = values("bool" if name == "bool" else "uint8", (int(np.prod(shape, dtype=int)) * dtype.itemsize,), i * 10 + j)
            key = "%s.%s" % (name, s)
            state[key] = t.from_numpy(raw.copy()).view(dtype).reshape(shape) if raw.size else t.empty(shape, dtype=dtype)
            kind = name if name in PLAIN else "uint%d" % (8 * dtype.itemsize)
            want[key], dtypes[key] = raw.view(kind).reshape(shape), name
    legacy = {k: v for k, v in state.items() if not k.startswith(("uint16", "uint32", "uint64", "float8"))}
    t.save(state, x.path("zip.pt"))
    t.save(legacy, x.path("legacy.pt"), _use_new_zipfile_serialization=False)
    x.listed(x.path("zip.pt"), want, dtypes)
    x.listed(x.path("legacy.pt"), {k: want[k] for k in legacy}, dtypes)
    base = t.arange(24, dtype=t.float32).reshape(4, 6)
    views = {"whole": base, "transposed": base.t(), "row": base[2], "column": base[:, 1], "step": base[::2, 1::2], "expanded": base[0, :1].expand(5)}
    model = t.nn.Sequential(t.nn.Conv2d(3, 4, 3), t.nn.BatchNorm2d(4))
    optimizer = t.optim.Adam(model.parameters())
    model(t.randn(2, 3, 5, 5)).sum().backward()
    optimizer.step()
    run = {"epoch": 3, "views": views, "model": model.state_dict(), "parameter": t.nn.Parameter(t.ones(2)), "optimizer": optimizer.state_dict(),
           "history": [0.5, {"loss": t.tensor(1.25)}], "note": "text", "size": t.Size([1, 2])}
    for form in (True, False):
        path = x.path("run%d.pt" % form)
        t.save(run, path, _use_new_zipfile_serialization=form)
        flat = {"views." + k: v for k, v in views.items()} | {"model." + k: v for k, v in run["model"].items()} | {"parameter": run["parameter"].detach(), "history.1.loss": t.tensor(1.25)}
        flat |= {"optimizer.state.%d.%s" % (i, k): v for i, s in run["optimizer"]["state"].items() for k, v in s.items()}
        x.listed(path, {k: v.numpy() for k, v in flat.items()})
    t.save(base, x.path("alone.pt"))
    x.listed(x.path("alone.pt"), {"tensor": base.numpy()})
    t.save(model, x.path("model.pt"))  # a whole model wants classes made: refused, and named
    refused = subprocess.run([x.graft, "ckpt", "ls", x.path("model.pt")], capture_output=True, text=True)
    x.checked += 1
    if refused.returncode != 1 or "torch.nn.modules" not in refused.stderr:
        x.wrong.append("model.pt: %s" % refused)
    held = {k: v for k, v in state.items() if not k.startswith("complex128")}
    save_file(held, x.path("torch.safetensors"))
    x.listed(x.path("torch.safetensors"), {k: want[k] for k in held}, dtypes)
    x.run("convert", x.path("zip.pt"), x.path("out.safetensors"), "--exclude", "^complex128")
    back = load_file(x.path("out.safetensors"))
    for k in held:
        x.same(k, back[k].reshape(-1).view(t.uint8).numpy() if back[k].numel() else np.zeros(0, "uint8"), np.frombuffer(want[k].tobytes(), "uint8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--graft", required=True)
    parser.add_argument("--peer", required=True, choices=["tensorflow", "numpy", "safetensors", "torch"])
    parser.add_argument("--keep", help="a folder that the files stay in")
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix="ckpt-peers")
    os.makedirs(folder, exist_ok=True)
    x = Exchange(os.path.abspath(args.graft), folder)
    try:
        globals()[args.peer](x)
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    if args.keep:
        for name in set(os.listdir(folder)) - set(x.manifest):
            os.remove(os.path.join(folder, name))
        with open(os.path.join(folder, "manifest.json"), "w") as f:
            lines = ["%s: [\n  %s\n ]" % (json.dumps(name), ",\n  ".join(json.dumps(t, ensure_ascii=False) for t in x.manifest[name])) for name in sorted(x.manifest)]
            f.write("{\n " + ",\n ".join(lines) + "\n}\n")
    for w in x.wrong[:20]:
        print(w)
    print("%s: %d comparisons, %d wrong" % (args.peer, x.checked, len(x.wrong)))
    return 1 if x.wrong or not x.checked else 0


if __name__ == "__main__":
    sys.exit(main())
