#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the digits classifier and writes digits.onnx and the held-out split.

Only needed to make these files again; the demo uses the committed ones.

    pip install -r requirements-train.txt
    python train.py [--out DIR]

The network (B images, H = 64, E = 16 experts of width I = 32, top-2):

    embedded = images / 16 · W + b                          [B, H]
    x        = LayerNorm(embedded)
    routed   = com.microsoft.MoE(x, x · W_router)           SwiGLU, weights sum to 1
    shared   = (silu(x · W_gate) * (x · W_up)) · W_down
    logits   = LayerNorm(embedded + routed + shared) · W_head + b_head   [B, 10]

The graph is written by hand with onnx.helper, because no exporter emits the
fused operator for a model of this kind.
"""

import argparse
import pathlib

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

PIXELS, HIDDEN, EXPERTS, TOP_K, EXPERT_WIDTH, SHARED_WIDTH, CLASSES = (
    64, 64, 16, 2, 32, 32, 10)
EPSILON = 1e-5
SEED = 20
TEST_IMAGES = 360


class DigitsMoE(torch.nn.Module):
    """The classifier; its parameters have the shapes the ONNX file stores."""

    def __init__(self):
        super().__init__()

        def weight(*shape, fan_in):
            return torch.nn.Parameter(torch.randn(*shape) * fan_in**-0.5)

        self.embed_weight = weight(PIXELS, HIDDEN, fan_in=PIXELS)
        self.embed_bias = torch.nn.Parameter(torch.zeros(HIDDEN))
        self.norm_scale = torch.nn.Parameter(torch.ones(HIDDEN))
        self.norm_bias = torch.nn.Parameter(torch.zeros(HIDDEN))
        self.router_weight = weight(HIDDEN, EXPERTS, fan_in=HIDDEN)
        # Gate rows are even and linear rows odd (swiglu_fusion = 1).
        self.fc1 = weight(EXPERTS, 2 * EXPERT_WIDTH, HIDDEN, fan_in=HIDDEN)
        self.fc2 = weight(EXPERTS, HIDDEN, EXPERT_WIDTH, fan_in=EXPERT_WIDTH)
        self.shared_gate = weight(HIDDEN, SHARED_WIDTH, fan_in=HIDDEN)
        self.shared_up = weight(HIDDEN, SHARED_WIDTH, fan_in=HIDDEN)
        self.shared_down = weight(SHARED_WIDTH, HIDDEN, fan_in=SHARED_WIDTH)
        self.final_scale = torch.nn.Parameter(torch.ones(HIDDEN))
        self.final_bias = torch.nn.Parameter(torch.zeros(HIDDEN))
        self.head_weight = weight(HIDDEN, CLASSES, fan_in=HIDDEN)
        self.head_bias = torch.nn.Parameter(torch.zeros(CLASSES))

    def forward(self, images):
        """Class logits [B, 10] and router logits [B, E] of images [B, 64]."""
        embedded = images / 16 @ self.embed_weight + self.embed_bias
        x = F.layer_norm(embedded, (HIDDEN,), self.norm_scale, self.norm_bias,
                         EPSILON)
        router = x @ self.router_weight
        best, ids = router.topk(TOP_K, dim=-1)
        weights = torch.zeros_like(router).scatter(
            1, ids, best.softmax(dim=-1))
        # Every expert on every image: wasteful and simple, fine at this size.
        h = torch.einsum("bh,eih->ebi", x, self.fc1)
        a = F.silu(h[..., 0::2]) * h[..., 1::2]
        routed = torch.einsum("be,ebi,ehi->bh", weights, a, self.fc2)
        shared = F.silu(x @ self.shared_gate) * (x @ self.shared_up)
        y = embedded + routed + shared @ self.shared_down
        y = F.layer_norm(y, (HIDDEN,), self.final_scale, self.final_bias,
                         EPSILON)
        return y @ self.head_weight + self.head_bias, router


def balance_loss(router):
    """Switch's load-balancing loss, generalised to top-k: E · Σ f_e · p_e."""
    p = router.softmax(dim=-1)
    chosen = torch.zeros_like(p).scatter(1, p.topk(TOP_K, dim=-1).indices, 1.0)
    return EXPERTS * (chosen.mean(0) / TOP_K * p.mean(0)).sum()


def decisiveness_loss(router):
    """Mean routing entropy per image: low when each image has clear experts."""
    log_p = router.log_softmax(dim=-1)
    return -(log_p.exp() * log_p).sum(-1).mean()


def shifted(images, generator):
    """The images moved by up to one pixel in each direction, at random."""
    padded = F.pad(images.view(-1, 8, 8), (1, 1, 1, 1))
    shift = torch.randint(0, 3, (len(images), 2), generator=generator)
    span = torch.arange(8)
    rows = (shift[:, :1] + span)[:, :, None]
    columns = (shift[:, 1:] + span)[:, None, :]
    batch = torch.arange(len(images))[:, None, None]
    return padded[batch, rows, columns].reshape(-1, PIXELS)


