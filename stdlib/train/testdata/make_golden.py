"""golden.json: schedules and decoupled weight decay, by TensorFlow and PyTorch.

    python make_golden.py tensorflow   # TensorFlow 2.15.1, in its v1 behaviour and Keras
    python make_golden.py torch        # PyTorch

Each adds its part to golden.json beside this script. The rates are those of the given steps, the variables those after each
step with the given gradients. (TensorFlow takes step/30 for step·(1/30), which at 150 is above 5: no cycle is of 30 steps here.)
"""
import json, os, sys

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json")
STEPS = [0, 1, 2, 3, 7, 9, 10, 11, 14, 19, 20, 21, 29, 30, 31, 49, 69, 70, 71, 99, 100, 149, 150, 500]
W0 = [[1.0, -2.0, 0.5], [0.25, 3.0, -0.125]]
GRADS = [[[0.1 * (i + 1) * (-1) ** (i + j) + 0.05 * j for j in range(3)] for i in range(2)] for _ in range(2)]
GRADS += [[[0.3, -0.2, 0.1], [0.0, 1.5, -2.5]], [[1e-4, 2.0, -0.7], [0.4, -0.4, 0.0]]]


def tensorflow():
    import numpy as np
    import tensorflow as tf
    t = tf.compat.v1.train
    made = {}

    def v1(name, f, **args):
        with tf.Graph().as_default(), tf.compat.v1.Session() as s:
            step = tf.compat.v1.placeholder(tf.int64, [])
            rate = f(step)
            made[name] = dict(args=args, rates=[float(s.run(rate, {step: k})) for k in STEPS])

    v1("exponential", lambda s: t.exponential_decay(.1, s, 20, .9), LearningRate=.1, DecaySteps=20, DecayRate=.9)
    v1("exponential-staircase", lambda s: t.exponential_decay(.1, s, 20, .9, staircase=True), LearningRate=.1, DecaySteps=20, DecayRate=.9, Staircase=True)
    v1("natural-exp", lambda s: t.natural_exp_decay(.1, s, 20, .5), LearningRate=.1, DecaySteps=20, DecayRate=.5)
    v1("natural-exp-staircase", lambda s: t.natural_exp_decay(.1, s, 20, .5, staircase=True), LearningRate=.1, DecaySteps=20, DecayRate=.5, Staircase=True)
    v1("inverse-time", lambda s: t.inverse_time_decay(.1, s, 20, .5), LearningRate=.1, DecaySteps=20, DecayRate=.5)
    v1("inverse-time-staircase", lambda s: t.inverse_time_decay(.1, s, 20, .5, staircase=True), LearningRate=.1, DecaySteps=20, DecayRate=.5, Staircase=True)
    v1("piecewise", lambda s: t.piecewise_constant(s, [10, 30, 100], [.1, .05, .01, .001]), Boundaries=[10, 30, 100], Values=[.1, .05, .01, .001])
    v1("polynomial", lambda s: t.polynomial_decay(.1, s, 70), LearningRate=.1, DecaySteps=70)
    v1("polynomial-power", lambda s: t.polynomial_decay(.1, s, 70, .01, .5), LearningRate=.1, DecaySteps=70, EndLearningRate=.01, Power=.5)
    v1("polynomial-cycle", lambda s: t.polynomial_decay(.1, s, 20, .01, 2., cycle=True), LearningRate=.1, DecaySteps=20, EndLearningRate=.01, Power=2, Cycle=True)
    v1("polynomial-to-zero", lambda s: t.polynomial_decay(.1, s, 70, 0.), LearningRate=.1, DecaySteps=70, EndLearningRate=-1)
    v1("cosine", lambda s: t.cosine_decay(.1, s, 100, alpha=.1), LearningRate=.1, DecaySteps=100, Alpha=.1)
    v1("cosine-restarts", lambda s: t.cosine_decay_restarts(.1, s, 10), LearningRate=.1, FirstDecaySteps=10)
    v1("cosine-restarts-lower", lambda s: t.cosine_decay_restarts(.1, s, 10, 3., .8, .05), LearningRate=.1, FirstDecaySteps=10, TMul=3, MMul=.8, Alpha=.05)
    v1("cosine-restarts-equal", lambda s: t.cosine_decay_restarts(.1, s, 20, 1., .9), LearningRate=.1, FirstDecaySteps=20, TMul=1, MMul=.9)
    v1("linear-cosine", lambda s: t.linear_cosine_decay(.1, s, 100), LearningRate=.1, DecaySteps=100)
    v1("linear-cosine-more", lambda s: t.linear_cosine_decay(.1, s, 100, 2.5, .1, .01), LearningRate=.1, DecaySteps=100, NumPeriods=2.5, Alpha=.1, Beta=.01)
    v1("noisy-linear-cosine-silent", lambda s: t.noisy_linear_cosine_decay(.1, s, 100, initial_variance=0.), LearningRate=.1, DecaySteps=100, InitialVariance=-1)
    warm = tf.keras.optimizers.schedules.CosineDecay(.01, 80, alpha=.1, warmup_target=.1, warmup_steps=20)
    made["warm-up-cosine"] = dict(args=dict(Steps=20, Start=.01, Cosine=dict(LearningRate=.1, DecaySteps=80, Alpha=.1)), rates=[float(warm(k)) for k in STEPS])

    w = tf.Variable(np.array(W0, np.float32))
    o = tf.keras.optimizers.AdamW(learning_rate=.05, weight_decay=.1, epsilon=1e-8)
    o.build([w])
    after = []
    for g in GRADS:
        o.apply_gradients([(tf.constant(g, tf.float32), w)])
        after.append(w.numpy().tolist())
    return {"tensorflow": tf.__version__, "schedules": made, "adamw_keras": dict(rate=.05, decay=.1, start=W0, grads=GRADS, after=after)}


