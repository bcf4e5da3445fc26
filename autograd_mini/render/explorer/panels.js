// The panels next to the picture: the current rule, and the chain rule.

const byId = (id) => document.getElementById(id);

// ---- mathematics of one operation ----

const namesOf = (node) => (k, isEnclosed) => {
  const operand = node.operands[k];
  return typeof operand === "number" ? symbol(operand) : figure(number(operand[0]), !isEnclosed);
};

const numbersOf = (tape, i) => (k, isEnclosed) => figure(tape.operands(i)[k], !isEnclosed);

// Whether a formula says more than a number would.
const isTelling = (text) => /<mi|<m(frac|sqrt|sup|root)/.test(text);

// The operation as written, a · b; if that is too long, its name, dot(…).
function operationOf(i) {
  const node = graph.nodes[i];
  const text = node.rule ? graph.rules[node.rule].value : "";
  if (text) return formula(text, namesOf(node));
  return mathml("mrow", mathml("mi", node.rule ? graph.rules[node.rule].symbol : node.op), operator("(…)"));
}

const slopeTextOf = (tape, arrow) => {
  const { rule } = graph.nodes[arrow.head];
  return rule ? (graph.rules[rule].slopes[tape.ways[arrow.head]]?.[arrow.operand] ?? "") : "";
};

// c = a · b = 2 · (−3) = −6
function forwardLines(tape, i) {
  const node = graph.nodes[i];
  const text = node.rule ? graph.rules[node.rule].value : "";
  const parts = [symbol(i), operator("="), operationOf(i)];
  if (text) parts.push(operator("="), formula(text, numbersOf(tape, i)));
  return [line(...parts, operator("="), result(tape.values[i]))];
}

const result = (x) => {
  const made = figure(x);
  made.setAttribute("class", "result");
  return made;
};

// ∂c/∂a = ∂(a · b)/∂a = b = −3
function slopeLine(tape, arrow) {
  const node = graph.nodes[arrow.head];
  const parts = [slopeSymbol(tape, arrow), operator("=")];
  const repeated = tape.into[arrow.head].filter((other) => other.tail === arrow.tail).length > 1;
  if (node.rule && graph.rules[node.rule].value && !repeated) {
    parts.push(
      derivative(mathml("mrow", operator("("), operationOf(arrow.head), operator(")")), symbol(arrow.tail)),
      operator("="),
    );
  }
  const text = slopeTextOf(tape, arrow);
  if (isTelling(text)) parts.push(formula(text, namesOf(node)), operator("="));
  return line(...parts, result(tape.slopes[arrow.number]));
}

// ∂L/∂c · ∂c/∂a = 0.5 × (−3) = −1.5
function productLine(tape, arrow) {
  const { adjoint, slope, product } = tape.arrivals[arrow.number];
  return line(
    derivative(symbol(tape.root), symbol(arrow.head)),
    operator("·"),
    slopeSymbol(tape, arrow),
    operator("="),
    figure(adjoint),
    operator("×"),
    figure(slope, true),
    operator("="),
    result(product),
  );
}

// ∂L/∂a: 0.2 + (−1.5) = −1.3
function sumLine(tape, arrow) {
  const { before, product, after } = tape.arrivals[arrow.number];
  return line(
    derivative(symbol(tape.root), symbol(arrow.tail)),
    operator(":"),
    figure(before),
    operator("+"),
    figure(product, true),
    operator("="),
    result(after),
  );
}

// ---- the step ----

function stepPanel(tape, step, quiz) {
  const host = byId("step-rule");
  if (quiz && step.kind === "seed") return host.replaceChildren(html("p", {}, say("quizForward")));
  switch (step.kind) {
    case "start":
      return host.replaceChildren(
        html(
          "p",
          {},
          say("startStep", { leaves: tape.leaves.length, operations: tape.nodes.length - tape.leaves.length }),
        ),
      );
    case "forward":
      return host.replaceChildren(
        lead("leadForward", { name: nameOf(step.node), op: graph.nodes[step.node].op }),
        ...samplesNote(tape.sharing(step.node).length),
        ...forwardLines(tape, step.node),
        ...frozenNote(step.node),
        ...undefinedNote(tape, step.node),
      );
    case "seed":
      return host.replaceChildren(
        line(derivative(symbol(tape.root), symbol(tape.root)), operator("="), result(1)),
        html("p", {}, say("seedStep", { root: nameOf(tape.root) })),
      );
    case "backward":
      return host.replaceChildren(
        lead("leadBackward", { head: nameOf(step.node), tail: nameOf(tape.faceOf(step.arrow.tail)) }),
        ...samplesNote(step.arrows.length),
        slopeLine(tape, step.arrow),
        productLine(tape, step.arrow),
        ...(step.arrows.length > 1 ? togetherNote(tape, step) : [sumLine(tape, step.arrow)]),
        ...(step.arrows.length > 1 ? [] : arrivalNote(tape, step.arrow)),
        ...frozenNote(step.node),
      );
    default:
      return host.replaceChildren(html("p", {}, say("endStep")), formulaOfRoot());
  }
}

const lead = (key, places) => html("p", { class: "lead" }, say(key, places));

const frozenNote = (i) => (graph.nodes[i].frozen ? [html("p", { class: "note" }, say("frozen"))] : []);

const undefinedNote = (tape, i) =>
  tape.isUndefined(i) ? [html("p", { class: "note" }, say("undefined", { name: nameOf(i) }))] : [];

// A step of many samples shows the first of them.
const samplesNote = (count) => (count > 1 ? [html("p", { class: "note" }, say("firstOf", { count }))] : []);

