// The page: handles the reader's actions and the messages from Python.

import { packed, programOf } from "./address.js";
import { EXAMPLES } from "./built.js";
import { Editor } from "./editor.js";
import { Python } from "./python.js";
import { sanitised } from "./svg.js";

const $ = (id) => document.getElementById(id);
// Wrapped around a program's HTML: the colours of this page, and a report of its height.
const BEFORE = '<!doctype html><meta name="color-scheme" content="light dark"><style>body{font:15px system-ui,sans-serif}</style>';
const AFTER = '<script>parent.postMessage({ height: document.body.offsetHeight + 32 }, "*")</script>';
const PATIENCE = 5000; // milliseconds before the page says how to stop a program

const editor = new Editor($("editor"), $("colours"), $("numbers"));
let output = "";
let reminder = 0;

// ---- messages from Python ----

const MEGABYTE = 1e6;
const hear = {
  progress({ loaded, total }) {
    $("progress").hidden = false;
    Object.assign($("progress"), { max: total, value: loaded });
    const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
    say(loaded < total ? `Loading Python: ${megabytes(loaded)} of ${megabytes(total)} MB` : "Starting Python …");
  },
  ready({ version }) {
    $("progress").hidden = true;
    say(`Python ${version} is ready.`);
    navigator.serviceWorker?.ready.then(({ active }) => active.postMessage("keep"));
  },
  failed({ text }) {
    $("progress").hidden = true;
    say(`Python could not be loaded: ${text}. Reload the page to try again.`);
    enable(false);
  },
  warm() {
    document.body.classList.add("warm"); // the next stop takes no time
  },
  begun() {
    say("Running …");
    reminder = setTimeout(() => say("Still running. Stop ends it."), PATIENCE);
  },
  text({ place, text }) {
    output = output.slice(0, place) + text;
    $("output").textContent = output;
    $("output").scrollTop = $("output").scrollHeight;
  },
  error({ line, text }) {
    showError(line, text);
  },
  note({ content }) {
    $("note").append(Object.assign(document.createElement("p"), { textContent: content }));
    $("note").hidden = false;
  },
  drawing({ content }) {
    showPicture($("drawing"), content);
    $("drawn").hidden = false;
  },
  picture({ number, content }) {
    while ($("watch").children.length <= number) $("watch").append(document.createElement("div"));
    showPicture($("watch").children[number], content);
    $("watched").hidden = false;
  },
  explorer({ content }) {
    showPage($("explored"), "explorer", "Step through backpropagation", content, "#compact=step.leaves");
  },
  html({ content }) {
    showPage($("table"), "result", "Result", `${BEFORE}${content}${AFTER}`, "");
  },
  done({ ms, crash }) {
    if (crash) showError(null, `Python crashed and restarts (${crash}). Perhaps something is nested too deeply.`);
    finish(`Done in ${ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`}.`);
  },
  stopped({ ready }) {
    document.body.classList.remove("warm");
    finish(ready ? "Stopped." : "Stopped. Python is loading again …");
  },
};

const python = new Python((message) => hear[message.kind]?.(message));

function say(text) {
  if ($("status").textContent !== text) $("status").textContent = text;
}

function finish(text) {
  clearTimeout(reminder);
  document.body.classList.remove("running");
  document.body.dataset.runs = Number(document.body.dataset.runs ?? 0) + 1;
  enable(true);
  say(text);
}

function enable(able) {
  $("run").disabled = !able || python.running;
  $("stop").disabled = !python.running;
}

function showError(line, text) {
  const message = document.createElement("pre");
  message.textContent = text;
  $("error").replaceChildren(message);
  if (line) {
    const link = Object.assign(document.createElement("button"), { type: "button", textContent: `Line ${line}` });
    link.addEventListener("click", () => editor.goTo(line));
    $("error").prepend(link);
    editor.mark(line);
  }
}

function showPicture(place, text) {
  try {
    place.replaceChildren(sanitised(text));
  } catch (error) {
    hear.note({ content: `This drawing can't be shown: ${error.message}.` });
  }
}

// HTML gets its own frame, with a sandbox that gives it access to nothing.
function showPage(place, id, title, html, hash) {
  document.getElementById(id)?.remove();
  const frame = Object.assign(document.createElement("iframe"), { id, title, src: `frame.html${hash}` });
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.addEventListener("load", () => frame.contentWindow.postMessage(html, "*"), { once: true });
  place.append(frame);
  place.hidden = false;
}

addEventListener("message", ({ source, data }) => {
  const frame = [...document.querySelectorAll("iframe")].find((other) => other.contentWindow === source);
  const height = Number(data?.height);
  if (frame && height > 0) frame.style.height = `${Math.min(height, 2000)}px`;
});

// ---- the reader's actions ----

function clear() {
  output = "";
  $("output").textContent = "";
  $("error").replaceChildren();
  $("watch").replaceChildren();
  $("note").replaceChildren();
  for (const id of ["note", "watched", "drawn", "table", "explored", "empty"]) $(id).hidden = true;
  editor.mark(0);
}

async function run() {
  if (python.running || $("run").disabled) return;
  clear();
  document.body.classList.add("running");
  const program = editor.text;
  python.run(program);
  enable(true);
  history.replaceState(null, "", `#code=${await packed(program)}`);
}

function stop() {
  python.stop();
}

async function share() {
  history.replaceState(null, "", `#code=${await packed(editor.text)}`);
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  say(`The address of this page now contains the program${copied ? ", and is copied" : ": copy it"} (${location.href.length} characters).`);
}

function open(program) {
  if (python.running) stop();
  $("example").value = "";
  editor.text = program;
  run();
}

async function openAddress() {
  try {
    const program = await programOf(location.hash);
    if (program !== null) open(program);
    return program !== null;
  } catch (error) {
    clear();
    showError(null, `The address of this page contains no readable program: ${error.message}.`);
    return true;
  }
}

$("run").addEventListener("click", run);
$("stop").addEventListener("click", stop);
$("share").addEventListener("click", share);
addEventListener("hashchange", openAddress);
addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  run();
});
for (const { chapter, examples } of EXAMPLES) {
  const group = Object.assign(document.createElement("optgroup"), { label: chapter });
  for (const { title, program } of examples) group.append(Object.assign(new Option(title), { program }));
  $("example").append(group);
}
$("example").addEventListener("change", () => {
  const { program } = $("example").selectedOptions[0];
  const chosen = $("example").selectedIndex;
  if (program === undefined) return;
  open(program);
  $("example").selectedIndex = chosen;
});

$("share").disabled = false;
say("Loading Python …");
enable(true);
if (!(await openAddress()) || !editor.text) editor.text ||= EXAMPLES[0].examples[0].program;
if ("serviceWorker" in navigator && window.isSecureContext) {
  navigator.serviceWorker.register("service-worker.js").catch(() => {}); // without it the page is only slower
}