def torch():
    import torch
    made = {}
    for name, args, kw in [("one-cycle", dict(LearningRate=.1, TotalSteps=150), dict(max_lr=.1, total_steps=150)),
                           ("one-cycle-other", dict(LearningRate=.4, TotalSteps=71, PctStart=.5, DivFactor=10, FinalDivFactor=100),
                            dict(max_lr=.4, total_steps=71, pct_start=.5, div_factor=10, final_div_factor=100))]:
        o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
        s = torch.optim.lr_scheduler.OneCycleLR(o, cycle_momentum=False, **kw)
        rates = []
        for _ in range(kw["total_steps"]):
            rates.append(s.get_last_lr()[0])
            o.step()
            if len(rates) < kw["total_steps"]:
                s.step()
        made[name] = dict(args=args, steps=list(range(len(rates))), rates=rates)
    w = torch.tensor(W0, requires_grad=True)
    o = torch.optim.AdamW([w], lr=.05, weight_decay=.1, eps=1e-8)
    after = []
    for g in GRADS:
        w.grad = torch.tensor(g)
        o.step()
        after.append(w.detach().numpy().tolist())
    x, y = torch.tensor([3., -4.], requires_grad=True), torch.tensor([12.], requires_grad=True)
    x.grad, y.grad = torch.tensor([3., -4.]), torch.tensor([12.])
    norm = float(torch.nn.utils.clip_grad_norm_([x, y], 2.))
    return {"torch": torch.__version__, "one_cycle": made, "adamw_torch": dict(rate=.05, decay=.1, start=W0, grads=GRADS, after=after),
            "clip": dict(norm=2, length=norm, x=x.grad.tolist(), y=y.grad.tolist())}


made = json.load(open(FILE)) if os.path.exists(FILE) else {}
made["steps"] = STEPS
made.update({"tensorflow": tensorflow, "torch": torch}[sys.argv[1]]())
with open(FILE, "w") as f:
    f.write("{\n" + ",\n".join(" %s: %s" % (json.dumps(k), json.dumps(made[k])) for k in sorted(made)) + "\n}\n")
