// The editor: a text field, with colours behind it and line numbers next to it.

const KEYWORDS = `False None True and as assert async await break class continue def del elif else except finally for
  from global if import in is lambda match nonlocal not or pass raise return try while with yield`.split(/\s+/);
const TOKEN = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>\b[rbfu]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))/,
    /(?<number>\b(?:0x[\da-f_]+|\d[\d_]*\.?[\d_]*(?:e[+-]?\d+)?)\b|\.\d+)/,
    new RegExp(`(?<keyword>\\b(?:${KEYWORDS.join("|")})\\b)`),
    /(?<name>[\p{L}_][\p{L}\p{N}_]*)/,
  ]
    .map((pattern) => pattern.source)
    .join("|"),
  "giu",
);
const INDENT = "    ";

export class Editor {
  constructor(field, colours, numbers) {
    Object.assign(this, { field, colours, numbers, wrongLine: 0, leaving: false });
    field.addEventListener("input", () => this.changed());
    field.addEventListener("scroll", () => this.scrolled());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => (this.leaving = false));
    this.changed();
  }

  get text() {
    return this.field.value;
  }

  set text(program) {
    this.field.value = program;
    this.field.setSelectionRange(0, 0);
    this.field.scrollTop = this.field.scrollLeft = 0;
    this.changed();
  }

  // Mark a line, counted from 1; 0 for none.
  mark(line) {
    this.wrongLine = line;
    this.drawNumbers();
  }

  goTo(line) {
    const start = this.text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    const end = this.text.indexOf("\n", start);
    this.field.focus();
    this.field.setSelectionRange(start, end < 0 ? this.text.length : end);
    this.field.scrollTop = (line - 3) * parseFloat(getComputedStyle(this.field).lineHeight);
  }

  changed() {
    this.wrongLine = 0;
    this.colours.replaceChildren(...coloured(this.text), "\n");
    this.drawNumbers();
    this.scrolled();
  }

  drawNumbers() {
    const lines = this.text.split("\n").map((_, i) => {
      const number = Object.assign(document.createElement("span"), { textContent: `${i + 1}\n` });
      if (i + 1 === this.wrongLine) number.className = "wrong";
      return number;
    });
    this.numbers.replaceChildren(...lines);
    this.scrolled();
  }

  scrolled() {
    this.colours.scrollTop = this.numbers.scrollTop = this.field.scrollTop;
    this.colours.scrollLeft = this.field.scrollLeft;
  }

  key(event) {
    if (event.key === "Escape") this.leaving = true;
    else if (event.key === "Tab" && !this.leaving && !event.ctrlKey && !event.altKey) this.tab(event);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this.enter(event);
    else if (event.key !== "Shift" && event.key !== "Tab") this.leaving = false;
  }

  enter(event) {
    event.preventDefault();
    const before = this.text.slice(this.text.lastIndexOf("\n", this.field.selectionStart - 1) + 1, this.field.selectionStart);
    const deeper = /:\s*(#.*)?$/.test(before) ? INDENT : "";
    this.insert(`\n${/^ */.exec(before)[0]}${deeper}`);
  }

  tab(event) {
    event.preventDefault();
    const { selectionStart: start, selectionEnd: end } = this.field;
    if (start === end && !event.shiftKey) {
      this.insert(INDENT);
      return;
    }
    const first = this.text.lastIndexOf("\n", start - 1) + 1;
    const lines = this.text.slice(first, end).split("\n");
    const shifted = lines.map((line) => (event.shiftKey ? line.replace(/^ {1,4}/, "") : INDENT + line)).join("\n");
    this.field.setSelectionRange(first, end);
    this.insert(shifted);
    this.field.setSelectionRange(start === end ? first + shifted.length : first, first + shifted.length);
  }

  // Insert text as if typed, so that it can be undone.
  insert(text) {
    if (!document.execCommand("insertText", false, text)) {
      this.field.setRangeText(text, this.field.selectionStart, this.field.selectionEnd, "end");
      this.changed();
    }
  }
}

function coloured(text) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(TOKEN)) {
    const kind = Object.keys(found.groups).find((name) => found.groups[name] !== undefined);
    if (kind === "name") continue;
    pieces.push(text.slice(end, found.index));
    pieces.push(Object.assign(document.createElement("span"), { className: kind, textContent: found[0] }));
    end = found.index + found[0].length;
  }
  return [...pieces, text.slice(end)];
}
