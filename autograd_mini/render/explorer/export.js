// The current picture as a file: an SVG that needs no style sheet, or a PNG made from it.

const LOOK = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity"];
const OF_FONT = ["font-family", "font-size", "font-weight"];
const OF_TEXT = [...OF_FONT, "text-anchor", "paint-order", "letter-spacing", "text-transform"];
const SCALE = 2; // dots of a PNG for each of the picture

// A copy in which every element has its own style.
function pictureAsSvg(root) {
  const copy = root.cloneNode(true);
  const originals = [...root.querySelectorAll("*")];
  const copies = [...copy.querySelectorAll("*")];
  originals.forEach((original, k) => {
    const style = getComputedStyle(original);
    const names = original.localName === "text" ? [...LOOK, ...OF_TEXT] : LOOK;
    for (const name of names) copies[k].setAttribute(name, style.getPropertyValue(name));
    for (const name of [...copies[k].attributes].map((attribute) => attribute.name)) {
      if (/^(class|tabindex|role|aria-.*|data-.*)$/.test(name)) copies[k].removeAttribute(name);
    }
    if (style.display === "none" || original.matches(".reach")) copies[k].remove();
  });
  const [x, y, width, height] = root.getAttribute("viewBox").split(" ");
  const ground = getComputedStyle(root.parentElement).backgroundColor;
  copy.prepend(svg("title", {}, document.title), svg("rect", { x, y, width, height, fill: ground }));
  for (const [name, value] of Object.entries({ width, height, xmlns: SVG })) copy.setAttribute(name, value);
  return new XMLSerializer().serializeToString(copy);
}

async function pictureAsPng(root) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(pictureAsSvg(root))}`;
  await image.decode();
  const canvas = html("canvas", { width: image.naturalWidth * SCALE, height: image.naturalHeight * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, "image/png");
  });
}

function saveAs(name, blob) {
  const url = URL.createObjectURL(blob);
  html("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function savePicture(root, suffix) {
  const asSvg = () => new Blob([pictureAsSvg(root)], { type: "image/svg+xml" });
  saveAs(`graph.${suffix}`, suffix === "svg" ? asSvg() : await pictureAsPng(root));
}
