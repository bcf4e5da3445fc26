// The state in the page's address, so that a link shows what its sender saw: #at=12&w=1.5.
//
// A page inside another one, at #compact=step.leaves, shows only the picture and these panels.  It tells the outer page
// its height and its state, and follows its light or dark mode.

const WORDS = new Set(["at", "open", "value", "quiz", "rate", "compact", "theme", "slopes"]);

const isCompact = () => document.body.classList.contains("compact");

class Address {
  constructor(tape) {
    this.tape = tape;
    const taken = new Set(WORDS);
    this.keys = new Map();
    for (const i of tape.leaves) {
      const name = nameOf(i);
      this.keys.set(i, taken.has(name) ? `v${i}` : name);
      taken.add(name);
    }
  }

  // The state in the address, without parts that the address does not mention.
  read() {
    const said = new URLSearchParams(location.hash.slice(1));
    const leaves = new Map();
    for (const [i, key] of this.keys) {
      const x = parseNumber(said.get(key) ?? said.get(`v${i}`) ?? "");
      if (!Number.isNaN(x)) leaves.set(i, x);
    }
    const value = Number(/^v(\d+)$/.exec(said.get("value") ?? "")?.[1] ?? NaN);
    return {
      leaves,
      at: this.step(said.get("at")),
      open: said
        .get("open")
        ?.split(".")
        .filter((k) => k !== "")
        .map(Number),
      selected: value < this.tape.nodes.length ? value : null,
      quiz: said.has("quiz"),
      rate: said.get("rate"),
      panels: said.get("compact")?.split(".") ?? null,
      theme: ["light", "dark"].includes(said.get("theme")) ? said.get("theme") : null,
      slopes: said.get("slopes") !== "off",
    };
  }

  step(text) {
    if (text === "seed") return this.tape.seedStep;
    if (text === "end") return this.tape.steps.length - 1;
    return Math.min(this.tape.steps.length - 1, Math.max(0, Math.floor(Number(text)) || 0));
  }

  // The state as text, without parts that are as at the start.
  textOf(state, rate) {
    const said = new URLSearchParams();
    if (state.at) said.set("at", state.at);
    if (state.view) said.set("open", graph.views[state.view].open.join("."));
    for (const [i, x] of state.leaves) {
      if (!Object.is(x, this.tape.initial.get(i))) said.set(this.keys.get(i), exact(x));
    }
    if (state.selected !== null) said.set("value", `v${state.selected}`);
    if (state.quiz) said.set("quiz", "on");
    if (rate !== graph.rate) said.set("rate", rate);
    if (document.body.classList.contains("no-slopes")) said.set("slopes", "off");
    return said.toString();
  }

  // Soon, and once for many changes: browsers refuse an address that changes a hundred times a second.
  write(state, rate) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const text = this.textOf(state, rate);
      const kept = isCompact() ? `compact=${state.panels.join(".")}&${text}` : text;
      try {
        history.replaceState(null, "", `#${kept}`);
      } catch {
        // a page without an address, as in a notebook
      }
      this.tell({ state: text });
    }, 200);
  }

  // To the page around this one.
  tell(message) {
    if (parent !== window && isCompact()) parent.postMessage(message, "*");
  }
}
