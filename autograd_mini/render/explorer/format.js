// Numbers, names and formulas for the reader.  Texts are inserted as text, never as markup.

const graph = JSON.parse(document.getElementById("graph").textContent);
const MATHML = "http://www.w3.org/1998/Math/MathML";
const SVG = "http://www.w3.org/2000/svg";

// A sentence of text.json with its places filled.
function say(key, places = {}) {
  return graph.text[key].replace(/\{(\w+)\}/g, (_, name) => places[name]);
}

// A number that is quick to read: `precision` decimals, or an exponent if these are not enough.
function show(x, precision = graph.precision) {
  if (x === null || x === undefined) return "—";
  if (x === 0) return "0";
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  if (size >= Math.min(0.1, 10 ** (1 - precision)) && size < 1e5) return x.toFixed(precision).replace("-", "−");
  return x.toExponential(precision - 1).replaceAll("-", "−");
}

// A number, or the least and the greatest of several.
function showAll(numbers, precision = graph.precision) {
  if (numbers.includes(null)) return show(null);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (numbers.length === 1 || low === high || Number.isNaN(low)) return show(numbers[0], precision);
  return `${roughly(low)} .. ${roughly(high)}`;
}

const roughly = (x) => String(Number(x.toPrecision(3))).replaceAll("-", "−").replace("Infinity", "∞");

// The same without the zeros at its end, for a formula.
function brief(x) {
  const text = show(x);
  return /^−?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text;
}

// All digits of it.
const exact = (x) => (Object.is(x, -0) ? "-0" : String(x));

// An element with attributes, listeners (on…) and children; strings become text.
function element(namespace, name, attributes = {}, ...children) {
  const made = namespace ? document.createElementNS(namespace, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && (value !== false || key.startsWith("aria-")))
      made.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : value);
  }
  made.append(...children.flat());
  return made;
}

const html = (name, attributes, ...children) => element(null, name, attributes, ...children);
const svg = (name, attributes, ...children) => element(SVG, name, attributes, ...children);
const mathml = (name, ...children) => element(MATHML, name, {}, ...children);

const operator = (symbol) => mathml("mo", symbol);

function minus() {
  const sign = operator("−");
  sign.setAttribute("form", "prefix"); // else there is a space, as between two terms
  return sign;
}

// A number of a formula; a negative one in parentheses where it would follow a sign.
function figure(x, inParentheses = false) {
  const text = brief(x);
  const [mantissa, exponent] = text.replace(/^−/, "").split("e");
  const parts = [mathml("mn", mantissa)];
  if (exponent !== undefined) {
    parts.push(operator("·"), mathml("msup", mathml("mn", "10"), mathml("mn", exponent.replace("+", ""))));
  }
  if (text.startsWith("−")) parts.unshift(minus());
  if (inParentheses && text.startsWith("−")) return mathml("mrow", operator("("), ...parts, operator(")"));
  return mathml("mrow", ...parts);
}

const SEPARATORS = new Set(["(", ",", "|", ")"]);
const isEnclosed = (place) =>
  [place.previousSibling, place.nextSibling].every((beside) => SEPARATORS.has(beside?.textContent));

// Our MathML with its places filled: `fill(i, isEnclosed)` makes operand number i, which needs no parentheses if it is
// enclosed.
function formula(text, fill = () => "") {
  const source = `<math xmlns="${MATHML}"><mrow>${text}</mrow></math>`;
  const parsed = new DOMParser().parseFromString(source, "application/xml");
  const row = document.importNode(parsed.documentElement.firstChild, true);
  for (const place of row.querySelectorAll("[data-x]")) {
    place.replaceWith(fill(Number(place.getAttribute("data-x")), isEnclosed(place)));
  }
  return row;
}

// The name of a value as a symbol.
function symbol(i) {
  const node = graph.nodes[i];
  return node.math ? formula(node.math) : mathml("mi", node.name);
}

// ∂root/∂i
function derivative(top, bottom) {
  return mathml("mfrac", mathml("mrow", operator("∂"), top), mathml("mrow", operator("∂"), bottom));
}

// A local slope.  Where the same fraction would also be a gradient, or the slope of another arrow, it says which arrow
// it goes along: of the arrivals at the tail, in the order of the backward pass.
function slopeSymbol(tape, arrow) {
  const fraction = derivative(symbol(arrow.head), symbol(arrow.tail));
  const isOneOfMany = tape.outOf[arrow.tail].length > 1;
  const hasTwin = tape.outOf[arrow.tail].some((other) => other !== arrow && other.head === arrow.head);
  if (!hasTwin && !(isOneOfMany && arrow.head === tape.root)) return fraction;
  const which = mathml("mtext", say("alongArrow", { place: tape.placeOf(arrow) }));
  return mathml("msub", fraction, which);
}

const SIGNS = new Set(["=", "+", "−"]);

// A line of mathematics, which may be broken before its signs: a browser does not break a formula by itself.
function line(...parts) {
  const made = html("div", { class: "line" });
  let math = null;
  const isPlainRow = (part) => part.localName === "mrow" && !part.className;
  for (const part of parts.flatMap((part) => (isPlainRow(part) ? [...part.children] : [part]))) {
    const isSign = SIGNS.has(part.textContent) && part.localName === "mo" && part.getAttribute("form") !== "prefix";
    if (isSign && math) part.setAttribute("form", "infix"); // with the room around it that it has inside a formula
    if (!math || isSign) {
      math = mathml("math");
      math.setAttribute("displaystyle", "true");
      made.append(math, html("wbr"));
    }
    math.append(part);
  }
  return made;
}
