// The picture: a card for each value, an arrow for each operand, drawn once for a view and then only changed.

const MARGIN = 8; // around the picture, for thick borders
const [SMALLEST, READABLE] = [0.6, 0.75]; // a picture that would be smaller than the first is shown at the second

class Picture {
  constructor(tape, host, act) {
    this.tape = tape;
    this.host = host;
    this.act = act; // called when the reader uses a card, an arrow or a cluster
    this.zoom = 1;
  }

  draw(view) {
    this.view = view;
    const [width, height] = view.size;
    this.cards = new Map();
    this.clusters = new Map();
    this.arrows = [];
    const frames = view.frames.map((frame) => this.frame(frame));
    const isOpen = new Set(view.open);
    this.groups = graph.clusters.filter(({ output }, k) => output !== undefined && !isOpen.has(k));
    const arrows = view.arrows.map((arrow) => this.arrow(arrow));
    const boxes = Object.entries(view.boxes).map(([key, box]) => this.box(key, box));
    this.root = svg(
      "svg",
      {
        viewBox: `${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`,
        class: "graph",
        role: "group",
        "aria-label": say("picture"),
      },
      frames,
      arrows,
      boxes,
    );
    this.host.replaceChildren(this.root);
    this.fitTexts();
    this.fitReadably();
  }

