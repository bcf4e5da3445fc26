// The program of the page: one state, which the reader's actions change, and which is shown whole after each change.

const tape = new Tape(graph.nodes, graph.root, graph.merged);

const state = {
  leaves: new Map(tape.initial),
  at: 0, // the index of the step
  playing: null,
  view: 0,
  looked: null, // under the pointer, or in focus
  traced: null, // its row of the table is under the pointer: only the picture changes, so that the row stays in place
  selected: null,
  path: null,
  quiz: null,
  costs: [],
  panels: [], // that a compact page shows
  act: {},
};

// ---- showing ----

const lastStep = () => (state.quiz ? tape.seedStep : tape.steps.length - 1);

function refresh() {
  const step = tape.steps[state.at];
  const known = tape.knownAt(state.at);
  const looked = state.looked ?? state.traced ?? state.selected;
  const ways = looked === null ? [] : tape.waysFrom(looked).map((arrow) => arrow.number);
  picture.show({ known, step, quiz: state.quiz, looked, selected: state.selected, path: state.path, ways });
  stepPanel(tape, step, state.quiz);
  chainPanel(tape, state);
  table.show(state.leaves, state.quiz ? state.quiz.shown : known.gradients);
  showTransport(step);
  address.write(state, byId("rate").value);
}

function showTransport(step) {
  const scrub = byId("scrub");
  scrub.max = lastStep();
  scrub.value = state.at;
  const isForward = step.kind === "start" || step.kind === "forward" || state.quiz;
  const pass = isForward ? "forwardPass" : "backwardPass";
  const place = say("place", {
    pass: say(pass),
    at: state.at,
    last: lastStep(),
  });
  scrub.setAttribute("aria-valuetext", place);
  byId("place").textContent = place;
  byId("pass").textContent = say(step.kind === "end" ? "done" : pass);
  document.body.dataset.pass = pass;
  for (const id of ["first", "back"]) byId(id).disabled = state.at === 0;
  for (const id of ["forward", "last"]) byId(id).disabled = state.at === lastStep();
  byId("play").textContent = say(state.playing ? "pause" : "play");
  byId("play").setAttribute("aria-pressed", Boolean(state.playing));
  const share = (100 * tape.seedStep) / Math.max(1, lastStep());
  scrub.style.setProperty("--passes", `${share}%`);
}

function speak(text) {
  byId("spoken").textContent = text;
}

// ---- the steps ----

function goTo(at, isQuiet = false) {
  state.at = Math.min(lastStep(), Math.max(0, at));
  const step = tape.steps[state.at];
  refresh();
  if (step.node !== undefined) picture.reveal(step.kind === "backward" ? step.arrow.tail : step.node);
  if (!isQuiet) speak(spoken(tape, step, state.quiz));
}

function play() {
  if (state.playing) return pause();
  if (state.at === lastStep()) state.at = 0;
  const tick = () => {
    goTo(state.at + 1);
    if (state.at >= lastStep()) pause();
    else state.playing = setTimeout(tick, Number(byId("speed").value));
    showTransport(tape.steps[state.at]);
  };
  state.playing = setTimeout(tick, 150);
  return refresh();
}

function pause() {
  clearTimeout(state.playing);
  state.playing = null;
  refresh();
}

// ---- the leaves ----

function recompute() {
  tape.run(state.leaves);
  if (state.quiz) startQuiz();
  else refresh();
}

state.act.leaf = (i) => state.leaves.get(i);
state.act.setLeaf = (i, x) => {
  state.leaves.set(i, x);
  recompute();
  speak(say("spokenRoot", { root: nameOf(tape.root), value: show(tape.values[tape.root]) }));
};
state.act.typeLeaf = (i, box) => {
  const x = parseNumber(box.value);
  if (Number.isNaN(x)) {
    box.setAttribute("aria-invalid", "true");
    speak(say("noNumber", { text: box.value }));
    return;
  }
  if (Object.is(x, state.leaves.get(i))) refresh();
  else state.act.setLeaf(i, x);
};

function resetLeaves() {
  state.leaves = new Map(tape.initial);
  state.costs = [];
  recompute();
  showCosts();
}

function descend(count) {
  const rate = parseNumber(byId("rate").value);
  byId("rate").setAttribute("aria-invalid", Number.isNaN(rate));
  if (Number.isNaN(rate)) return speak(say("noNumber", { text: byId("rate").value }));
  if (!state.costs.length) state.costs.push(tape.values[tape.root]);
  const chosen = table.chosen();
  for (let k = 0; k < count; k += 1) {
    for (const i of chosen) state.leaves.set(i, state.leaves.get(i) - rate * tape.gradients[i]);
    tape.run(state.leaves);
    state.costs.push(tape.values[tape.root]);
  }
  recompute();
  showCosts();
  return speak(say("spokenRoot", { root: nameOf(tape.root), value: show(tape.values[tape.root]) }));
}

