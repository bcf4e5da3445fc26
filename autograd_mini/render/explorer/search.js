// Finds a value by its name.

// As typed on any keyboard: v12 finds v₁₂.
const plainly = (text) => text.normalize("NFKC").trim().toLowerCase();

class Search {
  constructor(tape, box, act) {
    this.tape = tape;
    this.found = [];
    const names = new Set(tape.nodes.map((_, i) => nameOf(i)));
    byId("names").replaceChildren(...[...names].sort().map((value) => html("option", { value })));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const i = this.next(box.value);
      box.setAttribute("aria-invalid", i === undefined && box.value !== "");
      if (i === undefined) act.speak(say("notFound", { text: box.value }));
      else act.goToValue(i);
    });
    box.addEventListener("input", () => box.setAttribute("aria-invalid", false));
  }

  // The value with this name; if called again, the next one with the name.
  next(text) {
    const wanted = plainly(text);
    if (wanted === "") return undefined;
    if (wanted !== this.wanted) {
      this.wanted = wanted;
      const ranked = this.tape.nodes.map((_, i) => [this.rank(i, wanted), i]).filter(([rank]) => rank > 0);
      ranked.sort(([rank, i], [other, j]) => other - rank || i - j);
      this.found = ranked.map(([, i]) => i);
    } else this.found.push(this.found.shift());
    return this.found[0];
  }

  rank(i, wanted) {
    const name = plainly(nameOf(i));
    if (name === wanted) return 4;
    if (name.startsWith(wanted)) return 3;
    if (name.includes(wanted)) return 2;
    return plainly(this.tape.nodes[i].op ?? "").includes(wanted) ? 1 : 0;
  }
}
