/** How Go's `strconv`, `time` and `strings` read text. Traefik converts every scalar to text and back. */

const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/** Decimal digits with an optional sign, within `bits` (as in `ParseInt(text, 10, bits)`). */
export function isGoInteger(text: string, bits = 64): boolean {
  if (!/^[+-]?[0-9]+$/.test(text)) return false;
  const value = BigInt(text.replace(/^\+/, ""));
  const half = 2n ** BigInt(bits - 1);
  return value >= -half && value < half;
}

export function isGoBool(text: string): boolean {
  return /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(text);
}

/** A decimal number in the range of a double, or a word for infinity or not-a-number. */
export function isGoFloat(text: string): boolean {
  if (/^[+-]?(inf|infinity)$/i.test(text) || /^nan$/i.test(text)) return true;
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text) && Number.isFinite(Number(text));
}

const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Whole seconds without a unit, or a sum such as `1h2m0.5s` within ±2^63 ns. */
export function isGoDuration(text: string): boolean {
  if (isGoInteger(text)) return true;
  const sum = text.replace(/^[+-]/, "");
  if (sum === "0") return true;
  const terms = [...sum.matchAll(/([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)/gy)];
  if (terms.length === 0 || terms.reduce((length, term) => length + term[0].length, 0) !== sum.length) return false;
  return withinInt64(terms.map((term) => Number(term[1]) * (nanoseconds[term[2] ?? ""] ?? Number.NaN)));
}

function withinInt64(terms: readonly number[]): boolean {
  const total = terms.reduce((left, right) => left + right, 0);
  return total < Number(int64.most);
}

/** Six decimals, or none if all six are zero. */
export function goFloatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  if (Math.abs(value) >= 1e21) return BigInt(value).toString();
  return value.toFixed(6).replace(/\.000000$/, "");
}

/**
 * Folds a text so that two ASCII names are equal exactly if Go's `EqualFold` says so. The long s and the Kelvin sign
 * fold to `s` and `k`.
 */
export function folded(text: string): string {
  return text.toLowerCase().replaceAll("\u017f", "s").replaceAll("\u212a", "k");
}

export function fitsInt64(value: bigint): boolean {
  return value >= int64.least && value <= int64.most;
}

/** Removes Go's white space at both ends. It includes NEL, and not the byte order mark. */
export function goTrimmed(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}