  // Python does not know the reader's fonts, so texts that are too wide are condensed.
  fitTexts() {
    for (const text of this.root.querySelectorAll("[data-room]")) {
      const room = Number(text.dataset.room);
      if (text.getComputedTextLength() <= room) continue;
      text.setAttribute("textLength", room);
      text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
  }

  size() {
    return this.view.size.map((length) => length + 2 * MARGIN);
  }

  // Fit the whole picture into its place, but don't enlarge it much.
  fit() {
    const [width, height] = this.size();
    if (isCompact()) this.takeRoom(width, height);
    const { clientWidth, clientHeight } = this.host;
    this.setZoom(Math.min(1.35, (clientWidth - 24) / width, (clientHeight - 24) / height));
  }

  // In a compact page the place is as tall as the picture.
  takeRoom(width, height) {
    const zoom = Math.min(1.15, (this.host.clientWidth - 24) / width);
    this.host.style.height = `${Math.min(620, height * (zoom < SMALLEST ? READABLE : zoom) + 40)}px`;
  }

  // The same if it is readable then; else larger, and the steps scroll to the current cards.
  fitReadably() {
    this.fit();
    if (this.zoom < SMALLEST) this.setZoom(READABLE);
    this.isUntouched = true;
  }

  setZoom(zoom) {
    this.zoom = Math.min(3, Math.max(0.15, zoom));
    this.isUntouched = false; // by the reader
    const [width, height] = this.size();
    this.root.setAttribute("width", width * this.zoom);
    this.root.setAttribute("height", height * this.zoom);
  }

  // Zoom, and keep one point of the window in place.
  zoomAt(zoom, clientX, clientY) {
    const place = this.host.getBoundingClientRect();
    const [x, y] = [clientX - place.left, clientY - place.top];
    const before = this.zoom;
    const { scrollLeft, scrollTop } = this.host;
    this.setZoom(zoom);
    const by = this.zoom / before;
    this.host.scrollTo((scrollLeft + x) * by - x, (scrollTop + y) * by - y);
  }

  frame([title, cluster, depth, x, y, width, height]) {
    const label = svg(
      "text",
      { x: x + 10, y: y + 17, class: "title", "data-room": width - 20 },
      cluster < 0 ? title : `${title}  −`,
    );
    const frame = svg("g", { class: `frame depth${depth}` }, svg("rect", { x, y, width, height, rx: 8 }), label);
    if (cluster >= 0) {
      this.press(label, say("close", { title }), () => this.act.toggle(cluster));
    }
    return frame;
  }

  press(target, label, action) {
    target.setAttribute("tabindex", "0");
    target.setAttribute("role", "button");
    target.setAttribute("aria-label", label);
    target.classList.add("press");
    target.addEventListener("click", action);
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter") action(event);
    });
  }

  box(key, [x, y, width, height]) {
    const place = Number(key.slice(1));
    if (key.startsWith("v")) return this.card(place, x, y, width, height);
    return graph.clusters[place].output === undefined
      ? this.clusterBox(place, x, y, width, height)
      : this.groupCard(place, x, y, width, height);
  }

  clusterBox(place, x, y, width, height) {
    const { title, members } = graph.clusters[place];
    const group = svg(
      "g",
      { id: `c${place}`, class: "cluster", transform: `translate(${x} ${y})` },
      svg("rect", { width, height, rx: 8 }),
      svg(
        "text",
        { x: width / 2, y: 25, class: "name", "text-anchor": "middle", "data-room": width - 12 },
        `${title}  +`,
      ),
      svg(
        "text",
        { x: width / 2, y: 44, class: "quiet", "text-anchor": "middle" },
        say("values", { count: members.length }),
      ),
    );
    this.press(group, say("open", { title }), () => this.act.toggle(place));
    this.clusters.set(place, group);
    return group;
  }

  // A closed group: the card of its result, made by the formula.
  groupCard(place, x, y, width, height) {
    const { output, title, badge } = graph.clusters[place];
    const card = this.card(output, x, y, width, height, { op: `${title}  +`, badge });
    const box = { x: 6, y: height / 2 - 12, width: badge, height: 24, rx: 12 };
    const sign = svg("rect", { id: `c${place}`, class: "open", ...box });
    this.press(sign, say("open", { title }), (event) => {
      event.stopPropagation();
      this.act.toggle(place);
    });
    card.append(sign);
    return card;
  }

  card(i, x, y, width, height, closed = {}) {
    const node = { ...graph.nodes[i], ...closed };
    const left = node.op ? node.badge + 12 : 8;
    const right = width - 8;
    const value = svg("text", { x: right, y: 33, class: "number", "text-anchor": "end" });
    const gradient = svg("text", { x: right, y: 49, class: "number", "text-anchor": "end" });
    const pill = svg("rect", { x: left - 3, y: 38, width: right - left + 6, height: 14, rx: 4, class: "pill" });
    const mark = svg("text", { x: right, y: 16, class: "mark", "text-anchor": "end" });
    const title = svg("title", {});
    const parts = [title, svg("rect", { width, height, rx: 8, class: "ground" })];
    if (node.op) {
      parts.push(
        svg("rect", { x: 6, y: height / 2 - 12, width: node.badge, height: 24, rx: 12, class: "badge" }),
        svg(
          "text",
          {
            x: 6 + node.badge / 2,
            y: height / 2 + 4,
            class: "badge-text",
            "text-anchor": "middle",
            "data-room": node.badge - 6,
          },
          node.op,
        ),
      );
    }
    parts.push(
      svg(
        "text",
        { x: left, y: 17, class: node.isNamed ? "name" : "name unnamed", "data-room": right - left },
        node.name,
      ),
      svg("text", { x: left, y: 33, class: "quiet" }, say("data")),
      value,
      pill,
      svg("text", { x: left, y: 49, class: "quiet" }, say("grad")),
      gradient,
      mark,
    );
    const kind = `${node.op ? "" : " leaf"}${node.frozen ? " frozen" : ""}${i === this.tape.root ? " root" : ""}`;
    const group = svg(
      "g",
      {
        id: `v${i}`,
        class: `card${kind}`,
        transform: `translate(${x} ${y})`,
        tabindex: 0,
        role: "button",
        onmouseenter: () => this.act.look(i),
        onmouseleave: () => this.act.look(null),
        onfocus: () => this.act.look(i),
        onblur: () => this.act.look(null),
        onclick: () => this.act.select(i),
        onkeydown: (event) => {
          if (event.key === "Enter") this.act.select(i);
        },
      },
      parts,
    );
    this.cards.set(i, { group, value, gradient, pill, mark, title, box: [x, y, width, height] });
    return group;
  }

  arrow([numbers, path, x, y, tipX, tipY, labelX, labelY]) {
    const line = svg("path", { d: path, class: "line" });
    const tip = svg("polygon", { class: "tip" });
    const label = svg("text", { x: labelX, y: labelY + 3, class: "slope", "text-anchor": "middle" });
    const title = svg("title", {});
    const group = svg(
      "g",
      { class: "arrow", "data-arrows": numbers.join(" ") },
      title,
      svg("path", { d: path, class: "reach" }),
      line,
      tip,
      label,
    );
    const isFlow = new Set(numbers.map((k) => this.flowOf(k))).size === 1;
    this.arrows.push({ group, line, tip, label, title, numbers, isFlow, end: [x, y, tipX, tipY] });
    return group;
  }

  // Show a state: the numbers known at a step, the current cards, and the selected ones.
  show(state) {
    const { tape } = this;
    const { known, step, quiz } = state;
    const gradients = quiz ? quiz.shown : known.gradients;
    const finite = gradients.filter((g) => g !== null && Number.isFinite(g)).map(Math.abs);
    const largest = Math.max(0, ...finite);
    this.through = new Map(); // for a value in a closed group by how much it moves the result of the group
    for (const { members, output } of this.groups) {
      for (const [i, slope] of tape.slopesWithin(members, output)) this.through.set(i, { slope, output });
    }
    const shown = new Set(state.path ? state.path.map((arrow) => arrow.number) : state.ways);
    const onWay = new Set([...shown].flatMap((k) => [tape.arrows[k].tail, tape.arrows[k].head]));
    this.root.classList.toggle("tracing", shown.size > 0);
    for (const [i, card] of this.cards) this.showCard(i, card, state, gradients, largest, onWay);
    for (const [k, group] of this.clusters) {
      const inside = new Set(graph.clusters[k].members);
      group.classList.toggle("at-work", inside.has(step.node));
      group.classList.toggle(
        "on-way",
        [...onWay].some((i) => inside.has(i)),
      );
    }
    const sizes = tape.arrivals.map(({ product }) => Math.abs(product)).filter(Number.isFinite);
    const widest = Math.max(0, ...sizes);
    for (const arrow of this.arrows) this.showArrow(arrow, state, shown, widest);
  }

  // The value whose card represents another one.
  faceOf(i) {
    return this.through.get(i)?.output ?? this.tape.faceOf(i);
  }

  showCard(i, card, state, gradients, largest, onWay) {
    const { tape } = this;
    const { known, step, quiz } = state;
    const all = tape.sharing(i);
    const gradient = largestOf(all.map((one) => gradients[one]));
    const classes = {
      "at-work": step.node !== undefined && this.faceOf(step.node) === i,
      receives: step.kind === "backward" && this.faceOf(step.arrow.tail) === i,
      gives: step.kind === "forward" && tape.into[step.node].some((arrow) => this.faceOf(arrow.tail) === i),
      waiting: !known.hasValue[i],
      complete: all.every((one) => known.complete[one]) && !quiz,
      selected: state.selected === i,
      looked: state.looked === i,
      "on-way": all.some((one) => onWay.has(one)) || state.looked === i,
    };
    const title = describe(i, tape, known, all.length > 1 ? null : gradient);
    const value = known.hasValue[i] ? showAll(all.map((one) => tape.values[one])) : "";
    const shown = quiz && gradient === null ? "?" : showAll(all.map((one) => gradients[one]));
    const mark = this.markOf(i, known);
    const colour = shade(gradient, largest);
    if (isAsBefore(card, [title, tape.values[i], value, shown, mark, colour, ...Object.values(classes)])) return;
    card.value.textContent = value;
    card.gradient.textContent = shown;
    card.mark.textContent = mark;
    card.title.textContent = title;
    card.pill.setAttribute("data-shade", colour);
    card.group.setAttribute("aria-label", title);
    const isOne = all.length === 1;
    card.group.setAttribute("data-value", isOne ? exact(tape.values[i]) : "");
    card.group.setAttribute("data-gradient", isOne && gradient !== null ? exact(gradient) : "");
    setClasses(card.group, classes);
  }

  showArrow(arrow, state, shown, widest) {
    const { tape } = this;
    const { known, step, quiz } = state;
    const { numbers, isFlow } = arrow;
    const arrived = quiz ? [] : numbers.filter((k) => known.arrived.has(k));
    const products = arrived.map((k) => tape.arrivals[k].product);
    const size = Math.max(0, ...products.map((product) => Math.abs(product) || 0)); // NaN counts as 0
    const width = products.length && widest ? 1.2 + 4.3 * Math.sqrt(Math.min(1, size / widest)) : 1.2;
    const signs = new Set(products.map(Math.sign).filter(Boolean));
    const isBackward = step.kind === "backward" && numbers.includes(step.arrow.number);
    const isForward =
      step.kind === "forward" && numbers.some((k) => tape.classOf[tape.arrows[k].head] === tape.classOf[step.node]);
    const classes = {
      positive: signs.size === 1 && signs.has(1),
      negative: signs.size === 1 && signs.has(-1),
      "at-work": isForward || isBackward,
      arrives: isBackward,
      "on-way": numbers.some((k) => shown.has(k)),
      many: numbers.length > 1,
      wrong: Boolean(quiz?.wrong) && numbers.includes(quiz.wrong.number),
    };
    const head = this.faceOf(tape.arrows[numbers[0]].head);
    const isKnown = isFlow && known.hasValue[head] && !quiz;
    const slopes = isKnown ? numbers.map((k) => this.slopeOf(k)) : [];
    const title = numbers.length === 1 ? this.journey(numbers[0], isKnown ? slopes[0] : null, arrived.length > 0) : "";
    if (isAsBefore(arrow, [title, width, ...slopes, ...Object.values(classes)])) return;
    arrow.line.setAttribute("stroke-width", width.toFixed(2));
    arrow.tip.setAttribute("points", triangle(arrow.end, 4 + width));
    arrow.label.textContent = isKnown ? showAll(slopes, Math.min(3, graph.precision)) : "";
    arrow.title.textContent = title;
    setClasses(arrow.group, classes);
  }

  // The two cards of an arrow of the graph.
  flowOf(k) {
    const { tail, head } = this.tape.arrows[k];
    const group = this.groups.find(({ members }) => members.includes(head));
    return `${this.tape.classOf[tail]} ${group ? group.title : this.tape.classOf[head]}`;
  }

  // The slope of an arrow; into a closed group that of the group.
  slopeOf(k) {
    const slope = this.tape.slopes[k];
    return slope * (this.through.get(this.tape.arrows[k].head)?.slope ?? 1);
  }

  journey(k, slope, hasArrived) {
    const { tail, head } = this.tape.arrows[k];
    const ends = { tail: nameOf(tail), head: nameOf(this.faceOf(head)) };
    if (slope === null) return say("arrow", ends);
    const { product } = this.tape.arrivals[k];
    return say(hasArrived ? "arrowArrived" : "arrowSlope", { ...ends, slope: exact(slope), product: exact(product) });
  }

  // A word about a special property of a value.
  markOf(i, known) {
    const node = graph.nodes[i];
    if (node.frozen) return say("frozenMark");
    if (!known.hasValue[i] || !node.rule || this.tape.sharing(i).length > 1) return "";
    if (this.tape.isUndefined(i)) return say("undefinedMark");
    const slopes = this.tape.into[i].map((arrow) => this.tape.slopes[arrow.number]);
    return isSaturated(node, slopes) ? say(slopes[0] === 0 ? "offMark" : "saturatedMark") : "";
  }

  // Scroll to the current cards.
  reveal(i) {
    const box = this.cards.get(this.faceOf(i))?.box;
    if (!box) return;
    const [x, y, width, height] = box.map((length) => length * this.zoom);
    const { host } = this;
    const margin = 40;
    const out = (from, size, start, room) => from < start + margin || from + size > start + room - margin;
    if (out(x, width, host.scrollLeft, host.clientWidth) || out(y, height, host.scrollTop, host.clientHeight)) {
      host.scrollTo({
        left: x + (width - host.clientWidth) / 2,
        top: y + (height - host.clientHeight) / 2,
        behavior: "smooth",
      });
    }
  }
}
