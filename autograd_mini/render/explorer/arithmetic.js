// The arithmetic for the rows of the rule table: that of JavaScript, plus the functions that it lacks.
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

// The rounding error of x·y (Dekker 1971); 0 where the digits can't be split into halves.
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

// sin(πx), reduced before it is rounded.
function sinOfPi(x) {
  const y = Math.abs(x) % 2;
  const sign = x < 0 ? -1 : 1;
  const by = [
    () => Math.sin(Math.PI * y),
    () => Math.cos(Math.PI * (y - 0.5)),
    () => Math.sin(Math.PI * (1 - y)),
    () => -Math.cos(Math.PI * (y - 1.5)),
    () => Math.sin(Math.PI * (y - 2)),
  ];
  return Number.isFinite(x) ? sign * by[Math.round(2 * y)]() : NaN;
}

// The sum of Lanczos (1964) for Γ, with the coefficients of Boost that CPython uses too.
const LANCZOS_G = 6.02468004077673;
const LANCZOS_ABOVE = [
  23531376880.41076, 42919803642.6491, 35711959237.35567, 17921034426.03721, 6039542586.352028, 1439720407.3117216,
  248874557.86205417, 31426415.585400194, 2876370.6289353725, 186056.26539522348, 8071.672002365816, 210.82427775157935,
  2.5066282746310002,
];
const LANCZOS_BELOW = [
  0, 39916800, 120543840, 150917976, 105258076, 45995730, 13339535, 2637558, 357423, 32670, 1925, 66, 1,
];

function lanczos(x) {
  const fold = (cs) => (x < 5 ? cs.reduceRight((sum, c) => sum * x + c, 0) : cs.reduce((sum, c) => sum / x + c, 0));
  return fold(LANCZOS_ABOVE) / fold(LANCZOS_BELOW);
}

function lgammaOf(x) {
  const a = Math.abs(x);
  if (a === Infinity) return Infinity;
  if (x <= 2 && Number.isInteger(x)) return x > 0 ? 0 : NaN;
  if (a < 1e-20) return -Math.log(a);
  const above = Math.log(lanczos(a)) - LANCZOS_G + (a - 0.5) * (Math.log(a + LANCZOS_G - 0.5) - 1);
  return x < 0 ? Math.log(Math.PI) - Math.log(Math.abs(sinOfPi(a))) - Math.log(a) - above : above;
}

function gammaOf(x) {
  const a = Math.abs(x);
  if (x === 0 || a < 1e-20) return 1 / x;
  if (x < 0 && Number.isInteger(x)) return NaN;
  if (a > 200) return x < 0 ? 0 / sinOfPi(x) : x === x ? Infinity : NaN;
  const y = a + (LANCZOS_G - 0.5);
  const half = Math.pow(y, a / 2 - 0.25); // of a power that overflows before the result does
  if (x < 0) return ((-Math.PI / sinOfPi(a) / a) * Math.exp(y)) / lanczos(a) / half / half;
  const z = (lanczos(a) / Math.exp(y)) * half * half;
  return Number.isInteger(x) && x <= 23 ? Math.round(z) : z;
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
  fma: (x, y, z) => sumOf([x * y, lostInProduct(x, y, x * y), z]),
  gamma: gammaOf,
  lgamma: lgammaOf,
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
