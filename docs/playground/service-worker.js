// Keeps the files of the playground, so that the second visit is quick, also without a network.

const FOLDER = "{{folder}}"; // its name changes with its content
const FILES = {{files}};
const CACHE = `playground ${FOLDER}`;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) => {
  const forgotten = caches.keys().then((names) =>
    Promise.all(names.filter((name) => name.startsWith("playground ") && name !== CACHE).map((name) => caches.delete(name))),
  );
  event.waitUntil(forgotten.then(() => clients.claim()));
});

// Files that the page loaded before this worker started are kept too; they come from the browser's own cache.
addEventListener("message", (event) => {
  const missing = async (cache, url) => (await cache.match(url)) ?? cache.add(url);
  event.waitUntil(caches.open(CACHE).then((cache) => Promise.all(FILES.map((url) => missing(cache, url)))));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(url.pathname.includes(`/${FOLDER}/`) ? keptFirst(request) : freshFirst(request));
});

async function keptFirst(request) {
  return (await caches.match(request)) ?? fresh(request);
}

async function freshFirst(request) {
  try {
    return await fresh(request);
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}

async function fresh(request) {
  const response = await fetch(request);
  if (response.ok) {
    const cache = await caches.open(CACHE);
    await cache.put(request, response.clone());
  }
  return response;
}
