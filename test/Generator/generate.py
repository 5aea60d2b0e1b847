# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs of moe ops: text for the compiler, a function for the model.

Program(seed) is the same program each time. `text` is what moec compiles,
`plain(name)` a function of that name for the plain lowering, and `evaluate`
what the model says of some inputs.
"""

import random

import numpy as np

import model

WIDTHS = (1, 2, 3, 5, 8, 15, 16, 17, 24, 31, 32, 33, 40, 47, 48, 49, 64, 65, 70)
NUMBERS = (1, 1, 2, 3, 4, 4, 5, 7, 8, 8, 9, 16, 17, 40)


def constant(value):
    """A float as the text of an f32 constant."""
    return f"{float(np.float32(value)):.9e}"


class Program:
    def __init__(self, seed):
        self.seed = seed
        self.rng = random.Random(seed)
        self.weights = []      # text of moe.weight ops, "@@" before names
        self.lines = []        # text of main's ops
        self.arguments = []    # (name, element type, width)
        self.steps = []        # functions of an environment
        self.outputs = []      # (name, type, key in the environment)
        self.features = []     # what is in it, for messages
        self.counter = 0
        self.target = self.lines
        self.by_rows = True    # whether a row's bits depend on that row only
        self.static = self.rng.choice((0,) * 9 + (1, 4, 37))
        self.rows = str(self.static) if self.static else "?"
        self._build()

    # Text.

    def name(self, stem="v"):
        self.counter += 1
        return f"%{stem}{self.counter}"

    def emit(self, line):
        self.target.append(line)

    def op(self, text, stem="v"):
        result = self.name(stem)
        self.emit(f"{result} = {text}")
        return result

    def empty(self, shape, dim, kind="f32"):
        """tensor.empty of e.g. "?x8"; dim is its dynamic size."""
        size = dim if shape.startswith("?") else ""
        return self.op(f"tensor.empty({size}) : tensor<{shape}x{kind}>", "e")

    def generic(self, inputs, shape, dim, scalar, row=None):
        """An elementwise linalg.generic on tensors [R, N] and vectors [N].

        inputs: (name, type); scalar(arguments) emits ops and returns a name.
        """
        init = self.empty(shape, dim)
        maps, names, types = [], [], []
        for value, kind in inputs:
            rank = kind.count("x")
            maps.append({2: "#id", 1: "#col"}[rank])
            names.append(value)
            types.append(kind)
        arguments = [self.name("a") for _ in inputs]
        header = ", ".join(f"{a} : f32" for a in arguments + [self.name("o")])
        result = self.name()
        self.emit(f"{result} = linalg.generic {{indexing_maps = "
                  f"[{', '.join(maps + ['#id'])}], iterator_types = "
                  f'["parallel", "parallel"]}} ins({", ".join(names)} : '
                  f"{', '.join(types)}) outs({init} : tensor<{shape}xf32>) {{")
        self.emit(f"^bb0({header}):")
        value = scalar(arguments)
        self.emit(f"linalg.yield {value} : f32")
        self.emit(f"}} -> tensor<{shape}xf32>")
        return result

    def activate(self, kind, x):
        """Scalar ops of one of model.ACTIVATIONS."""
        if kind == "none":
            return x
        if kind == "relu":
            zero = self.op("arith.constant 0.0 : f32")
            return self.op(f"arith.maximumf {x}, {zero} : f32")
        one = self.op("arith.constant 1.0 : f32")
        scaled = x
        if kind == "gelu":
            factor = self.op(f"arith.constant {constant(1.702)} : f32")
            scaled = self.op(f"arith.mulf {x}, {factor} : f32")
        negated = self.op(f"arith.negf {scaled} : f32")
        power = self.op(f"math.exp {negated} : f32")
        divisor = self.op(f"arith.addf {power}, {one} : f32")
        if kind == "sigmoid":
            return self.op(f"arith.divf {one}, {divisor} : f32")
        if self.rng.random() < 0.5:
            return self.op(f"arith.divf {x}, {divisor} : f32")
        part = self.op(f"arith.divf {one}, {divisor} : f32")
        return self.op(f"arith.mulf {x}, {part} : f32")

    def matmul(self, x, x_type, w, w_type, shape, dim):
        init = self.empty(shape, dim)
        zero = self.op("arith.constant 0.0 : f32")
        acc = self.op(f"linalg.fill ins({zero} : f32) outs({init} : "
                      f"tensor<{shape}xf32>) -> tensor<{shape}xf32>")
        return self.op(f"linalg.matmul ins({x}, {w} : {x_type}, {w_type}) "
                       f"outs({acc} : tensor<{shape}xf32>) -> "
                       f"tensor<{shape}xf32>")

    # Weights.

    def weight(self, number, shape, bound):
        """A weight of `number` experts, or of none; (name, type, Value).

        Stored as it is used, or with the last two dimensions exchanged.
        """
        seed = self.rng.randrange(2**32)
        name = f"@@w{len(self.weights)}"
        whole = ([] if number is None else [number]) + list(shape)
        low, high = -bound, bound
        if len(shape) == 1 and self.rng.random() < 0.1:
            low = high = 0.0
        turned = len(shape) == 2 and self.rng.random() < 0.5
        stored = whole[:-2] + [whole[-1], whole[-2]] if turned else whole
        value = model.random(seed, low, high, stored)
        if turned:
            value = np.swapaxes(value, -1, -2)
        text = lambda dims: "tensor<" + "x".join(map(str, dims)) + "xf32>"
        lines = [f"moe.weight {name} : {text(whole)} {{"]
        if number is not None:
            lines.append("^bb0(%e : index):")
        lines.append(f"%a = moe.source random<seed = {seed}, low = "
                     f"{constant(low)}, high = {constant(high)}> : "
                     f"{text(stored)}")
        last, part = "%a", stored
        if number is not None:
            part = stored[1:]
            zeros = ", 0" * len(part)
            sizes = ", ".join(map(str, [1] + part))
            ones = ", ".join(["1"] * len(stored))
            lines.append(f"%b = tensor.extract_slice %a[%e{zeros}] [{sizes}] "
                         f"[{ones}] : {text(stored)} to {text(part)}")
            last = "%b"
        if turned:
            swapped = [part[1], part[0]]
            lines.append(f"%c = tensor.empty() : {text(swapped)}")
            lines.append(f"%d = linalg.transpose ins({last} : {text(part)}) "
                         f"outs(%c : {text(swapped)}) permutation = [1, 0]")
            last, part = "%d", swapped
        lines += [f"moe.yield {last} : {text(part)}", "}"]
        self.weights.append("\n".join(lines))
        return name, text(whole), model.exact(value)

    # Pieces of a layer. Each returns names of values and keys of results.

    def step(self, function):
        """Adds a step of the model; its key in the environment."""
        key = len(self.steps)
        self.steps.append(lambda env: env.__setitem__(key, function(env)))
        return key

    def argument(self, stem, kind, width):
        name = f"{stem}{len(self.arguments)}"
        self.arguments.append((name, kind, width))
        return f"%{name}", name

    def scores(self, x, key, width, number):
        """Scores [R, E], before and after an activation."""
        shape = f"{self.rows}x{number}"
        kind = f"tensor<{shape}xf32>"
        if self.rng.random() < 0.3:
            value, source = self.argument("s", "f32", number)
            self.features.append("given scores")
        else:
            w, w_type, w_value = self.weight(None, (width, number), 1.0)
            w = self.op(f"moe.weight_value {w} : {w_type}")
            value = self.matmul(x, f"tensor<{self.rows}x{width}xf32>", w,
                                w_type, shape, "%n")
            source = self.step(lambda env: model.matmul(env[key], w_value))
        chain = self.rng.choice(("raw", "softmax", "softmax", "sigmoid"))
        self.features.append(chain)
        if chain == "raw":
            return value, source
        if chain == "sigmoid":
            result = self.generic([(value, kind)], shape, "%n",
                                  lambda a: self.activate("sigmoid", a[0]))
            return result, self.step(
                lambda env: model.activation("sigmoid", env[source]))
        return (self.softmax(value, shape),
                self.step(lambda env: model.softmax(env[source])))

    def softmax(self, z, shape):
        full, short = f"tensor<{shape}xf32>", f"tensor<{self.rows}xf32>"
        par = 'iterator_types = ["parallel", "parallel"]'
        red = 'iterator_types = ["parallel", "reduction"]'

        def reduce(x, start, scalar):
            first = self.op(f"arith.constant {start} : f32")
            init = self.empty(self.rows, "%n")
            acc = self.op(f"linalg.fill ins({first} : f32) outs({init} : "
                          f"{short}) -> {short}")
            result = self.op(f"linalg.generic {{indexing_maps = [#id, #row], "
                             f"{red}}} ins({x} : {full}) outs({acc} : {short})"
                             " {")
            a, b, c = (self.name() for _ in range(3))
            self.emit(f"^bb0({a} : f32, {b} : f32):")
            self.emit(f"{c} = arith.{scalar} {a}, {b} : f32")
            self.emit(f"linalg.yield {c} : f32\n}} -> {short}")
            return result

        def spread(x, y, scalar):
            init = self.empty(shape, "%n")
            result = self.op(f"linalg.generic {{indexing_maps = [#id, #row, "
                             f"#id], {par}}} ins({x}, {y} : {full}, {short}) "
                             f"outs({init} : {full}) {{")
            a, b, c, o = (self.name() for _ in range(4))
            self.emit(f"^bb0({a} : f32, {b} : f32, {o} : f32):")
            self.emit(f"{c} = arith.{scalar} {a}, {b} : f32")
            if scalar == "subf":
                c = self.op(f"math.exp {c} : f32")
            self.emit(f"linalg.yield {c} : f32\n}} -> {full}")
            return result

        t = spread(z, reduce(z, "0xFF800000", "maximumf"), "subf")
        return spread(t, reduce(t, "0.0", "addf"), "divf")

    def top_k(self, scores, key, number, slots):
        limit, text = None, ""
        if self.rng.random() < 0.1:
            limit = self.rng.choice((-1, 0, 1, slots, slots + 1, "rows"))
            if limit == "rows":
                text, self.by_rows = " limit(%n)", False
            else:
                text = f" limit({self.op(f'arith.constant {limit} : index')})"
            self.features.append(f"limit {limit}")
        shape = f"{self.rows}x{slots}"
        init = self.empty(shape, "%n", "i32")
        ids = self.op(f"moe.top_k {scores} : tensor<{self.rows}x{number}xf32>"
                      f"{text} outs({init} : tensor<{shape}xi32>)", "ids")

        def select(env):
            bound = env["rows"] if limit == "rows" else limit
            return model.top_k(env[key], slots, bound)

        return ids, self.step(select)

    def take(self, table, table_type, key, ids, ids_key, slots):
        shape = f"{self.rows}x{slots}"
        init = self.empty(shape, "%n")
        w = self.op(f"moe.take {table} at {ids} : {table_type}, "
                    f"tensor<{shape}xi32> outs({init} : tensor<{shape}xf32>)")
        return w, self.step(lambda env: model.take(env[key], env[ids_key]))

    def normalize(self, w, key, ids, ids_key, slots):
        shape = f"{self.rows}x{slots}"
        kind = self.rng.choice(("none", "sum", "sum", "softmax"))
        if kind == "none":
            return w, key
        eps = self.rng.choice((0.0, 1e-20, 1e-6)) if kind == "sum" else 0.0
        text = f" eps {eps:e}" if eps else ""
        self.features.append(f"normalize {kind}")
        init = self.empty(shape, "%n")
        w = self.op(f"moe.normalize {kind} {w} over {ids}{text} : "
                    f"tensor<{shape}xf32>, tensor<{shape}xi32> "
                    f"outs({init} : tensor<{shape}xf32>)")
        if kind == "sum":
            return w, self.step(lambda env: model.normalize_sum(
                env[key], env[ids_key], eps))
        return w, self.step(lambda env: model.normalize_softmax(
            env[key], env[ids_key]))

    def route(self, x, key, width):
        """(number, slots, ids, its key, weights or None, their key)."""
        number = self.rng.choice(NUMBERS)
        most = number if self.rng.random() < 0.15 else min(number, 4)
        slots = number if most > 4 else self.rng.randint(1, most)
        if self.rng.random() < 0.15:
            slots = self.rng.randint(1, 4)
            ids, ids_key = self.argument(f"i{number}_", "i32", slots)
            w, w_key = self.argument("w", "f32", slots)
            self.features.append("given ids")
        else:
            scores, s_key = self.scores(x, key, width, number)
            kind = f"tensor<{self.rows}x{number}xf32>"
            chosen, c_key = scores, s_key
            if self.rng.random() < 0.25:
                self.features.append("score bias")
                b, b_type, b_value = self.weight(None, (number,), 0.5)
                b = self.op(f"moe.weight_value {b} : {b_type}")
                chosen = self.generic(
                    [(scores, kind), (b, b_type)], f"{self.rows}x{number}",
                    "%n", lambda a: self.op(f"arith.addf {a[0]}, {a[1]} : f32"))
                c_key = self.step(lambda env, key=s_key: model.add(env[key],
                                                                   b_value))
            ids, ids_key = self.top_k(chosen, c_key, number, slots)
            if self.rng.random() < 0.1:
                self.features.append("table")
                t, kind, t_value = self.weight(None, (number,), 1.0)
                scores = self.op(f"moe.weight_value {t} : {kind}")
                s_key = self.step(lambda env: t_value)
            w, w_key = self.take(scores, kind, s_key, ids, ids_key, slots)
        w, w_key = self.normalize(w, w_key, ids, ids_key, slots)
        if self.rng.random() < 0.15:
            w, w_key = None, None
        if self.rng.random() < 0.3:
            self.outputs.append((f"ids{len(self.outputs)}", ids,
                                 f"tensor<{self.rows}x{slots}xi32>", ids_key))
        if w and self.rng.random() < 0.3:
            self.outputs.append((f"w{len(self.outputs)}", w,
                                 f"tensor<{self.rows}x{slots}xf32>", w_key))
        return number, slots, ids, ids_key, w, w_key

    def stage(self, x, x_type, width, number, used):
        """One product or a gated pair in a body; (name, width, function)."""
        out = self.rng.choice(WIDTHS)
        return self.product(x, x_type, width, out, number, used,
                            self.rng.random() < 0.35,
                            self.rng.choice(("none", "relu", "silu", "gelu")),
                            self.rng.random() < 0.4)

    def product(self, x, x_type, width, out, number, used, gated, act, bias):
        """act(x W + b), or act(x G + b) * (x W + c)."""
        shape, kind = f"?x{out}", f"tensor<?x{out}xf32>"

        def part(stem, dims, bound):
            name, whole, value = self.weight(number, dims, bound)
            text = "tensor<" + "x".join(map(str, dims)) + "xf32>"
            argument = self.name(stem)
            used.append((name, whole, argument, text))
            return argument, text, value

        factors, biases = [], []
        for _ in range(2 if gated else 1):
            w, w_type, w_value = part("m", (width, out),
                                      self.rng.choice((0.1, 0.5, 1.0)))
            factors.append((self.matmul(x, x_type, w, w_type, shape, "%r"),
                            w_value))
            biases.append(part("b", (out,), 0.5) if bias else None)
        fused = self.rng.random() < 0.6

        def whole(a):
            sums, rest = a[:len(factors)], list(a[len(factors):])
            sums = [self.op(f"arith.addf {s}, {rest.pop(0)} : f32")
                    if b else s for s, b in zip(sums, biases)]
            first = self.activate(act, sums[0])
            if not gated:
                return first
            return self.op(f"arith.mulf {first}, {sums[1]} : f32")

        if fused:
            inputs = [(f[0], kind) for f in factors]
            inputs += [(b[0], b[1]) for b in biases if b]
            result = self.generic(inputs, shape, "%r", whole)
        else:
            sums = [f[0] for f in factors]
            for i, b in enumerate(biases):
                if b:
                    sums[i] = self.generic(
                        [(sums[i], kind), (b[0], b[1])], shape, "%r",
                        lambda a: self.op(f"arith.addf {a[0]}, {a[1]} : f32"))
            result = self.generic([(sums[0], kind)], shape, "%r",
                                  lambda a: self.activate(act, a[0]))
            if gated:
                result = self.generic(
                    [(result, kind), (sums[1], kind)], shape, "%r",
                    lambda a: self.op(f"arith.mulf {a[0]}, {a[1]} : f32"))

        def function(e, rows):
            sums = []
            for (_, w), b in zip(factors, biases):
                y = model.matmul(rows, model.Value(w.val[e], w.err[e]))
                if b:
                    y = model.add(y, model.exact(
                        np.broadcast_to(b[2].val[e], y.shape)))
                sums.append(y)
            y = model.activation(act, sums[0])
            return model.mul(y, sums[1]) if gated else y

        return result, out, function

    def body(self, width, out, number, context):
        """A kind's text from "experts" on, and its function."""
        lines, self.target = self.target, []
        used, functions = [], []
        x, kind, inner = "%xe", f"tensor<?x{width}xf32>", width
        form = self.rng.choice(("one", "mlp", "mlp", "gated", "gated", "deep"))
        if width == out and self.rng.random() < context:
            form = "identity"
        elif self.rng.random() < context / 2:
            form = "zero"
        self.features.append(form)
        self.emit("%zero = arith.constant 0 : index")
        self.emit(f"%r = tensor.dim %xe, %zero : {kind}")
        if form == "zero":
            init = self.empty(f"?x{out}", "%r")
            c = self.op("arith.constant 0.0 : f32")
            x = self.op(f"linalg.fill ins({c} : f32) outs({init} : "
                        f"tensor<?x{out}xf32>) -> tensor<?x{out}xf32>")
            functions.append(lambda e, rows: model.exact(
                np.zeros((rows.shape[0], out))))
        elif form != "identity":
            for _ in range({"one": 0, "mlp": 1, "gated": 1, "deep": 2}[form]):
                if form == "gated":
                    x, inner, f = self.product(
                        x, kind, inner, self.rng.choice(WIDTHS), number, used,
                        True, self.rng.choice(("relu", "silu", "gelu")),
                        self.rng.random() < 0.3)
                else:
                    x, inner, f = self.stage(x, kind, inner, number, used)
                functions.append(f)
                kind = f"tensor<?x{inner}xf32>"
            x, _, f = self.product(x, kind, inner, out, number, used, False,
                                   self.rng.choice(("none", "none", "relu")),
                                   self.rng.random() < 0.4)
            functions.append(f)
        self.emit(f"moe.yield {x} : tensor<?x{out}xf32>")
        text, self.target = self.target, lines
        names = ", ".join(f"{w} : {t}" for w, t, _, _ in used)
        arguments = "".join(f", {a} : {t}" for _, _, a, t in used)
        head = f" weights({names})" if used else ""
        head += f" {{\n^bb0(%e : index, %xe : tensor<?x{width}xf32>{arguments}):"

        def function(e, rows):
            for f in functions:
                rows = f(e, rows)
            return rows

        return head + "\n" + "\n".join(text) + "\n}", function

    def plain_layer(self, x, key, width, routed):
        """experts and combine; (name, width, key)."""
        number, slots, ids, ids_key, w, w_key = routed
        out = width if self.rng.random() < 0.6 else self.rng.choice(WIDTHS)
        cuts = [0, number]
        if number > 1 and self.rng.random() < 0.2:
            cuts.insert(1, self.rng.randint(1, number - 1))
            self.features.append("two kinds")
        texts, kinds = [], []
        for first, last in zip(cuts, cuts[1:]):
            odd = 0.05 if first == 0 else 0.5
            text, function = self.body(width, out, last - first, odd)
            texts.append(f"experts {first} to {last}{text}")
            kinds.append((first, last, function))
        shape = f"{self.rows}x{slots}"
        init = self.empty(f"{shape}x{out}", "%n")
        y = self.name("y")
        self.emit(f"{y} = moe.experts at({ids} : tensor<{shape}xi32>) rows({x} "
                  f": tensor<{self.rows}x{width}xf32>) outs({init} : "
                  f"tensor<{shape}x{out}xf32>)\n" + ", ".join(texts))
        y_key = self.step(lambda env: model.experts(
            env[ids_key], env[key], out, kinds))
        weights = f" with({w} : tensor<{shape}xf32>)" if w else ""
        init = self.empty(f"{self.rows}x{out}", "%n")
        z = self.op(f"moe.combine {y} : tensor<{shape}x{out}xf32> at({ids} : "
                    f"tensor<{shape}xi32>){weights} outs({init} : "
                    f"tensor<{self.rows}x{out}xf32>)")
        return z, out, self.step(lambda env: model.combine_at(
            env[y_key], env[ids_key], number, env[w_key] if w else None))

    def grouped_layer(self, x, key, width, routed):
        """group, one or two grouped_matmul and combine; as plain_layer."""
        number, slots, ids, ids_key, w, w_key = routed
        self.features.append("grouped")
        shape = f"{self.rows}x{slots}"
        if self.static:
            places, count = str(self.static * slots), None
        else:
            factor = self.op(f"arith.constant {slots} : index")
            places, count = "?", self.op(f"arith.muli %n, {factor} : index")
        inits = [self.op(f"tensor.empty() : tensor<{number + 1}xi32>"),
                 self.empty(places, count, "i32"),
                 self.empty(shape, "%n", "i32")]
        types = (f"tensor<{number + 1}xi32>, tensor<{places}xi32>, "
                 f"tensor<{shape}xi32>")
        offsets, source, position = (self.name("g") for _ in range(3))
        self.emit(f"{offsets}, {source}, {position} = moe.group {ids} : "
                  f"tensor<{shape}xi32> outs({', '.join(inits)} : {types})")
        g_key = self.step(lambda env: model.group(env[ids_key], number))
        by = (f" by({source} : tensor<{places}xi32>) div {slots}", slots)
        rows, inner = f"{self.rows}", width
        for index in range(self.rng.choice((1, 2, 2))):
            out = self.rng.choice(WIDTHS)
            x, key = self.grouped_product(
                x, f"tensor<{rows}x{inner}xf32>", key, inner, out, number, by,
                offsets, g_key, f"{places}x{out}", count)
            by, rows, inner = ("", None), places, out
        weights = f" with({w} : tensor<{shape}xf32>)" if w else ""
        init = self.empty(f"{self.rows}x{out}", "%n")
        z = self.op(f"moe.combine {x} : tensor<{places}x{out}xf32> from("
                    f"{position} : tensor<{shape}xi32>){weights} outs({init} : "
                    f"tensor<{self.rows}x{out}xf32>)")
        return z, out, self.step(lambda env: model.combine_from(
            env[key], env[g_key], env[w_key] if w else None))

    def grouped_product(self, x, x_type, key, width, out, number, by, offsets,
                        g_key, shape, count):
        gated = self.rng.random() < 0.4
        bias = self.rng.random() < 0.4
        act = self.rng.choice(("none", "relu", "silu", "gelu"))
        bound = self.rng.choice((0.1, 0.5, 1.0))
        matrices = [self.weight(number, (width, out), bound)
                    for _ in range(2 if gated else 1)]
        vectors = [self.weight(number, (out,), 0.5)] if bias else []
        init = self.empty(shape, count)
        listed = ", ".join(f"{w} : {t}" for w, t, _ in matrices)
        extra = (" vectors(" + ", ".join(f"{w} : {t}" for w, t, _ in vectors)
                 + ")") if vectors else ""
        result = self.name("h")
        self.emit(f"{result} = moe.grouped_matmul rows({x} : {x_type}){by[0]} "
                  f"groups({offsets} : tensor<{number + 1}xi32>) weights("
                  f"{listed}){extra} outs({init} : tensor<{shape}xf32>) {{")
        arguments = [self.name("a") for _ in matrices + vectors]
        self.emit(f"^bb0({', '.join(f'{a} : f32' for a in arguments)}):")
        first = arguments[0]
        if bias:
            first = self.op(f"arith.addf {first}, {arguments[-1]} : f32")
        first = self.activate(act, first)
        if gated:
            first = self.op(f"arith.mulf {first}, {arguments[1]} : f32")
        self.emit(f"moe.yield {first} : f32\n}}")

        def epilogue(*values):
            y = model.add(values[0], values[-1]) if bias else values[0]
            y = model.activation(act, y)
            return model.mul(y, values[1]) if gated else y

        return result, self.step(lambda env: model.grouped_matmul(
            env[key], env[g_key], by[1], [m[2] for m in matrices],
            [v[2] for v in vectors], epilogue))

    def _build(self):
        width = self.rng.choice(WIDTHS)
        x, key = self.argument("x", "f32", width)
        if not self.static:
            self.emit("%c0 = arith.constant 0 : index")
            self.emit(f"%n = tensor.dim {x}, %c0 : "
                      f"tensor<{self.rows}x{width}xf32>")
        else:
            self.emit(f"%n = arith.constant {self.static} : index")
        for _ in range(self.rng.choice((1, 1, 1, 1, 1, 1, 2, 3))):
            routed = self.route(x, key, width)
            layer = (self.grouped_layer if self.rng.random() < 0.25
                     else self.plain_layer)
            y, out, y_key = layer(x, key, width, routed)
            if out == width and self.rng.random() < 0.5:
                kind = f"tensor<{self.rows}x{width}xf32>"
                y = self.generic(
                    [(x, kind), (y, kind)], f"{self.rows}x{width}", "%n",
                    lambda a: self.op(f"arith.addf {a[0]}, {a[1]} : f32"))
                before, after = key, y_key
                y_key = self.step(lambda env, b=before, a=after: model.add(
                    env[b], env[a]))
                self.features.append("residual")
            x, key, width = y, y_key, out
        self.outputs.append(("y", x, f"tensor<{self.rows}x{width}xf32>", key))

    # What others use.

    def _function(self, name, attributes):
        def note(text):
            return f" {{{text}}}" if attributes else ""

        arguments = ", ".join(
            f"%{n} : tensor<{self.rows}x{w}x{k}>"
            + note(f'onnx.name = "{n}"'
                   + ("" if self.static else ', onnx.dim_names = ["N", ""]'))
            for n, k, w in self.arguments)
        results = ", ".join(t + note(f'onnx.name = "{n}"')
                            for n, _, t, _ in self.outputs)
        values = ", ".join(v for _, v, _, _ in self.outputs)
        types = ", ".join(t for _, _, t, _ in self.outputs)
        return "\n".join([f"func.func {name}({arguments}) -> ({results}) {{",
                          *self.lines, f"return {values} : {types}", "}", ""])

    MAPS = ("#id = affine_map<(d0, d1) -> (d0, d1)>\n"
            "#row = affine_map<(d0, d1) -> (d0)>\n"
            "#col = affine_map<(d0, d1) -> (d1)>\n")

    @property
    def text(self):
        """The module that moec takes."""
        body = "\n".join(self.weights) + "\n" + self._function("@main", True)
        return self.MAPS + body.replace("@@", "@")

    def plain(self, name):
        """Weights and a private function, for a module with #id and so on."""
        body = ("\n".join(self.weights) + "\n"
                + self._function(f"private @{name}", False))
        return body.replace("@@", f"@{name}_")

    def evaluate(self, inputs):
        """{output: Value, or Ids} for float32 and int32 arrays."""
        first = inputs[self.arguments[0][0]]
        env = {"rows": first.shape[0]}
        for name, kind, _ in self.arguments:
            array = inputs[name]
            env[name] = (model.exact(array) if kind == "f32" else model.Ids(
                array.astype(np.int64), np.zeros(len(array), bool)))
        for step in self.steps:
            step(env)
        return {name: env[key] for name, _, _, key in self.outputs}

    def inputs(self):
        """Some sets of inputs: (how they look, {name: array})."""
        rng = np.random.default_rng(self.seed)
        counts = ([self.static] * 3 if self.static else
                  [0, 1, int(rng.integers(2, 10)), int(rng.integers(30, 120))])
        sets = []
        for count in counts:
            style = rng.choice(("normal", "normal", "ties", "equal", "zero",
                                "wild"))
            sets.append((f"{style}, {count} rows", {
                name: self._array(rng, style, name, kind, (count, width))
                for name, kind, width in self.arguments}))
        return sets

    def _array(self, rng, style, name, kind, shape):
        if kind == "i32":
            # Named i<experts>_; a few ids are no experts, or are far outside.
            number = int(name[1:].split("_")[0])
            array = rng.integers(0, number, shape)
            if style == "equal":
                array[:] = rng.integers(0, number)
            elif style != "normal":
                strange = rng.choice([-1, -7, number, 2**31 - 1, -2**31],
                                     shape)
                array = np.where(rng.random(shape) < 0.3, strange, array)
            return array.astype(np.int32)
        array = rng.standard_normal(shape)
        if style == "ties":
            array = np.round(2 * array) / 2
        elif style == "equal":
            array[:] = array[:1]
        elif style == "zero":
            array = np.where(rng.random(shape) < 0.7, 0.0, array)
            array = np.where(rng.random(shape) < 0.2, -0.0, array)
        elif style == "wild":
            odd = rng.choice([np.nan, np.inf, -np.inf], shape)
            hit = rng.random(shape) < min(0.1, 1.0 / shape[1])
            array = np.where(hit, odd, array)
        return array.astype(np.float32)
