"""What TF-Slim's nets compute with the options that few use: writes options.json.gz beside this file.

    python make_options.py MODELS/research/slim [CASE ...]

MODELS is a checkout of github.com/tensorflow/models of July 2020 (2e785497 was used), which is read as it is. Variables and
images are filled by the formula in fill(), so that no weights are needed; README.md says what the keys mean. With CASEs only
those are computed, and nothing is written.
"""
import gzip
import json
import os
import re
import sys
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tutorials", "make"))
from slim_on_tf2 import np, session, slim, tf, versions  # noqa: E402

if not hasattr(np, "int"):
    np.int = int  # mobilenet_v3 says so
sys.path.insert(0, sys.argv[1])


class HParams:
    """What the nasnets use of tf.contrib.training, which is gone."""

    def __init__(self, **kw):
        self.__dict__.update(kw)

    def set_hparam(self, name, value):
        setattr(self, name, value)


contrib = types.ModuleType("tensorflow.contrib")
contrib.training = types.ModuleType("tensorflow.contrib.training")
contrib.training.HParams = HParams
sys.modules["tensorflow.contrib"] = contrib

from nets import i3d, inception_resnet_v2, inception_utils, inception_v1, inception_v2, inception_v3  # noqa: E402
from nets import mobilenet_v1, nets_factory, resnet_utils, resnet_v1, resnet_v2, s3dg  # noqa: E402
from nets.mobilenet import conv_blocks, mobilenet, mobilenet_v2, mobilenet_v3  # noqa: E402
from nets.nasnet import nasnet, pnasnet  # noqa: E402

MASK = (1 << 64) - 1
SEED = 3


def fill(name, shape, gains):
    """Values that depend on a variable's name and its size only."""
    n = int(np.prod(shape))
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(h ^ SEED) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(40)).astype(np.float64) / (1 << 24)
    leaf = name.rsplit("/", 1)[-1]
    if leaf in ("gamma", "moving_variance", "moving_stddev", "renorm_stddev"):
        return (u + 0.5).astype(np.float32).reshape(shape)
    scale = 0.1
    if name == "input":
        scale = 1
    elif leaf in ("weights", "pointwise_weights", "depthwise_weights"):
        fan = shape[0] * shape[1] if leaf[0] == "d" else np.prod(shape[:-1])
        scale = np.sqrt(6 / fan) * next((g for r, g in gains if re.search(r, name)), 1)
    return ((2 * u - 1) * scale).astype(np.float32).reshape(shape)


def number(v, digits=8):
    return float("%.*g" % (digits, v))


def samples(a, count):
    flat = np.asarray(a).reshape(-1)
    at = [int((i * 2654435761 + 12345) % flat.size) for i in range(min(count, flat.size))]
    return dict(idx=at, val=[number(flat[i]) for i in at])


def statistics(a, count=4):
    d = np.asarray(a, np.float64)
    return dict(shape=list(a.shape), mean=number(d.mean()), std=number(d.std()), min=number(d.min()), max=number(d.max()), **samples(a, count))


def penalised():
    """The variables that have a penalty, with its scale."""
    out = {}
    for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES):
        waiting, scale, name = [t.op], None, None
        while waiting:
            op = waiting.pop()
            if op.type == "VariableV2":
                name = op.name
            elif op.type == "Const":
                scale = float(op.get_attr("value").float_val[0])
            waiting.extend(i.op for i in op.inputs)
        out[name] = scale
    return out


def variables():
    graph, collections, rows = tf.get_default_graph(), [], []
    l2, trainable = penalised(), {v.op.name for v in tf.trainable_variables()}
    for v in tf.global_variables():
        keys = sorted(str(k) for k in graph.get_all_collection_keys() if any(v is i for i in graph.get_collection(k)))
        if keys not in collections:
            collections.append(keys)
        rows.append([v.op.name, v.shape.as_list(), v.op.name in trainable, collections.index(keys), l2.get(v.op.name)])
    return rows, collections, l2


def load(s, gains, which):
    for v in which:
        value = fill(v.op.name, v.shape.as_list(), gains) if v.dtype.base_dtype == tf.float32 else 0
        s.run(v.initializer, {v.initializer.inputs[1]: value})


def chosen(net, case):
    return not sys.argv[2:] or "%s/%s" % (net, case) in sys.argv[2:]