function showCosts() {
  byId("cost").textContent = state.costs.length
    ? say("cost", {
        root: nameOf(tape.root),
        first: show(state.costs[0]),
        last: show(state.costs.at(-1)),
        steps: state.costs.length - 1,
      })
    : "";
  if (state.costs.length) plotCost(byId("plot"), state.costs);
  else byId("plot").replaceChildren();
}

// ---- looking and choosing ----

state.act.look = (i) => {
  if (state.looked === i) return;
  state.looked = i;
  refresh();
};
// Light a value's card, and bring it into sight.
state.act.pointAt = (i) => {
  state.act.look(i);
  picture.reveal(i);
};
// Choose a value, and open what it is in.
state.act.goToValue = (value) => {
  const i = tape.faceOf(value);
  const k = graph.clusters.findIndex(({ members }) => members.includes(i));
  if (k >= 0 && !graph.views[state.view].open.includes(k)) state.act.toggle(k, false);
  state.looked = null;
  state.selected = i;
  state.path = null;
  refresh();
  picture.reveal(i);
  speak(describe(i, tape, tape.knownAt(state.at), null));
};
state.act.speak = speak;
state.act.trace = (i) => {
  state.traced = i;
  refresh();
};
state.act.select = (i) => {
  state.selected = state.selected === i ? null : i;
  state.path = null;
  refresh();
};
state.act.showPath = (path) => {
  state.path = path;
  refresh();
};
state.act.toggle = (k, takesFocus = true) => {
  const open = new Set(graph.views[state.view].open);
  const wish = open.has(k) ? [...open].filter((other) => other !== k) : [...open, k];
  const view = viewOf(wish) ?? viewOf(open.has(k) ? [] : [k]);
  if (view === undefined) return speak(say("tooLarge", { title: graph.clusters[k].title }));
  const focused = open.has(k) ? `c${k}` : `v${tape.faceOf(graph.clusters[k].members[0])}`;
  return setView(view, takesFocus ? focused : undefined);
};

function viewOf(open) {
  const key = [...open].sort((a, b) => a - b).join();
  const found = graph.views.findIndex((view) => view.open.join() === key);
  return found < 0 ? undefined : found;
}

function setView(view, focused) {
  state.view = view;
  state.looked = null;
  picture.draw(graph.views[view]);
  if (state.quiz) startQuiz();
  else refresh();
  byId(focused)?.focus();
}

// ---- the quiz ----

function startQuiz() {
  state.quiz = new Quiz(tape, byId("answers"), state.act, [...picture.cards.keys()]);
  state.at = tape.seedStep;
  byId("verdict").textContent = say("quizHint");
  refresh();
}

function toggleQuiz() {
  pause();
  state.looked = null;
  document.body.classList.toggle("quizzing", !state.quiz);
  byId("quiz-panel").hidden = Boolean(state.quiz);
  byId("quiz").setAttribute("aria-pressed", !state.quiz);
  if (!state.quiz) {
    startQuiz();
    return;
  }
  state.quiz = null;
  refresh();
}

function onQuizButton() {
  toggleQuiz();
  if (!state.quiz) return;
  speak(say("quizHint"));
  byId("answers").querySelector("input")?.focus();
}

function checkQuiz() {
  const verdict = state.quiz.check();
  byId("verdict").textContent = verdict;
  speak(verdict);
  refresh();
}

// Small whole numbers, for mental arithmetic.
function newNumbers() {
  for (const i of tape.leaves) state.leaves.set(i, [-3, -2, -1, 1, 2, 3][Math.floor(6 * Math.random())]);
  recompute();
}

// ---- the page ----

function setTheme() {
  const { documentElement } = document;
  const isDark = documentElement.dataset.theme
    ? documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  documentElement.dataset.theme = isDark ? "light" : "dark";
}

function fillTexts() {
  document.documentElement.lang = graph.text.language;
  byId("title").replaceChildren(heading());
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = say(place.dataset.text);
  for (const place of document.querySelectorAll("[data-label]")) {
    place.setAttribute("aria-label", say(place.dataset.label));
    place.title = say(place.dataset.label);
  }
  byId("find").placeholder = say("find");
}

