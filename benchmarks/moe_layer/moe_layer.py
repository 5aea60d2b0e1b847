#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times com.microsoft.MoE layers in moec and in ONNX Runtime, side by side.

    cmake --build --preset dev --target moec moe_rt moe_layer_probe
    build/venv/bin/python benchmarks/moe_layer/moe_layer.py --shape olmoe

README.md beside this file says what is measured and how. Exit codes: 0 done
(with --check: and every bar met); 1 a bar missed or a step failed; 2 usage.
"""

import argparse
import json
import os
import pathlib
import sys

try:
    import onnxruntime

    import moe_runtime
    import peers
    from compile_memory import CompileError, compile_layer
    from make_layer import SHAPES, Weights, make_layer
    from measure import errors, measure, use_all_experts
    from products import check_products
    from reference import ROUTINGS, Inputs
except ImportError as error:
    sys.exit(f"moe_layer: {error}; run scripts/setup, and this program with "
             "build/venv/bin/python")

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Most time against ONNX Runtime, per shape and number of rows, uniform routing.
RATIO_BARS = {
    "olmoe": {1: 0.9, 7: 0.9, 64: 0.6, 512: 0.8},
    "switch": {1: 1.0, 7: 1.0, 64: 1.0, 512: 1.0},
}
ERROR_BAR, ERROR_FACTOR_BAR = 5e-6, 4.0


def say(text):
    """Progress goes to stderr; stdout is for results."""
    print(text, file=sys.stderr, flush=True)


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


class Bench:
    """Makes layers and packages, opens peers, measures."""

    def __init__(self, options):
        self.options = options
        self.library = None
        if not options.no_moec:
            self.library = moe_runtime.Library(
                options.build / "runtime" / "libmoe_rt.so")

    def peers(self, model):
        """{name: peer} for a written layer; compiles it first."""
        options = self.options
        result = {"onnxruntime": peers.OnnxRuntime(model, options.threads)}
        if self.library:
            package = model.with_suffix(".moe")
            say(f"compiling {model}")
            self.compile_seconds, self.compile_bytes = compile_layer(
                options.build / "bin" / "moec", model, package)
            result["moec"] = peers.Moec(self.library, package, options.threads,
                                        options.level, options.load)
        return result

    def shape(self, name):
        """All results of one shape."""
        options, shape = self.options, SHAPES[name]
        folder = options.dir / (name + ("-router" if options.router else ""))
        say(f"writing the layer '{name}' to {folder}")
        model = make_layer(folder, shape, options.router)
        weights = Weights(model, shape)
        result = {"shape": name, "experts": shape.experts,
                  "top_k": shape.top_k, "hidden": shape.hidden,
                  "intermediate": shape.intermediate,
                  "activation": shape.activation, "router": options.router,
                  "weight_bytes": 4 * shape.experts * shape.expert_parameters}
        if options.products:
            say("checking the products")
            result["products"] = check_products(
                shape, folder / "products", (1, 7, 64), self.peers)
        opened = self.peers(model)
        if "moec" in opened:
            result.update(compile_seconds=self.compile_seconds,
                          compile_resident_bytes=self.compile_bytes,
                          level=f"x86-64-v{opened['moec'].level}")
        probe = peers.Probe(options.probe, options.threads, weights.data_path)
        result["probe_pages"] = probe.pages
        first = use_all_experts(opened, Inputs(
            shape, weights, "uniform", 16 * shape.experts, options.seed))
        result["first_run_ms"] = {name: 1e3 * value
                                  for name, value in first.items()}
        result["results"] = [
            self.point(shape, weights, opened, probe, rows, routing)
            for rows in options.rows for routing in options.routing]
        for peer in opened.values():
            peer.close()
        return result

    def point(self, shape, weights, opened, probe, rows, routing):
        """One number of rows and one routing set."""
        say(f"{shape.name}: {rows} rows, {routing}")
        inputs = Inputs(shape, weights, routing, rows, self.options.seed)
        error = errors(opened, shape, weights, inputs)
        result = measure(opened, probe, shape, inputs, self.options.rounds)
        for name, value in error.items():
            result["peers"][name]["error"] = value
        return result


def bars(shape):
    """[(what, value, limit, verdict)] for each bar of the shape's results."""
    found = []
    for line in shape["results"]:
        if "moec" not in line["peers"]:
            continue
        where = f"{shape['shape']} T={line['rows']} {line['routing']}"
        ours = line["peers"]["moec"]["error"]
        theirs = line["peers"]["onnxruntime"]["error"]
        limit = min(ERROR_BAR, ERROR_FACTOR_BAR * theirs) if line["rows"] else 0
        times = f" ({ours / theirs:.2f} x ORT)" if theirs else ""
        found.append((f"{where}: error{times}", ours, limit,
                      "met" if ours <= limit else "MISSED"))
        limit = RATIO_BARS.get(shape["shape"], {}).get(line["rows"])
        if limit is None or line["routing"] != "uniform":
            continue
        ratio = line["ratio"]
        verdict = "met" if ratio["median"] <= limit else "MISSED"
        if ratio["low"] is None or ratio["low"] <= limit < ratio["high"]:
            verdict += ", not clear"
        found.append((f"{where}: time", ratio["median"], limit, verdict))
    for line in shape.get("products", ()):
        for name, share in line["peers"].items():
            if name == "moec":
                found.append((
                    f"{shape['shape']} {line['product']} T={line['rows']}: "
                    f"error of a product of K={line['k']} / bound", share, 1.0,
                    "met" if share <= 1 else "MISSED"))
    return found


