"""The peers' side of peers.py: reads one request a line, {"what", "net", "batch", "threads", "seconds"}, and answers with
{"peer": {"ms": fastest, "gflop": operations of the model}, …}. It keeps the models of the last request, so that rounds of the
same row cost no preparation. PyTorch runs eager, in channels_last and as a frozen jit; ONNX Runtime what PyTorch exports.
"""
import gc, json, os, resource, sys, tempfile, time, warnings

warnings.filterwarnings("ignore")
import torch
import torchvision.models as zoo
from torch import nn


class LeNet(nn.Module):  # TF-Slim's: 5x5x32, 5x5x64, 1024, 10, over 28x28x1
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(),
                                 nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, 10))

    def forward(self, x):
        return self.net(x)


MODELS = {"vgg_16": zoo.vgg16, "resnet_v1_50": zoo.resnet50, "mobilenet_v2": zoo.mobilenet_v2, "lenet": LeNet,
          "inception_v3": lambda: zoo.inception_v3(init_weights=False, aux_logits=True)}
SHAPES = {"inception_v3": (3, 299, 299), "lenet": (1, 28, 28)}
LAST = torch.channels_last


def example(net, batch):
    return torch.randn(batch, *SHAPES.get(net, (3, 224, 224)))


def gflop(model, x):
    """Operations of convolutions and products in one forward pass, two for each multiplication with its addition."""
    total = 0

    def count(module, _, out):
        nonlocal total
        weight = module.weight
        total += 2 * out.numel() * weight.numel() // weight.shape[0]

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        model(x)
    for h in hooks:
        h.remove()
    return total / 1e9


def exported(model, x, threads):
    import onnxruntime
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = os.path.join(folder, "model.onnx")
        torch.onnx.export(model, (x,), path, dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, feed)


def forward(net, batch, threads):
    model, x = MODELS[net]().eval(), example(net, batch)
    work = gflop(model, x)
    last, y = MODELS[net]().eval().to(memory_format=LAST), x.contiguous(memory_format=LAST)
    with torch.no_grad():
        frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x)))
        runs = {"eager": lambda: model(x), "channels_last": lambda: last(y), "frozen jit": lambda: frozen(x),
                "ONNX Runtime": exported(model, x, threads)}
    return runs, work


def stepper(model, optimizer, x, labels):
    def step():
        optimizer.zero_grad()
        out = model(x)
        loss = nn.functional.cross_entropy(getattr(out, "logits", out), labels)
        loss.backward()
        optimizer.step()
        return loss.item()
    return step


def train(net, batch, threads):
    runs, x, labels = {}, example(net, batch), torch.randint(0, 10, (batch,))
    for name, layout in (("eager", torch.contiguous_format), ("channels_last", LAST)):
        model = MODELS[net]().train().to(memory_format=layout)
        optimizer = torch.optim.Adam(model.parameters(), 1e-3) if net == "lenet" else torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
        runs[name] = stepper(model, optimizer, x.contiguous(memory_format=layout), labels)
    return runs, 3 * gflop(MODELS[net]().eval(), x)


def head(net, batch, threads):
    runs, x, labels = {}, example(net, batch), torch.randint(0, 200, (batch,))
    for name, layout in (("eager", torch.contiguous_format), ("channels_last", LAST)):
        model = MODELS[net]().requires_grad_(False)
        model.classifier[-1] = nn.Linear(model.classifier[-1].in_features, 200)
        model = model.to(memory_format=layout)
        runs[name] = stepper(model, torch.optim.Adam(model.classifier[-1].parameters(), 1e-3), x.contiguous(memory_format=layout), labels)
    return runs, gflop(model, x)


def gemm(net, batch, threads):
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return {"eager": lambda: a @ b}, 2 * 2048**3 / 1e9


WHAT = {"forward": forward, "train": train, "head": head, "gemm": gemm}


def fastest(run, seconds):
    best, end, times = float("inf"), time.perf_counter() + seconds, 0
    while times < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        best, times = min(best, time.perf_counter() - start), times + 1
    return best


def main():
    kept = None, None
    for line in sys.stdin:
        ask = json.loads(line)
        torch.set_num_threads(ask["threads"])
        key = ask["what"], ask["net"], ask["batch"], ask["threads"]
        if key != kept[0]:
            kept = None, None
            gc.collect()
            kept = key, WHAT[ask["what"]](*key[1:])
        runs, work = kept[1]
        answer = {}
        with torch.set_grad_enabled(ask["what"] in ("train", "head")):
            for name, run in runs.items():
                answer[name] = {"ms": 1e3 * fastest(run, ask["seconds"]), "gflop": work}
        answer["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(json.dumps(answer), flush=True)


main()