def run(net, case, fn, args, shape, gains, grads=False, **kwargs):
    """One case: fn on images of that shape, within the arg scope args."""
    if not chosen(net, case):
        return None
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, shape, name="input")
    spoken = {k: v for k, v in kwargs.items() if not k.startswith("_")}
    training = kwargs.get("is_training") is True
    record = dict(net=net, case=case, fn=fn.__name__, seed=SEED, input=dict(shape=shape), kwargs=kwargs.pop("_said", spoken),
                  arg_scope=dict(kwargs=kwargs.pop("_scope_said", {})), is_training=training)
    outer = {}
    if kwargs.get("is_training", 0) == "-":
        del kwargs["is_training"], record["kwargs"]["is_training"]
        outer = dict(is_training=False)
    try:
        with slim.arg_scope(args), slim.arg_scope([slim.batch_norm, slim.dropout], **outer):
            out, ends = fn(x, **kwargs)
    except Exception as e:
        return dict(record, error=type(e).__name__, message=str(e)[:200])
    rows, collections, l2 = variables()
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    record.update(_variables=rows, _collections=collections, variables="V", update_ops=len(updates), reg_terms=len(l2),
                  params=dict(model=int(sum(np.prod(v.shape.as_list()) for v in slim.get_model_variables()))))
    record["reg_total_float64"] = number(sum(
        l2[r[0]] / 2 * float(np.sum(np.square(fill(r[0], r[1], gains).astype(np.float64)))) for r in rows if r[0] in l2), 12)
    fetches = {"end": dict(ends), "out": out}
    if grads:
        labels = [(7 * i + 3) % out.shape.as_list()[-1] for i in range(shape[0])]
        total = tf.losses.sparse_softmax_cross_entropy(tf.constant(labels, tf.int64), out)
        total += tf.losses.get_regularization_loss()
        trained = tf.trainable_variables()
        found = tf.gradients(total, trained)
        fetches["total"] = total
        fetches["grads"] = {v.op.name: g for v, g in zip(trained, found) if g is not None}
        record["loss"] = dict(labels=labels, none=[v.op.name for v, g in zip(trained, found) if g is None])
    feed = {x: fill("input", shape, gains)}
    with session() as s:
        load(s, gains, tf.global_variables())
        got = s.run(fetches, feed)
        record["end_points"] = [dict(name=k, op=v.op.name, **statistics(got["end"][k])) for k, v in ends.items()]
        record["output"] = dict(statistics(got["out"], 16))
        if grads:
            record["loss"].update(total=number(got["total"]), grads=[
                [k, number(np.sqrt(np.sum(np.square(g.astype(np.float64))))), 0, *samples(g, 4).values()] for k, g in got["grads"].items()])
        if updates and training:
            moving = [v for v in tf.global_variables() if not v.op.name.endswith("weights") and v not in tf.trainable_variables()]
            load(s, gains, tf.global_variables())
            s.run(updates, feed)
            record["moving_after_one_update"] = [[v.op.name, 0, *samples(s.run(v), 4).values()] for v in moving]
    return record


# Layers as JSON has them: the names are ConvOp's.
EXPANDED = dict(Expansion=None, ExpansionDivisibleBy=None, ExpansionSize="expansion_size", DepthwiseChannelMultiplier="depthwise_channel_multiplier",
                SplitExpansion="split_expansion", SplitProjection="split_projection", SplitDivisibleBy="split_divisible_by", Padding="padding")
ACTIVATIONS = dict(linear=tf.identity, Relu=tf.nn.relu, Relu6=tf.nn.relu6, Elu=tf.nn.elu, HardSwish=mobilenet_v3.hard_swish)
NORMALIZERS = dict(none=None, batch_norm=slim.batch_norm, group_norm=slim.group_norm)
LAYERS = dict(conv2d=slim.conv2d, separable_conv2d=slim.separable_conv2d, fully_connected=slim.fully_connected, batch_norm=slim.batch_norm,
              expanded_conv=conv_blocks.expanded_conv, split_separable_conv2d=conv_blocks.split_separable_conv2d)
ARGS = dict(Normalizer=("normalizer_fn", NORMALIZERS.get), Activation=("activation_fn", ACTIVATIONS.get), Scale=("scale", lambda v: v == 1),
            Center=("center", lambda v: v == 1), Decay=("decay", float), Epsilon=("epsilon", float))