def interval(value, scale=1.0, digits=2):
    """'0.71 [0.69 0.73]'."""
    if value is None:
        return "-"
    text = f"{scale * value['median']:.{digits}f}"
    if value["low"] is not None:
        text += (f" [{scale * value['low']:.{digits}f} "
                 f"{scale * value['high']:.{digits}f}]")
    return text


def print_shape(shape):
    print(f"\n{shape['shape']}: E {shape['experts']}, k {shape['top_k']}, "
          f"H {shape['hidden']}, I {shape['intermediate']}, "
          f"{shape['activation']}, f32, "
          f"{shape['weight_bytes'] / 1e6:,.0f} MB of weights"
          + (", router in the graph" if shape["router"] else ""))
    if "level" in shape:
        print(f"moec at {shape['level']}; compiled in "
              f"{shape['compile_seconds']:.1f} s with "
              f"{shape['compile_resident_bytes'] / 1e6:,.0f} MB resident")
    print("first run, of all experts: " + ", ".join(
        f"{name} {value:,.0f} ms"
        for name, value in shape["first_run_ms"].items()))
    print(f"share: of the bound by the probed bandwidth ({shape['probe_pages']}"
          ") and f32 peak; [95 % interval]")
    print(f"{'T':>4} {'routing':8} {'peer':12} {'min ms':>9} {'median ms':>9} "
          f"{'share %':>16} {'error':>8}  {'moec / ORT':20} bound")
    for line in shape["results"]:
        for index, (name, peer) in enumerate(line["peers"].items()):
            last = index == len(line["peers"]) - 1
            print(f"{line['rows']:4d} {line['routing']:8} {name:12} "
                  f"{peer['min_ms']:9.3f} {peer['median_ms']:9.3f} "
                  f"{interval(peer['share_of_bound'], 100, 0):>16} "
                  f"{peer['error']:8.1e}  "
                  + (f"{interval(line.get('ratio')):20} "
                     f"{line['bound_ms']:.3f} ms by {line['bound_by']} "
                     f"({line['bandwidth_gb_s']:.0f} GB/s, "
                     f"{line['peak_gflop_s']:.0f} GFLOP/s)" if last else ""))
    for what, value, limit, verdict in bars(shape):
        print(f"{verdict:16} {what} {value:.3g}, at most {limit:.3g}")


def numbers(text):
    values = [int(word) for word in text.split(",")]
    if min(values) < 0:
        raise ValueError
    return values


def routings(text):
    values = text.split(",")
    for value in values:
        if value not in ROUTINGS:
            raise argparse.ArgumentTypeError(
                f"expected some of {','.join(ROUTINGS)}, but got '{value}'")
    return values


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=SHAPES, action="append",
                        help="repeatable; default olmoe and switch")
    parser.add_argument("--rows", type=numbers, default=[0, 1, 7, 64, 512])
    parser.add_argument("--routing", type=routings, default=list(ROUTINGS))
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int,
                        default=len(os.sched_getaffinity(0)))
    parser.add_argument("--build", type=pathlib.Path,
                        default=ROOT / "build" / "dev")
    parser.add_argument("--probe", type=pathlib.Path,
                        help="the probe's library, if not in --build")
    parser.add_argument("--dir", type=pathlib.Path,
                        default=ROOT / "build" / "benchmarks" / "moe_layer",
                        help="where layers and packages are kept")
    parser.add_argument("--no-moec", action="store_true",
                        help="measure ONNX Runtime alone")
    parser.add_argument("--router", action="store_true",
                        help="with the router's product in the graph")
    parser.add_argument("--no-products", dest="products", action="store_false",
                        help="do not check each product's error alone")
    parser.add_argument("--level", type=int, choices=(0, 3, 4), default=0,
                        help="highest x86-64 level; 0: the CPU's")
    parser.add_argument("--load", choices=moe_runtime.LOAD_POLICIES,
                        default="map")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE",
                        help="write JSON to FILE, or to stdout alone")
    parser.add_argument("--check", action="store_true",
                        help="exit 1 if a bar is missed")
    options = parser.parse_args(arguments)
    for name in ("rounds", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"expected --{name} of at least 1, but got "
                         f"{getattr(options, name)}")
    options.shape = options.shape or ["olmoe", "switch"]
    options.probe = options.probe or (options.build / "benchmarks" /
                                      "moe_layer" / "libmoe_layer_probe.so")
    return options


def main():
    options = parse(sys.argv[1:])
    try:
        bench = Bench(options)
        report = {"cpu": cpu_name(), "threads": options.threads,
                  "load_average_before": os.getloadavg()[0],
                  "onnxruntime": onnxruntime.__version__,
                  "load": options.load,
                  "shapes": [bench.shape(name) for name in options.shape]}
    except (CompileError, moe_runtime.MoeError, OSError, ValueError) as error:
        sys.exit(f"moe_layer: {error}")
    if options.json:
        text = json.dumps(report, indent=1) + "\n"
        if options.json == "-":
            sys.stdout.write(text)
        else:
            pathlib.Path(options.json).write_text(text)
    if options.json != "-":
        print(f"{report['cpu']}, {report['threads']} threads; ONNX Runtime "
              f"{report['onnxruntime']}; packages loaded by {report['load']}; "
              f"load average before {report['load_average_before']:.2f}")
        for shape in report["shapes"]:
            print_shape(shape)
    missed = [bar for shape in report["shapes"] for bar in bars(shape)
              if bar[3].startswith("MISSED")]
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
