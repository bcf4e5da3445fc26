// Runs programs. It loads Python, Graphviz and the packages, and then removes every access to networks and storage.

import { FILES, FOLDER, PYTHON } from "./built.js";

const here = (name) => new URL(`${FOLDER}/${name}`, import.meta.url).href;
const total = Object.values(FILES).reduce((sum, size) => sum + size, 0);
let loaded = 0;

function arrived(bytes) {
  loaded += bytes;
  postMessage({ kind: "progress", loaded, total });
}

// Count what arrives, also what Python's own loader fetches.
const plainFetch = globalThis.fetch;
globalThis.fetch = async (...request) => {
  const response = await plainFetch(...request);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${response.statusText}`);
  const counted = new TransformStream({
    transform(piece, controller) {
      arrived(piece.length);
      controller.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(counted), response);
};

async function script(name) {
  const module = await import(here(name));
  arrived(FILES[name]);
  return module;
}

// Functions that give a program access to a server, or to the storage of this origin.
const POWERS = `fetch XMLHttpRequest WebSocket WebSocketStream EventSource WebTransport BroadcastChannel Worker SharedWorker
  importScripts indexedDB caches cookieStore navigator location origin`.split(/\s+/);

function giveUpPowers() {
  for (let owner = globalThis; owner; owner = Object.getPrototypeOf(owner)) {
    for (const name of POWERS) delete owner[name];
  }
}

const STARTER = `
import sys
sys.path.append("/packages.zip")
from autograd_mini.render import use_engine
from autograd_mini.render.playground import engine_of, run

def start(render):
    use_engine(engine_of(render))
    return run

start
`;

async function unzipped(response) {
  const stream = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function load() {
  const packages = fetch(here("packages.zip.gz")).then(unzipped);
  const graphviz = script("viz.js").then(({ instance }) => instance());
  const [{ loadPyodide }] = await Promise.all([script("pyodide.mjs"), script("pyodide.asm.mjs")]);
  const python = await loadPyodide({
    indexURL: here(""),
    lockFileContents: { info: PYTHON, packages: {} },
    jsglobals: {}, // the content of the module js for programs
  });
  const [archive, viz] = await Promise.all([packages, graphviz]);
  const begun = performance.now();
  python.FS.writeFile("/packages.zip", archive);
  const render = (source, format) => {
    const { status, output, errors } = viz.render(source, { format });
    const complaint = errors.map(({ message }) => message).join("; ");
    return status === "success" ? ["", output] : [complaint || "unknown error", ""];
  };
  const run = python.runPython(STARTER)(render);
  giveUpPowers();
  postMessage({ kind: "ready", version: PYTHON.python, ours: performance.now() - begun });
  return run;
}

const loading = load();
loading.catch((error) => postMessage({ kind: "failed", text: String(error) }));

onmessage = async ({ data }) => {
  const run = await loading;
  const begun = performance.now();
  let crash = ""; // the message if Python itself crashes; it can't be used any more then
  try {
    run(data, (message) => postMessage(JSON.parse(message)));
  } catch (error) {
    crash = String(error.message ?? error);
  }
  postMessage({ kind: "done", ms: performance.now() - begun, crash });
};
