// The arithmetic that the rows of the rule table are read in: JavaScript's own, and what it lacks.
// Each function has the name of its row.  Nothing raises: 1/0 is Infinity, log(-1) is NaN.

const holds = (condition) => Boolean(condition) || Number.isNaN(condition); // in Python nan is true
const where = (condition, a, b) => (holds(condition) ? a : b);

// Sums without the rounding of each step (Neumaier 1974), as Python's since 3.12.
function sumOf(xs) {
  let total = 0;
  let lost = 0;
  for (const x of xs) {
    const next = total + x;
    lost += Math.abs(total) >= Math.abs(x) ? total - next + x : x - next + total;
    total = next;
  }
  return Number.isFinite(lost) ? total + lost : total;
}

// What x·y lost by rounding (Dekker 1971); 0 where halves of the digits cannot be split off.
function lostInProduct(x, y, product) {
  const split = (a) => {
    const c = 134217729 * a;
    return c - (c - a);
  };
  const [xHigh, yHigh] = [split(x), split(y)];
  const [xLow, yLow] = [x - xHigh, y - yHigh];
  const lost = xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
  return Number.isFinite(lost) ? lost : 0;
}

function dotOf(operands) {
  const n = Math.floor(operands.length / 2);
  const terms = operands.slice(2 * n);
  for (let i = 0; i < n; i += 1) {
    const product = operands[i] * operands[n + i];
    terms.push(product, lostInProduct(operands[i], operands[n + i], product));
  }
  return sumOf(terms);
}

// exp(-x²): the leading bits of x are squared without rounding.
function bell(x) {
  const s = Math.floor(x * 1024) / 1024;
  return Math.exp(-s * s) * Math.exp((s - x) * (s + x));
}

// erf by its series, all terms of one sign (DLMF 7.6.2).
function erfNearZero(x) {
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * bell(x) * total;
}

// erfc of x >= 2 by its continued fraction (DLMF 7.9.1), from the inside out.
function erfcFarOut(x) {
  if (x > 28) return 0;
  let fraction = x;
  for (let k = 120; k > 0; k -= 1) fraction = x + k / 2 / fraction;
  return bell(x) / Math.sqrt(Math.PI) / fraction;
}

function erfcOf(x) {
  if (x >= 2) return erfcFarOut(x);
  return x <= -2 ? 2 - erfcFarOut(-x) : 1 - erfNearZero(x);
}

function erfOf(x) {
  if (Math.abs(x) >= 2) return Math.sign(x) * (1 - erfcFarOut(Math.abs(x)));
  return erfNearZero(x);
}

// To the nearest whole number, the even one of two; no -0, as Python's round has none.
function roundOf(x) {
  const below = Math.floor(x);
  if (x - below === 0.5) return 2 * Math.round(below / 2) + 0;
  return Math.round(x) + 0;
}

// A power of NaN to 0 and of 1 to NaN is 1 in Python.
const powOf = (x, n) => (x === 1 ? 1 : Math.pow(x, n));

const m = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  truediv: (x, y) => x / y,
  pow: powOf,
  powi: powOf,
  neg: (x) => -x,
  pos: (x) => x,
  exp2: (x) => Math.pow(2, x),
  erf: erfOf,
  erfc: erfcOf,
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  floor: (x) => Math.floor(x) + 0,
  ceil: (x) => Math.ceil(x) + 0,
  round: roundOf,
  where,
  hypot: (...xs) => Math.hypot(...xs),
  sum: (...xs) => sumOf(xs),
  mean: (...xs) => sumOf(xs) / xs.length,
  prod: (...xs) => xs.reduce((product, x) => product * x, 1),
  dot: (...operands) => dotOf(operands),
};
for (const name of [
  "abs",
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "log10",
  "sqrt",
  "cbrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "atan2",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
]) {
  m[name] = Math[name];
}