const KEYS = {
  ArrowRight: () => goTo(state.at + 1),
  ArrowLeft: () => goTo(state.at - 1),
  Home: () => goTo(0),
  End: () => goTo(lastStep()),
  " ": () => play(),
  Escape: () => {
    state.looked = null;
    state.selected = null;
    state.path = null;
    refresh();
  },
  "+": () => picture.setZoom(picture.zoom * 1.2),
  "-": () => picture.setZoom(picture.zoom / 1.2),
  0: () => picture.fit(),
};

// Keys that a control needs for itself are left to it.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  const { target } = event;
  if (target.matches("input, select, textarea") && event.key !== "Escape") return;
  if (event.key === " " && target.matches("button")) return;
  event.preventDefault();
  KEYS[event.key]();
}

// ---- the address ----

function follow() {
  const said = address.read();
  if (said.theme) document.documentElement.dataset.theme = said.theme;
  state.leaves = new Map([...tape.initial, ...said.leaves]);
  state.costs = [];
  showCosts();
  tape.run(state.leaves);
  state.selected = said.selected;
  if (said.rate) byId("rate").value = said.rate;
  byId("slopes").checked = said.slopes;
  document.body.classList.toggle("no-slopes", !said.slopes);
  const view = said.open ? viewOf(said.open) : 0;
  if (view !== undefined && view !== state.view) setView(view);
  if (said.quiz !== Boolean(state.quiz)) toggleQuiz();
  goTo(state.quiz ? tape.seedStep : said.at, true);
}

// A page within another: the picture and the requested panels.
function makeCompact(panels) {
  state.panels = panels;
  document.body.classList.add("compact");
  for (const panel of document.querySelectorAll("[data-panel]")) {
    panel.classList.toggle("off", !panels.includes(panel.dataset.panel));
    panel.style.order = panels.indexOf(panel.dataset.panel);
  }
  byId("quiz").classList.toggle("off", !panels.includes("quiz"));
  document.body.classList.toggle("descending", panels.includes("descent"));
  let [width, tallest] = [0, 0]; // it grows with its content, but does not shrink again: the text below would jump
  new ResizeObserver(() => {
    if (innerWidth !== width) [width, tallest] = [innerWidth, 0];
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height <= tallest) return;
    tallest = height;
    address.tell({ height });
  }).observe(document.body);
  addEventListener("message", ({ data }) => {
    if (["light", "dark"].includes(data?.theme)) document.documentElement.dataset.theme = data.theme;
  });
}

fillTexts();
const address = new Address(tape);
const said = address.read();
if (said.panels) makeCompact(said.panels);
byId("rate").value = graph.rate;
const picture = new Picture(tape, byId("picture"), state.act);
makeTouchable(byId("picture"), picture);
new Search(tape, byId("find"), state.act);
const table = new LeafTable(tape, byId("leaves"), state.act);
const formulaHost = byId("formula");
formulaHost.replaceChildren(formulaOfRoot());
byId("clusters").hidden = graph.clusters.length === 0;
byId("open-all").disabled = viewOf(graph.clusters.keys()) === undefined;
picture.draw(graph.views[0]);
follow();
for (const [id, action] of Object.entries({
  first: () => goTo(0),
  back: () => goTo(state.at - 1),
  play,
  forward: () => goTo(state.at + 1),
  last: () => goTo(lastStep()),
  "to-backward": () => goTo(tape.seedStep),
  theme: setTheme,
  quiz: onQuizButton,
  check: checkQuiz,
  reveal: () => {
    state.quiz.reveal();
    refresh();
  },
  "new-numbers": newNumbers,
  "descend-1": () => descend(1),
  "descend-20": () => descend(20),
  reset: resetLeaves,
  "zoom-in": () => picture.setZoom(picture.zoom * 1.2),
  "zoom-out": () => picture.setZoom(picture.zoom / 1.2),
  fit: () => picture.fit(),
  "save-svg": () => savePicture(picture.root, "svg"),
  "save-png": () => savePicture(picture.root, "png"),
  "open-all": () => setView(viewOf(graph.clusters.keys())),
  "close-all": () => setView(viewOf([])),
})) {
  byId(id).addEventListener("click", action);
}
byId("scrub").addEventListener("input", (event) => goTo(Number(event.target.value)));
byId("slopes").addEventListener("change", (event) =>
  document.body.classList.toggle("no-slopes", !event.target.checked),
);
byId("answers").addEventListener("keydown", (event) => {
  if (event.key === "Enter") checkQuiz();
});
addEventListener("keydown", onKey);
addEventListener("hashchange", follow);
byId("rate").addEventListener("change", refresh);
addEventListener("resize", () => {
  if (picture.isUntouched) picture.fitReadably();
});
document.body.classList.add("ready");
