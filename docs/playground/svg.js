// An SVG from a program, as elements that can only be seen: everything that is not listed here is left out.

const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set(
  `svg g path polygon polyline line rect circle ellipse text tspan title desc defs linearGradient radialGradient stop
  clipPath image`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `class clip-path clip-rule cx cy d display dominant-baseline dx dy fill fill-opacity fill-rule font-family font-size
  font-style font-weight gradientTransform gradientUnits height offset opacity points preserveAspectRatio r role rx ry
  stop-color stop-opacity stroke stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity stroke-width
  text-anchor textLength transform viewBox visibility width x x1 x2 y y1 y2 xml:space`.split(/\s+/),
);
const PICTURE = /^data:image\/(png|jpeg);base64,[\w+/=]*$/;
const REFERENCE = /^url\(#([\w-]+)\)$/;
const MOST = 50_000; // elements

export function sanitised(text) {
  // Styles are left out in any case; here already, since even a parser that shows nothing would complain of them.
  const plain = text.replace(/<style[^]*?<\/style>/g, "").replace(/ style="[^"]*"/g, "");
  const parsed = new DOMParser().parseFromString(plain, "image/svg+xml");
  const root = parsed.documentElement;
  if (root.namespaceURI !== SVG || root.localName !== "svg" || parsed.querySelector("parsererror")) {
    throw new TypeError("this is not an SVG");
  }
  if (root.getElementsByTagName("*").length > MOST) throw new RangeError("the drawing is too large");
  return copied(root);
}

function copied(element) {
  const copy = document.createElementNS(SVG, element.localName);
  for (const { name, value } of element.attributes) {
    const safe = attribute(element, name, value);
    if (safe !== null) copy.setAttribute(safe[0], safe[1]);
  }
  for (const child of element.childNodes) {
    if (child.nodeType === Node.TEXT_NODE || child.nodeType === Node.CDATA_SECTION_NODE) {
      copy.append(child.data);
    } else if (child.namespaceURI === SVG && ELEMENTS.has(child.localName)) {
      copy.append(copied(child));
    }
  }
  return copy;
}

// Names get a prefix, so that none is that of an element of the page.
function attribute(element, name, value) {
  if (name === "id") return ["id", `drawing-${value}`];
  if (name === "aria-labelledby") return [name, value.replace(/\S+/g, "drawing-$&")];
  if (name === "href" || name === "xlink:href") {
    return element.localName === "image" && PICTURE.test(value) ? ["href", value] : null;
  }
  if (!ATTRIBUTES.has(name)) return null;
  const reference = REFERENCE.exec(value.trim());
  if (reference) return [name, `url(#drawing-${reference[1]})`];
  return /url\s*\(|\\/i.test(value) ? null : [name, value];
}
