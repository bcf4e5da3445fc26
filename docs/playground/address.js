// A program in an address: deflated, in the URL-safe form of base64 without padding.

const LONGEST = 200_000; // bytes of a program: an address can expand to a thousand times its own length

export async function packed(program) {
  const stream = new Blob([program]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces = [];
  let length = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    length += piece.value.length;
    if (length > LONGEST) {
      await reader.cancel();
      throw new RangeError("the program is too long");
    }
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(pieces).arrayBuffer());
}

// The program of an address; null if it has none; an error if it contains something else.
export async function programOf(hash) {
  const found = /^#code=([\w-]+)$/.exec(hash);
  if (found) return unpacked(found[1]);
  if (hash.startsWith("#code=")) throw new TypeError("these are not the letters of a program");
  return null;
}