def train(images, labels, epochs):
    """A model fitted to images [N, 64] and labels [N]."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = DigitsMoE()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3,
                                  weight_decay=0.05)
    batch = 64
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
    for epoch in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for picked in order.split(batch):
            logits, router = model(shifted(images[picked], generator))
            loss = (F.cross_entropy(logits, labels[picked],
                                    label_smoothing=0.05) +
                    1.0 * balance_loss(router) +
                    0.08 * decisiveness_loss(router))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        if (epoch + 1) % 20 == 0:
            print(f"epoch {epoch + 1:3d}  loss {loss.item():.4f}")
    return model.eval()


def to_onnx(model):
    """The model as an ONNX graph; node and weight names say what they are."""
    p = {name: value.detach().numpy() for name, value in
         model.named_parameters()}
    weights = {
        "pixel_scale": np.float32(1 / 16),
        "embed.weight": p["embed_weight"],
        "embed.bias": p["embed_bias"],
        "norm.scale": p["norm_scale"],
        "norm.bias": p["norm_bias"],
        "router.weight": p["router_weight"],
        "experts.fc1.weight": p["fc1"],
        "experts.fc2.weight": p["fc2"],
        "shared.gate.weight": p["shared_gate"],
        "shared.up.weight": p["shared_up"],
        "shared.down.weight": p["shared_down"],
        "final_norm.scale": p["final_scale"],
        "final_norm.bias": p["final_bias"],
        "head.weight": p["head_weight"],
        "head.bias": p["head_bias"],
    }

    def node(kind, inputs, output, **attributes):
        return helper.make_node(kind, inputs, [output], name="/" + output,
                                **attributes)

    nodes = [
        node("Mul", ["images", "pixel_scale"], "scale"),
        node("Gemm", ["scale", "embed.weight", "embed.bias"], "embed"),
        node("LayerNormalization", ["embed", "norm.scale", "norm.bias"],
             "norm", axis=-1, epsilon=EPSILON),
        node("MatMul", ["norm", "router.weight"], "router"),
        node("MoE", ["norm", "router", "experts.fc1.weight", "",
                     "experts.fc2.weight"], "experts",
             domain="com.microsoft", k=TOP_K, activation_type="swiglu",
             swiglu_fusion=1, activation_alpha=1.0, activation_beta=0.0,
             normalize_routing_weights=1),
        node("MatMul", ["norm", "shared.gate.weight"], "shared/gate"),
        node("Sigmoid", ["shared/gate"], "shared/sigmoid"),
        node("Mul", ["shared/gate", "shared/sigmoid"], "shared/silu"),
        node("MatMul", ["norm", "shared.up.weight"], "shared/up"),
        node("Mul", ["shared/silu", "shared/up"], "shared/gated"),
        node("MatMul", ["shared/gated", "shared.down.weight"], "shared"),
        node("Add", ["experts", "shared"], "routed_and_shared"),
        node("Add", ["embed", "routed_and_shared"], "residual"),
        node("LayerNormalization",
             ["residual", "final_norm.scale", "final_norm.bias"],
             "final_norm", axis=-1, epsilon=EPSILON),
        node("Gemm", ["final_norm", "head.weight", "head.bias"], "logits"),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT,
                                       ["batch", PIXELS])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT,
                                       ["batch", CLASSES])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name)
         for name, value in weights.items()])
    result = helper.make_model(
        graph, producer_name="examples/digits/train.py", ir_version=10,
        opset_imports=[helper.make_opsetid("", 21),
                       helper.make_opsetid("com.microsoft", 1)])
    onnx.checker.check_model(result)
    return result


def report(model, images, labels):
    """Prints the accuracy and, for each digit, which experts it uses."""
    with torch.no_grad():
        logits, router = model(images)
    accuracy = (logits.argmax(-1) == labels).float().mean().item()
    print(f"held-out accuracy {100 * accuracy:.2f} % of {len(images)} images")
    chosen = F.one_hot(router.topk(TOP_K, dim=-1).indices, EXPERTS).sum(1)
    for digit in range(CLASSES):
        rows = chosen[labels == digit].sum(0)
        print(digit, " ".join(f"{n:3d}" for n in rows.tolist()))
    print("Σ", " ".join(f"{n:3d}" for n in chosen.sum(0).tolist()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent)
    parser.add_argument("--epochs", type=int, default=100)
    arguments = parser.parse_args()

    # One thread: sums in one order, so the same file comes out again.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    data, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        data.astype(np.float32), labels.astype(np.int64),
        test_size=TEST_IMAGES, stratify=labels, random_state=SEED)
    model = train(torch.from_numpy(train_x), torch.from_numpy(train_y),
                  arguments.epochs)
    report(model, torch.from_numpy(test_x), torch.from_numpy(test_y))

    arguments.out.mkdir(parents=True, exist_ok=True)
    onnx.save(to_onnx(model), arguments.out / "digits.onnx")
    np.save(arguments.out / "test_images.npy", test_x)
    np.save(arguments.out / "test_labels.npy", test_y)


if __name__ == "__main__":
    main()
