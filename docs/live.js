// Live figures, the pages of `explore` within a page: each is loaded when it is scrolled to, takes the theme of the page,
// and gets the height that it asks for.

const liveFrames = () => [...document.querySelectorAll(".live iframe")];

function tellTheme(frame) {
  const theme = document.body.dataset.mdColorScheme === "slate" ? "dark" : "light";
  frame.contentWindow?.postMessage({ theme }, "*");
}

addEventListener("message", ({ source, data }) => {
  const frame = liveFrames().find((other) => other.contentWindow === source);
  if (!frame) return;
  if (data.height) {
    frame.style.height = `${data.height}px`;
    tellTheme(frame);
  }
  // The link to the whole page opens it in the state that the figure is in.
  const link = frame.parentElement.querySelector("a.whole");
  if (typeof data.state === "string" && link) link.hash = data.state;
});

new MutationObserver(() => liveFrames().forEach(tellTheme)).observe(document.body, {
  attributes: true,
  attributeFilter: ["data-md-color-scheme"],
});

// Not `loading="lazy"`: from disk browsers load such frames at once.
const nearby = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      target.src = target.dataset.src;
    }
  },
  { rootMargin: "600px" },
);
for (const frame of liveFrames()) nearby.observe(frame);
