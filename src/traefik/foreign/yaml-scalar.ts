import { fitsInt64, goFloatText } from "../schema/go-text";
import { nothing, type RawScalar, type RawValue, string, unsupported } from "../schema/raw-value";
import { Undecided } from "../schema/undecided";

const words = new Map<string, RawValue>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, nothing] as const),
  ...["true", "True", "TRUE"].map((word) => [word, scalar("bool", "true")] as const),
  ...["false", "False", "FALSE"].map((word) => [word, scalar("bool", "false")] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, scalar("float64", "NaN")] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, scalar("float64", "+Inf")] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, scalar("float64", "-Inf")] as const),
]);

/** Numbers for Go's functions alone, such as `.1_0` and `0b-1`. */
const oddNumber = /^\.[0-9]*_|^0_*[bo]_*[-+]/;

/**
 * A scalar as yaml.v3 resolves it: YAML 1.2 words, numbers with Go's prefixes and underscores, dates.
 * @throws Undecided `yaml_scalar`
 */
export function plainScalar(text: string): RawValue {
  const word = words.get(text);
  if (word) return word;
  if (!/^[-+.0-9]/.test(text)) return string(text);
  if (oddNumber.test(text)) throw new Undecided("yaml_scalar");
  return isDate(text) ? unsupported : (integer(text) ?? float(text) ?? string(text));
}

function scalar(go: RawScalar["go"], text: string): RawScalar {
  return { type: "scalar", go, text };
}

function integer(text: string): RawScalar | null {
  const [, sign = "", digits = ""] = /^([+-]?)([0-9].*)$/.exec(text.replaceAll("_", "")) ?? [];
  const value = magnitude(digits);
  if (value === null) return null;
  const signed = sign === "-" ? -value : value;
  if (fitsInt64(signed)) return scalar("int", signed.toString());
  return sign === "" && value < 2n ** 64n ? scalar("uint64", value.toString()) : null;
}

/** Go's base prefixes; a leading zero alone means octal. */
function magnitude(digits: string): bigint | null {
  if (/^(0|[1-9][0-9]*|0x[0-9a-f]+|0o[0-7]+|0b[01]+)$/i.test(digits)) return BigInt(digits.toLowerCase());
  return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : null;
}

function float(text: string): RawScalar | null {
  const plain = text.startsWith(".") ? text : text.replaceAll("_", "");
  if (!/^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? scalar("float64", goFloatText(value)) : null;
}

/** The four forms of a date that yaml.v3 takes; days are not held against their month's length. */
function isDate(text: string): boolean {
  const parts =
    /^[0-9]{4}-([0-9]{1,2})-([0-9]{1,2})(?:[Tt ]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$/.exec(
      text,
    );
  if (!parts) return false;
  const [, month, day, hour, minute, second, zone] = parts;
  if ((zone !== undefined) !== /[Tt]/.test(text)) return false;
  const below = (part: string | undefined, most: number): boolean => Number(part ?? 0) <= most;
  if (Number(month) < 1 || Number(day) < 1) return false;
  return below(month, 12) && below(day, 31) && below(hour, 23) && below(minute, 59) && below(second, 59);
}