// The contributions of many samples to one value, such as a weight.
function togetherNote(tape, { arrows }) {
  const tails = new Set(arrows.map((arrow) => arrow.tail));
  if (tails.size > 1) return [];
  const sum = arrows.reduce((total, arrow) => total + tape.arrivals[arrow.number].product, 0);
  const places = { count: arrows.length, name: nameOf(arrows[0].tail), sum: show(sum) };
  return [html("p", { class: "note" }, say("together", places))];
}

function arrivalNote(tape, arrow) {
  const arrivals = tape.outOf[arrow.tail];
  if (arrivals.length < 2) return [];
  const place = tape.placeOf(arrow);
  return [html("p", { class: "note" }, say("arrival", { place, count: arrivals.length, name: nameOf(arrow.tail) }))];
}

// The same as a sentence, for screen readers.
function spoken(tape, step, quiz) {
  const name = (i) => nameOf(i);
  if (step.kind === "forward")
    return say("spokenForward", {
      name: name(step.node),
      op: graph.nodes[step.node].op,
      value: show(tape.values[step.node]),
    });
  if (step.kind === "seed" && !quiz) return say("spokenSeed", { root: name(tape.root) });
  if (step.kind === "backward" && step.arrows.length > 1)
    return say("spokenSamples", {
      head: name(step.node),
      tail: name(tape.faceOf(step.arrow.tail)),
      count: step.arrows.length,
    });
  if (step.kind === "backward") {
    const { adjoint, slope, product, before, after } = tape.arrivals[step.arrow.number];
    const numbers = Object.fromEntries(
      Object.entries({ adjoint, slope, product, before, after }).map(([key, x]) => [key, show(x)]),
    );
    return say("spokenBackward", { head: name(step.arrow.head), tail: name(step.arrow.tail), ...numbers });
  }
  return say(step.kind === "end" ? "endStep" : quiz ? "quizForward" : "startSpoken");
}

function formulaOfRoot() {
  if (!graph.formula) return html("p", { class: "note" }, say("longFormula"));
  return line(symbol(graph.root), operator("="), formula(graph.formula));
}

// The name from the author of the page, else the formula, if it is short.
function heading() {
  if (graph.hasTitle || !graph.shortFormula) return graph.title;
  return graph.nodes[graph.root].isNamed
    ? line(symbol(graph.root), operator("="), formula(graph.shortFormula))
    : line(formula(graph.shortFormula));
}

// ---- the chain rule of a value ----

function chainPanel(tape, state) {
  const host = byId("chain-rule");
  const i = state.looked ?? state.selected;
  // Unchanged elements stay: a button that is replaced while it is pressed is never clicked.
  const isFull = state.looked === null || state.looked === state.selected;
  const key = [i, isFull, tape.runs, Boolean(state.quiz), (state.path ?? []).map((arrow) => arrow.number)].join();
  if (host.dataset.key === key) return;
  host.dataset.key = key;
  byId("chain").classList.toggle("idle", i === null);
  if (i === null) return host.replaceChildren(html("p", { class: "note" }, say("chainHint")));
  if (state.quiz) return host.replaceChildren(html("p", { class: "note" }, say("chainHidden")));
  if (i === tape.root) return host.replaceChildren(line(derivative(symbol(i), symbol(i)), operator("="), result(1)));
  if (tape.sharing(i).length > 1) {
    return host.replaceChildren(html("p", { class: "note" }, say("chainOfMany", { count: tape.sharing(i).length })));
  }
  const arrows = tape.outOf[i];
  const shown = arrows.slice(0, 6);
  const root = () => symbol(tape.root);
  const symbols = shown.flatMap((arrow, k) => [
    ...(k ? [operator("+")] : []),
    derivative(root(), symbol(arrow.head)),
    operator("·"),
    slopeSymbol(tape, arrow),
  ]);
  const numbers = shown.flatMap((arrow, k) => [
    ...(k ? [operator("+")] : []),
    figure(tape.gradients[arrow.head], k > 0),
    operator("×"),
    figure(tape.slopes[arrow.number], true),
  ]);
  const more = arrows.length > shown.length ? [operator("+ …")] : [];
  host.replaceChildren(
    line(derivative(root(), symbol(i)), operator("="), ...symbols, ...more),
    line(operator("="), ...numbers, ...more, operator("="), result(tape.gradients[i])),
    ...(isFull ? pathList(tape, state, i) : [html("p", { class: "note" }, say("chainClick"))]),
  );
}

const SHOWN_PATHS = 12;

function pathList(tape, state, i) {
  const count = tape.countPaths(i);
  const paths = tape.pathsFrom(i, SHOWN_PATHS);
  const items = paths.map((path) => {
    const names = [nameOf(i), ...path.arrows.map((arrow) => nameOf(arrow.head))].join(" → ");
    const product = path.arrows.map((arrow) => brief(tape.slopes[arrow.number])).join(" × ");
    const isShown =
      state.path?.length === path.arrows.length && state.path.every((arrow, k) => arrow === path.arrows[k]);
    return html(
      "li",
      {},
      html(
        "button",
        {
          type: "button",
          class: "path",
          "aria-pressed": isShown,
          onclick: () => state.act.showPath(isShown ? null : path.arrows),
        },
        html("span", {}, names),
        html("span", { class: "product" }, `${product || "1"} = ${brief(path.product)}`),
      ),
    );
  });
  const heading =
    count > SHOWN_PATHS
      ? say("somePaths", {
          shown: items.length,
          count: count < 1e12 ? count.toLocaleString(graph.text.language) : show(count),
        })
      : say("allPaths", { count });
  return [html("h3", {}, heading), html("ol", { class: "paths" }, items)];
}
