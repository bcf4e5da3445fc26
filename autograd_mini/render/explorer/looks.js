// The looks and the texts of the cards and arrows of the picture.

// The number of the greatest size; null where one is missing.
function largestOf(numbers) {
  if (numbers.includes(null)) return null;
  return numbers.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), numbers[0]);
}

// Whether these facts have not changed: most of a large picture stays the same from step to step.
function isAsBefore(item, facts) {
  const key = facts.join("\n");
  const isSame = item.facts === key;
  item.facts = key;
  return isSame;
}

function setClasses(target, classes) {
  for (const [name, isSet] of Object.entries(classes)) target.classList.toggle(name, isSet);
}

const SQUASHING = new Set(["tanh", "sigmoid", "erf", "relu", "clamp", "softplus", "elu", "gelu", "silu"]);

// Whether almost no gradient comes back through an activation.
function isSaturated(node, slopes) {
  return SQUASHING.has(node.rule.split("/")[0]) && Math.abs(slopes[0]) < 0.02;
}

const nameOf = (i) => graph.nodes[i].fullName ?? graph.nodes[i].name;

// The colour of a gradient: its sign, and its size by quarters of the largest.
function shade(gradient, largest) {
  if (!gradient) return "neutral";
  const share = largest ? Math.abs(gradient) / largest : 1;
  return `${gradient > 0 ? "positive" : "negative"}-${Math.min(3, Math.floor(4 * share)) || 0}`;
}

function describe(i, tape, known, gradient) {
  const node = graph.nodes[i];
  const value = known.hasValue[i] ? exact(tape.values[i]) : say("notYet");
  const shown = gradient === null ? say("notYet") : exact(gradient);
  const about = say("card", {
    name: nameOf(i),
    op: node.op ? say("madeBy", { op: node.op }) : "",
    value,
    gradient: shown,
  });
  return node.frozen ? `${about} ${say("frozen")}` : about;
}

function triangle([x, y, tipX, tipY], width) {
  const length = Math.hypot(tipX - x, tipY - y) || 1;
  const [alongX, alongY] = [(tipX - x) / length, (tipY - y) / length];
  const half = width / 2;
  const corners = [
    [tipX, tipY],
    [x - alongY * half, y + alongX * half],
    [x + alongY * half, y - alongX * half],
  ];
  return corners.map((corner) => corner.map((c) => c.toFixed(1)).join(",")).join(" ");
}
