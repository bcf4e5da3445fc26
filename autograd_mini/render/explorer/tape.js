// The two passes over the graph, as data: the events of each step, and the numbers known after it.  It draws nothing.

const number = (x) => (typeof x === "string" ? Number(x) : x); // JSON has no Infinity and no NaN

// Each arrow of the graph: from the operand `tail` at place `operand` to the result `head`.
function arrowsOf(nodes) {
  const arrows = [];
  nodes.forEach((node, head) => {
    (node.operands ?? []).forEach((tail, operand) => {
      if (typeof tail === "number") arrows.push({ tail, head, operand, number: arrows.length });
    });
  });
  return arrows;
}

class Tape {
  // `merged` has the values that share a card and are one step, such as those of many samples.  For each class these
  // are the visible ones, with their representative first, and those in the middle of a sum; operands before results.
  constructor(nodes, root, merged = []) {
    this.classes = merged.length ? merged : nodes.map((_, i) => [[i], []]);
    this.classOf = [];
    this.classes.forEach((lists, c) => {
      for (const i of lists.flat()) this.classOf[i] = c;
    });
    this.nodes = nodes;
    this.root = root;
    this.arrows = arrowsOf(nodes);
    this.into = nodes.map(() => []); // the arrows into each result, in the order of the operands
    this.outOf = nodes.map(() => []);
    for (const arrow of this.arrows) {
      this.into[arrow.head].push(arrow);
      this.outOf[arrow.tail].push(arrow);
    }
    this.leaves = nodes.flatMap((node, i) => (node.operands ? [] : [i]));
    this.initial = new Map(this.leaves.map((i) => [i, number(nodes[i].data)]));
    this.steps = this.plan();
    this.seedStep = this.steps.findIndex((step) => step.kind === "seed");
    this.runs = 0;
    this.run(this.initial);
  }

  plan() {
    const steps = [{ kind: "start" }];
    for (const [[face]] of this.classes) if (this.nodes[face].operands) steps.push({ kind: "forward", node: face });
    steps.push({ kind: "seed", node: this.root });
    for (const lists of [...this.classes].reverse()) {
      for (const arrows of this.flowsInto(lists.flat())) {
        steps.push({ kind: "backward", node: lists[0][0], arrow: arrows[0], arrows });
      }
    }
    steps.push({ kind: "end" });
    return steps;
  }

  // The arrows into some values, those together that come from one class; x * x has two.
  flowsInto(places) {
    const flows = new Map();
    for (const i of places) {
      const times = new Map();
      for (const arrow of this.into[i]) {
        const again = times.get(arrow.tail) ?? 0;
        times.set(arrow.tail, again + 1);
        if (this.classOf[arrow.tail] === this.classOf[i]) continue;
        const key = `${this.classOf[arrow.tail]}/${again}`;
        if (!flows.has(key)) flows.set(key, []);
        flows.get(key).push(arrow);
      }
    }
    return flows.values();
  }

  // The values that share the card of one, and the one whose card it is.
  sharing(i) {
    return this.classes[this.classOf[i]][0];
  }

  faceOf(i) {
    return this.sharing(i)[0];
  }

  // Both passes, from these numbers of the leaves.
  run(leafValues) {
    this.runs += 1;
    this.values = new Array(this.nodes.length);
    this.nodes.forEach((node, i) => {
      this.values[i] = node.operands ? this.valueOf(i) : leafValues.get(i);
    });
    this.slopes = new Array(this.arrows.length);
    this.ways = new Array(this.nodes.length).fill("");
    this.nodes.forEach((node, i) => node.operands && this.readSlopes(i));
    this.sweep();
  }

  operands(i) {
    return this.nodes[i].operands.map((x) => (typeof x === "number" ? this.values[x] : number(x[0])));
  }

  valueOf(i) {
    const node = this.nodes[i];
    return node.frozen ? number(node.data) : rules[node.rule].value(...this.operands(i));
  }

  readSlopes(i) {
    const node = this.nodes[i];
    if (node.frozen) {
      this.into[i].forEach((arrow, k) => {
        this.slopes[arrow.number] = number(node.frozen[k]);
      });
      return;
    }
    let way = ""; // the outcomes of the choices in the row
    const noted = (condition, a, b) => {
      way += holds(condition) ? "1" : "0";
      return where(condition, a, b);
    };
    const slopes = rules[node.rule].slopes(noted, this.values[i], ...this.operands(i));
    this.ways[i] = way;
    for (const arrow of this.into[i]) this.slopes[arrow.number] = slopes[arrow.operand];
  }