def own_layer(inputs, num_outputs, stride=1, rate=1, kernel_size=3, scope=None):
    """A layer of one's own: two convolutions, of which the first has the stride."""
    with tf.variable_scope(scope, "own"):
        net = slim.conv2d(inputs, num_outputs // 2, kernel_size, stride=stride, rate=rate, scope="narrow")
        return slim.separable_conv2d(net, num_outputs, 3, depth_multiplier=1, scope="wide")


FUNCTIONS = dict(func=own_layer, conv2d=slim.conv2d, expanded_conv=conv_blocks.expanded_conv, split_separable_conv2d=conv_blocks.split_separable_conv2d,
                 reduce_to_1x1=mobilenet_v3.reduce_to_1x1)


def op(o):
    """ConvOp as mobilenet.op."""
    o = dict(o)
    p, kind = {}, o.pop("Op")
    p["stride"] = o.pop("Stride", 1)
    expansion, by = o.pop("Expansion", None), o.pop("ExpansionDivisibleBy", 8)
    if expansion:
        p["expansion_size"] = conv_blocks.expand_input_by_factor(expansion, by)
    if o.pop("SqueezeExcite", False):
        p["expansion_transform"] = lambda expansion_tensor, input_tensor: mobilenet_v3.squeeze_excite(expansion_tensor)
    if o.pop("NoResidual", False):
        p["residual"] = False
    if o.pop("FixedOutputs", False):
        p["multiplier_transform"] = lambda params, multiplier: params
    if "DepthwiseLocation" in o:
        at = o.pop("DepthwiseLocation")
        p["depthwise_location"] = None if at == "none" else at
    if "ExpansionKernelSize" in o:
        p["expansion_fn"] = lambda x, n, stride=p["stride"], k=o.pop("ExpansionKernelSize"), **kw: slim.conv2d(x, n, k, stride=stride, **kw)
    own = "activation_fn" if kind == "conv2d" else "inner_activation_fn"
    for ours, theirs, table in (("Activation", own, ACTIVATIONS), ("DepthwiseActivation", "depthwise_activation_fn", ACTIVATIONS),
                                ("ProjectActivation", "project_activation_fn", ACTIVATIONS), ("Normalizer", "normalizer_fn", NORMALIZERS)):
        if ours in o:
            p[theirs] = table[o.pop(ours)]
    if kind == "reduce_to_1x1":
        p["padding"] = "VALID"
    for ours, theirs in dict(EXPANDED, NumOutputs="num_outputs", KernelSize="kernel_size", Scope="scope").items():
        if ours in o:
            p[theirs] = o.pop(ours)
    assert not o, o
    return mobilenet.op(FUNCTIONS[kind], **p)


def defs(spec, defaults):
    return dict(defaults=defaults if isinstance(defaults, list) else dict(defaults), spec=[op(o) for o in spec])


def layer_args(rows):
    """LayerArgs as pairs of conv_defs."""
    return [(tuple(LAYERS[k] for k in r["Layers"]), {ARGS[k][0]: ARGS[k][1](v) for k, v in r["Args"].items()}) for r in rows]


CONV3 = dict(Op="conv2d", KernelSize=[3, 3], NumOutputs=16, Stride=2)
CUSTOM = [
    CONV3,
    dict(Op="expanded_conv", NumOutputs=16, ExpansionSize=40, DepthwiseLocation="input", DepthwiseChannelMultiplier=2, Stride=2),
    dict(Op="expanded_conv", NumOutputs=24, Expansion=4, SplitExpansion=2, SplitProjection=3, Activation="Elu", DepthwiseActivation="Relu"),
    dict(Op="expanded_conv", NumOutputs=24, Expansion=2.5, ExpansionDivisibleBy=4, SplitProjection=2, SplitDivisibleBy=4, SqueezeExcite=True),
    dict(Op="expanded_conv", NumOutputs=32, DepthwiseLocation="output", KernelSize=[5, 5], Stride=2, ProjectActivation="Relu6"),
    dict(Op="split_separable_conv2d", NumOutputs=32, Normalizer="batch_norm"),
    dict(Op="split_separable_conv2d", NumOutputs=40, Scope="sep", Normalizer="batch_norm", Stride=2),
    dict(Op="expanded_conv", NumOutputs=40, DepthwiseLocation="none", ExpansionKernelSize=[3, 3], KernelSize=[1, 1], Expansion=2),
    dict(Op="expanded_conv", NumOutputs=48, NoResidual=True, FixedOutputs=True, Normalizer="none", Activation="HardSwish", Scope="last"),
    dict(Op="conv2d", KernelSize=[1, 1], NumOutputs=64, Normalizer="none", Activation="HardSwish", Scope="wide"),
]
V1 = [dict(Op="conv2d", KernelSize=[5, 5], NumOutputs=16, Stride=2), dict(Op="split_separable_conv2d", KernelSize=[3, 3], NumOutputs=24, Stride=2),
      dict(Op="conv2d", KernelSize=[3, 3], NumOutputs=16, Stride=2), dict(Op="split_separable_conv2d", KernelSize=[5, 5], NumOutputs=32, Stride=2),
      dict(Op="split_separable_conv2d", KernelSize=[3, 3], NumOutputs=40, Stride=2)]
HALF = [[r"/project[^/]*/weights$", 0.5], [r"/conv3/weights$", 0.25]]


def v1_defs(spec):
    make = dict(conv2d=mobilenet_v1.Conv, split_separable_conv2d=mobilenet_v1.DepthSepConv)
    return [make[o["Op"]](o["KernelSize"], o["Stride"], o["NumOutputs"]) for o in spec]


def mobilenets_v1():
    base, net, arg_scope = mobilenet_v1.mobilenet_v1_base, mobilenet_v1.mobilenet_v1, mobilenet_v1.mobilenet_v1_arg_scope

    def custom(case, **kw):
        said = dict(kw, conv_defs=V1)
        return run("mobilenet_v1", case, base, arg_scope(), [1, 48, 48, 3], [], conv_defs=v1_defs(V1), final_endpoint="Conv2d_4_pointwise",
                   is_training="-", _said=dict(said, final_endpoint="Conv2d_4_pointwise", is_training="-"), **kw)
    yield custom("conv_defs")
    yield custom("conv_defs_os8", output_stride=8)
    yield custom("conv_defs_explicit", use_explicit_padding=True, depth_multiplier=0.75)
    yield run("mobilenet_v1", "without_batch_norm", net, arg_scope(normalizer_fn=None), [2, 32, 32, 3], [], grads=True, num_classes=5, is_training=False,
              depth_multiplier=0.25, _scope_said=dict(use_batch_norm=False))
    with slim.arg_scope([slim.group_norm], groups=4):
        yield run("mobilenet_v1", "group_norm", net, {**arg_scope(normalizer_fn=slim.group_norm), **slim.current_arg_scope()}, [2, 32, 32, 3], [], grads=True,
                  num_classes=5, is_training=True, depth_multiplier=0.25, dropout_keep_prob=1.0, _scope_said=dict(normalizer_fn="group_norm", groups=4))


def mobilenets_v2():
    scope = mobilenet_v2.training_scope

    def custom(case, size=64, kw=None, **more):
        kw = dict(kw or {})
        spec = more.get("conv_defs", CUSTOM)
        said = dict(kw, conv_defs=spec)
        return run("mobilenet_v2", case, mobilenet_v2.mobilenet, scope(is_training=None), [1, size, size, 3], HALF, is_training="-",
                   conv_defs=defs(spec, mobilenet_v2.V2_DEF["defaults"]), _said=dict(said, is_training="-"), **kw)
    yield custom("conv_defs", kw=dict(num_classes=5))
    yield custom("conv_defs_depth", kw=dict(num_classes=5, depth_multiplier=1.5, finegrain_classification_mode=True))
    yield custom("conv_defs_fine", kw=dict(num_classes=5, depth_multiplier=0.5, finegrain_classification_mode=True))
    yield custom("conv_defs_os8", kw=dict(num_classes=5, output_stride=8))
    unfused = [o for o in CUSTOM if "ExpansionKernelSize" not in o]
    yield custom("conv_defs_explicit", kw=dict(num_classes=5, use_explicit_padding=True), size=65, conv_defs=unfused)
    yield custom("conv_defs_explicit_fused", kw=dict(num_classes=5, use_explicit_padding=True), size=65)
    convs = ["conv2d", "separable_conv2d"]
    plain, elu = dict(Layers=convs, Args=dict(Normalizer="none")), dict(Layers=convs, Args=dict(Activation="Elu"))
    norm = dict(Layers=["batch_norm"], Args=dict(Scale=1, Center=-1, Epsilon=0.01, Decay=0.9))

    def arguments(case, spec, size=64, defaults=None, overrides=None, **kw):
        d = defs(spec, mobilenet_v2.V2_DEF["defaults"] if defaults is None else layer_args(defaults))
        if overrides is not None:
            d["overrides"] = dict(layer_args(overrides))
        said = dict(kw, conv_defs=spec, **{k: v for k, v in dict(defaults=defaults, overrides=overrides).items() if v is not None})
        return run("mobilenet_v2", case, mobilenet_v2.mobilenet, scope(is_training=None), [2, size, size, 3], HALF, grads=True, num_classes=5,
                   is_training="-", conv_defs=d, _said=dict(said, num_classes=5, is_training="-"), **kw)
    short = [CONV3] + CUSTOM[4:8]
    inside = dict(Layers=["expanded_conv"], Args=dict(Normalizer="batch_norm"))
    yield arguments("conv_defs_defaults", short, defaults=[elu, norm])
    yield arguments("conv_defs_defaults_inside", short, defaults=[elu, inside, norm])
    yield arguments("conv_defs_overrides_inside", short, overrides=[dict(inside, Args=dict(Normalizer="none")), elu])
    yield arguments("conv_defs_no_defaults", short, defaults=[])
    yield arguments("conv_defs_plain", short, defaults=[elu, plain])
    yield arguments("conv_defs_overrides", short, overrides=[dict(Layers=["conv2d"], Args=dict(Normalizer="none")), norm])
    yield arguments("conv_defs_both", short, defaults=[plain, dict(Layers=["fully_connected"], Args=dict(Activation="Relu"))], overrides=[elu])
    yield arguments("conv_defs_overrides_explicit", short[:4], size=65, overrides=[dict(Layers=["separable_conv2d"], Args=dict(Normalizer="none")), norm],
                    use_explicit_padding=True)
    bare = [CONV3, dict(Op="split_separable_conv2d", NumOutputs=24), dict(Op="split_separable_conv2d", NumOutputs=32, Stride=2, Scope="sep")]
    yield arguments("conv_defs_separable", bare)
    yield arguments("conv_defs_separable_inside", bare, overrides=[dict(Layers=["split_separable_conv2d"], Args=dict(Normalizer="batch_norm"))])
    own = [CONV3, dict(Op="func", NumOutputs=24, Stride=2), CUSTOM[4], dict(Op="func", NumOutputs=32, KernelSize=[5, 5], Scope="second"),
           dict(Op="func", NumOutputs=40, Stride=2, FixedOutputs=True)]
    yield arguments("conv_defs_func", own, depth_multiplier=1.5)
    yield arguments("conv_defs_func_os4", own, output_stride=4, defaults=[elu, norm])
    yield arguments("conv_defs_func_fine", own[:4], depth_multiplier=0.5, finegrain_classification_mode=True, overrides=[norm])
    small = dict(depth_multiplier=0.35)
    yield run("mobilenet_v2", "reduce_mean", mobilenet_v2.mobilenet, scope(is_training=None), [1, 32, 32, 3], HALF, num_classes=5, is_training="-",
              use_reduce_mean_for_pooling=True, **small)
    yield run("mobilenet_v2", "group_norm_base", mobilenet_v2.mobilenet_base_group_norm, scope(), [1, 64, 64, 3], HALF, groups=4, is_training="-",
              _said=dict(small, use_groupnorm=True, groups=4, base_only=True, is_training="-"), **small)


def mobilenets_v3():
    scope = mobilenet_v3.training_scope

    def custom(case, net, name, definition, size=64, **kw):
        return run("mobilenet_v3_" + net, case, mobilenet_v3.mobilenet, scope(is_training=None), [1, size, size, 3], HALF, is_training="-",
                   conv_defs=definition, _said=dict(kw, conv_defs_name=name, is_training="-"), **kw)
    inside = dict(Layers=["expanded_conv"], Args=dict(Normalizer="batch_norm"))
    for case, rows in (("defaults", [dict(Layers=["conv2d", "fully_connected", "separable_conv2d"], Args=dict(Normalizer="batch_norm", Activation="Relu6")),
                                     dict(Layers=["batch_norm"], Args=dict(Scale=1, Decay=0.95))]),
                       ("defaults", [inside, dict(Layers=["conv2d", "separable_conv2d"], Args=dict(Activation="Elu"))]),
                       ("overrides", [dict(Layers=["separable_conv2d"], Args=dict(Activation="Elu")), dict(Layers=["batch_norm"], Args=dict(Scale=-1))])):
        d = dict(mobilenet_v3.V3_SMALL, **{case: layer_args(rows)})
        yield run("mobilenet_v3_small", "conv_defs_%s_%d" % (case, len(rows[0]["Layers"])), mobilenet_v3.mobilenet, scope(is_training=None), [2, 64, 64, 3], HALF, grads=True,
                  num_classes=5, is_training="-", depth_multiplier=0.35, conv_defs=d,
                  _said={"num_classes": 5, "is_training": "-", "depth_multiplier": 0.35, "conv_defs_name": "V3_SMALL", case: rows})
    yield custom("detection", "large", "V3_LARGE_DETECTION", mobilenet_v3.V3_LARGE_DETECTION, depth_multiplier=0.35, final_endpoint="layer_17",
                 output_stride=16, base_only=True)
    yield custom("detection", "small", "V3_SMALL_DETECTION", mobilenet_v3.V3_SMALL_DETECTION, num_classes=5, depth_multiplier=0.5)
    yield custom("os16_whole", "small", "V3_SMALL", mobilenet_v3.V3_SMALL, output_stride=16, base_only=True)
    yield custom("explicit_whole", "small", "V3_SMALL", mobilenet_v3.V3_SMALL, use_explicit_padding=True, base_only=True)
    yield custom("explicit", "small", "V3_SMALL", mobilenet_v3.V3_SMALL, use_explicit_padding=True, final_endpoint="layer_13", base_only=True,
                 depth_multiplier=0.35)
    yield run("mobilenet_v3_small", "group_norm", mobilenet_v3.small, scope(is_training=None), [2, 64, 64, 3], HALF, grads=True, num_classes=5,
              is_training="-", depth_multiplier=0.5, use_groupnorm=True)
    for case, kw in (("os4", dict(output_stride=4, final_endpoint="layer_8")), ("os4_narrow", dict(output_stride=4, depth_multiplier=0.35)),
                     ("explicit", dict(use_explicit_padding=True, final_endpoint="layer_2")), ("explicit_fused", dict(use_explicit_padding=True))):
        yield run("mobilenet_edgetpu", case, mobilenet_v3.edge_tpu, scope(is_training=None), [1, 48, 48, 3], HALF, is_training="-", base_only=True, **kw)


def unit(inputs, depth, stride, rate=1, outputs_collections=None, scope=None):
    """A unit of one's own: a convolution."""
    return slim.conv2d(inputs, depth, 3, stride=stride, rate=rate, scope="mine")


BLOCKS = [("block1", [[32, 8, 1], [32, 8, 2]]), ("block2", [[48, 16, 3], [64, 16, 1], [64, 16, 2]])]


def resnets():
    for version, module in ((1, resnet_v1), (2, resnet_v2)):
        def case(name, size=33, mine=False, said=None, scope=None, **kw):
            blocks = [resnet_utils.Block(b, module.bottleneck, [dict(depth=d, depth_bottleneck=n, stride=s) for d, n, s in units]) for b, units in BLOCKS]
            if mine:
                blocks.append(resnet_utils.Block("mine", unit, [dict(depth=24, stride=2)]))
            return run("resnet_v%d" % version, name, getattr(module, "resnet_v%d" % version), resnet_utils.resnet_arg_scope(**(scope or {})),
                       [2, size, size, 3], HALF, blocks=blocks, scope="resnet_v%d" % version,
                       _said=dict({k: v for k, v in kw.items() if k != "grads"}, blocks=BLOCKS, mine=mine), _scope_said=scope or {}, **kw)
        yield case("blocks", num_classes=5, is_training=False, grads=True)
        yield case("blocks_mine", num_classes=5, is_training=False, mine=True)
        yield case("blocks_os24", size=65, is_training=False, output_stride=24, global_pool=False)
        yield case("blocks_os3", is_training=False, output_stride=4, global_pool=False, mine=True)
        yield case("blocks_unreachable", is_training=False, output_stride=16)
        yield case("blocks_rootless", is_training=False, include_root_block=False, num_classes=5)
        yield case("blocks_plain", num_classes=5, is_training=False, scope=dict(use_batch_norm=False))
        yield case("blocks_train", num_classes=5, is_training=True, grads=True, scope=dict(batch_norm_scale=False, batch_norm_decay=0.9, batch_norm_epsilon=0.01))
    with slim.arg_scope([resnet_v1.bottleneck], use_bounded_activations=True):
        bounded = slim.current_arg_scope()
    yield run("resnet_v1_50", "bounded", resnet_v1.resnet_v1_50, {**resnet_utils.resnet_arg_scope(), **bounded}, [1, 33, 33, 3], HALF, num_classes=5,
              is_training=False, depth_multiplier=0.125, _scope_said=dict(use_bounded_activations=True))


def inceptions():
    scope, v2 = inception_utils.inception_arg_scope, inception_resnet_v2
    yield run("inception_v1", "plain", inception_v1.inception_v1_base, scope(use_batch_norm=False), [1, 48, 48, 3], [], final_endpoint="Mixed_4b",
              is_training="-", _scope_said=dict(use_batch_norm=False))
    yield run("inception_v1", "rootless", inception_v1.inception_v1_base, scope(batch_norm_scale=True), [1, 12, 12, 3], [], include_root_block=False,
              final_endpoint="Mixed_4b", is_training="-", _scope_said=dict(batch_norm_scale=True))
    yield run("inception_v2", "rootless", inception_v2.inception_v2_base, scope(batch_norm_epsilon=0.01), [1, 12, 12, 3], [], include_root_block=False,
              final_endpoint="Mixed_4a", depth_multiplier=0.5, min_depth=8, is_training="-", _scope_said=dict(batch_norm_epsilon=0.01))
    yield run("inception_v3", "relu6", inception_v3.inception_v3_base, scope(activation_fn=tf.nn.relu6), [1, 75, 75, 3], [], final_endpoint="Mixed_5c",
              depth_multiplier=0.25, is_training="-", _scope_said=dict(activation_fn="Relu6"))
    yield run("inception_resnet_v2", "relu6", v2.inception_resnet_v2_base, v2.inception_resnet_v2_arg_scope(activation_fn=tf.nn.relu6, batch_norm_scale=True),
              [1, 75, 75, 3], [[r"Conv2d_1x1/weights$", 0.5]], final_endpoint="Mixed_6a", activation_fn=tf.nn.relu6, is_training="-",
              _said=dict(final_endpoint="Mixed_6a", is_training="-"), _scope_said=dict(activation_fn="Relu6", batch_norm_scale=True))


def videos():
    shape = [1, 4, 32, 32, 3]
    yield run("i3d", "renorm", i3d.i3d, i3d.i3d_arg_scope(use_renorm=True), [2, 4, 32, 32, 3], [], num_classes=5, is_training=True, dropout_keep_prob=1.0,
              _scope_said=dict(use_renorm=True))
    yield run("i3d", "separable", i3d.i3d_base, i3d.i3d_arg_scope(separable_conv3d=True), shape, [], final_endpoint="Mixed_4b", is_training="-",
              _scope_said=dict(separable_conv3d=True))
    for case, kw in (("late", dict(temporal_conv_startat="Mixed_3c", gating_startat="Mixed_4b", first_temporal_kernel_size=1)),
                     ("never", dict(temporal_conv_startat="none", gating_startat="none", first_temporal_kernel_size=5))):
        yield run("s3dg", case, s3dg.s3dg, s3dg.s3dg_arg_scope(), shape, [], num_classes=5, is_training=False, depth_multiplier=0.25, min_depth=8,
                  final_endpoint="Mixed_4c", **kw)


def nasnets():
    half = [[r"/pointwise_weights$", 0.5]]

    def case(net, name, module, config, build, size=48, classes=5, training=False, final=None, **over):
        over = dict(num_cells=3, num_conv_filters=12, **over)
        c = getattr(module, config)()
        for k, v in over.items():
            c.set_hparam(k, v)
        kw = dict(final_endpoint=final) if final else {}
        args = getattr(module, net + "_arg_scope")()
        return run(net, name, getattr(module, build), args, [2, size, size, 3], half, num_classes=classes, is_training=training, config=c,
                   _said=dict(num_classes=classes, is_training=training, config=[config, over], **kw), **kw)
    mobile = (nasnet, "mobile_imagenet_config", "build_nasnet_mobile")
    yield case("nasnet_mobile", "bounded", *mobile, use_bounded_activation=True)
    yield case("nasnet_mobile", "skip", *mobile, skip_reduction_layer_input=1, stem_multiplier=1.5, filter_scaling_rate=1.5)
    yield case("nasnet_mobile", "one_reduction", *mobile, num_reduction_layers=1, size=40)
    yield case("nasnet_mobile", "reduction_cell", *mobile, classes=None, final="Reduction_Cell_1")
    yield case("nasnet_cifar", "train", nasnet, "cifar_config", "build_nasnet_cifar", size=32, training=True, drop_path_keep_prob=1.0)
    small = (pnasnet, "mobile_imagenet_config", "build_pnasnet_mobile")
    yield case("pnasnet_mobile", "bounded", *small, use_bounded_activation=True)
    yield case("pnasnet_mobile", "no_skip", *small, skip_reduction_layer_input=0, filter_scaling_rate=1.5)
    yield case("pnasnet_mobile", "cell", *small, classes=None, final="Cell_1")


def drop_paths():
    """The share of paths that each operation of nasnet_cifar keeps, by the step of the training."""
    tf.reset_default_graph()
    config = nasnet.cifar_config()
    for k, v in dict(num_cells=3, num_conv_filters=8, total_training_steps=1000).items():
        config.set_hparam(k, v)
    step = tf.placeholder(tf.int64, [], name="step")
    with slim.arg_scope(nasnet.nasnet_cifar_arg_scope()):
        nasnet.build_nasnet_cifar(tf.zeros([2, 16, 16, 3]), 10, is_training=True, config=config, current_step=step)
    masks = [o for o in tf.get_default_graph().get_operations() if o.type == "Floor" and "comb_iter" in o.name]
    kept = [(re.match(r".*?/(left|right)", o.name)[0], o.inputs[0].op.inputs[0]) for o in masks]
    steps = [0, 1, 250, 999, 1000, 5000]
    with session() as s:
        values = [s.run([k for _, k in kept], {step: at}) for at in steps]
    return dict(num_cells=3, num_conv_filters=8, total_training_steps=1000, steps=steps,
                kept=[[name, [number(v[i]) for v in values]] for i, (name, _) in enumerate(kept)])


def arg_scopes():
    """The variables of four layers in each net's arg scope, and how many updates they have."""
    out = []
    for name, scope in sorted(nets_factory.arg_scopes_map.items()):
        tf.reset_default_graph()
        x = tf.zeros([1, 4, 8, 8, 16])
        with slim.arg_scope(scope()):
            slim.conv2d(x[0], 32, [3, 3], scope="conv")
            slim.separable_conv2d(x[0], 32, [3, 3], scope="separable")
            slim.fully_connected(x[0, 0, 0], 32, scope="full")
            slim.conv3d(x, 32, [3, 3, 3], scope="volume")
        rows, collections, _ = variables()
        out.append(dict(net=name, variables=[r[:3] + [collections[r[3]], r[4]] for r in rows],
                        updates=len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))))
    return out


def main():
    only, docs, kept, scopes = sys.argv[2:], [], drop_paths(), arg_scopes()
    for family in (mobilenets_v1, mobilenets_v2, mobilenets_v3, resnets, inceptions, videos, nasnets):
        for r in filter(None, family()):
            name = "%s/%s" % (r["net"], r["case"])
            print(name, r.get("error", ""), r.get("message", ""), flush=True)
            lists = dict(variable_lists=dict(V=r.pop("_variables", [])), collections_lists=dict(V=r.pop("_collections", [])))
            gain = HALF if "mobilenet_v1" not in r["net"] and re.match("mobilenet|resnet", r["net"]) else []
            if "nasnet" in r["net"]:
                gain = [[r"/pointwise_weights$", 0.5]]
            if r["net"] == "inception_resnet_v2":
                gain = [[r"Conv2d_1x1/weights$", 0.5]]
            docs.append(dict(net=r.pop("net"), gain=gain, cases=[r], **lists))
    out = json.dumps(dict(versions=versions(), nets=docs, drop_path=kept, arg_scopes=scopes), separators=(",", ":"))
    if not only:
        with gzip.GzipFile(os.path.join(HERE, "options.json.gz"), "wb", 9, mtime=0) as f:
            f.write(out.encode())
    print(len(docs), "cases,", len(out), "bytes")


main()