  // backward(), recording each arrival of a gradient with the sums before and after it.
  sweep() {
    this.gradients = new Array(this.nodes.length).fill(0);
    this.gradients[this.root] = 1;
    this.arrivals = new Array(this.arrows.length);
    for (const arrow of this.into.slice().reverse().flat()) {
      const adjoint = this.gradients[arrow.head];
      const slope = this.slopes[arrow.number];
      const before = this.gradients[arrow.tail];
      const product = adjoint * slope;
      this.gradients[arrow.tail] = before + product;
      this.arrivals[arrow.number] = { adjoint, slope, product, before, after: before + product };
    }
  }

  // The state after the step with this index: values, gradients so far, and arrows that the backward pass has used.
  knownAt(index) {
    const hasValue = this.nodes.map((node) => !node.operands);
    const gradients = new Array(this.nodes.length).fill(null);
    const arrived = new Set();
    const waiting = this.outOf.map((arrows) => arrows.length);
    for (const step of this.steps.slice(0, index + 1)) {
      if (step.kind === "forward") for (const i of this.classes[this.classOf[step.node]].flat()) hasValue[i] = true;
      if (step.kind === "seed") {
        gradients.fill(0);
        gradients[this.root] = 1;
      }
      if (step.kind === "backward") {
        for (const arrow of step.arrows) {
          const { before, product, after } = this.arrivals[arrow.number];
          // The steps of classes have their own order, in which other arrivals may come first.
          const isNext = Object.is(gradients[arrow.tail], before);
          gradients[arrow.tail] = isNext ? after : gradients[arrow.tail] + product;
          arrived.add(arrow.number);
          waiting[arrow.tail] -= 1;
        }
      }
    }
    if (gradients[this.root] !== null) {
      // Within a sum of samples the gradient is passed on as it is.
      for (const [[face], inner] of this.classes) for (const i of inner) gradients[i] = gradients[face];
    }
    const complete = waiting.map((count, i) => gradients[i] !== null && count === 0);
    complete.forEach((isComplete, i) => {
      if (isComplete && this.classes.length < this.nodes.length) gradients[i] = this.gradients[i];
    });
    return { hasValue, gradients, arrived, complete };
  }

  // Which of the arrivals at its tail an arrow brings, from 1 on.
  placeOf(arrow) {
    return this.arrivalsAt(arrow.tail).indexOf(arrow) + 1;
  }

  // The arrows that bring gradients to a value, in the order of the backward pass.
  arrivalsAt(i) {
    return this.steps.flatMap((step) => (step.arrows ?? []).filter((arrow) => arrow.tail === i));
  }

  // Whether an operation is undefined for its operands, such as the logarithm of a negative number.
  isUndefined(i) {
    return Boolean(this.nodes[i].operands) && Number.isNaN(this.values[i]) && !this.operands(i).some(Number.isNaN);
  }

  // The arrows on the paths from a value to the root.
  waysFrom(start) {
    const reached = new Set([start]);
    const arrows = [];
    for (let i = start; i < this.nodes.length; i += 1) {
      if (!reached.has(i)) continue;
      for (const arrow of this.outOf[i]) {
        reached.add(arrow.head);
        arrows.push(arrow);
      }
    }
    return arrows;
  }

  // By how much each of some values moves one of them, by way of the others alone.
  slopesWithin(members, output) {
    const slopes = new Map([...members].map((i) => [i, i === output ? 1 : 0]));
    for (const i of [...members].sort((a, b) => b - a)) {
      for (const arrow of this.into[i]) {
        if (slopes.has(arrow.tail)) {
          slopes.set(arrow.tail, slopes.get(arrow.tail) + slopes.get(i) * this.slopes[arrow.number]);
        }
      }
    }
    return slopes;
  }

  // How many paths lead from a value to the root.
  countPaths(start) {
    const counts = new Array(this.nodes.length).fill(0);
    counts[this.root] = 1;
    for (let i = this.root - 1; i >= start; i -= 1) {
      for (const arrow of this.outOf[i]) counts[i] += counts[arrow.head];
    }
    return counts[start];
  }

  // The largest of these paths, each a list of arrows with the product of their slopes.  The largest paths from a value
  // are made from the largest paths of the values after it, so that a million paths need not be visited.
  pathsFrom(start, most) {
    const best = this.nodes.map(() => []);
    best[this.root] = [{ product: 1, arrow: null, rest: null }];
    const size = ({ product }) => Math.abs(product) || 0;
    for (let i = this.root - 1; i >= start; i -= 1) {
      const all = this.outOf[i].flatMap((arrow) =>
        best[arrow.head].map((rest) => ({ product: this.slopes[arrow.number] * rest.product, arrow, rest })),
      );
      best[i] = all.sort((a, b) => Number(size(b) > size(a)) - Number(size(b) < size(a))).slice(0, most);
    }
    return best[start].map((path) => {
      const arrows = [];
      for (let step = path; step.arrow; step = step.rest) arrows.push(step.arrow);
      return { arrows, product: path.product };
    });
  }
}
