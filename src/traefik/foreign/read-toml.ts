import { parse, type TomlValue } from "smol-toml";
import { goFloatText } from "../schema/go-text";
import { type RawValue, string, unsupported } from "../schema/raw-value";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";

/** Each level takes some of the stack. Traefik's configuration has about 12 levels. */
const mostLevels = 100;

/**
 * Reads TOML in the types of Go's decoder.
 * @throws RefusedByTraefik `syntax`
 * @throws Undecided `too_deep`
 */
export function readToml(text: string): RawValue {
  return rawOf(parsed(text));
}

function parsed(text: string): TomlValue {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch {
    throw new RefusedByTraefik("syntax");
  }
}

function rawOf(value: TomlValue, level = 0): RawValue {
  if (level > mostLevels) throw new Undecided("too_deep");
  if (typeof value === "string") return string(value);
  if (typeof value === "boolean") return { type: "scalar", go: "bool", text: String(value) };
  if (typeof value === "bigint") return { type: "scalar", go: "int64", text: String(value) };
  if (typeof value === "number") return { type: "scalar", go: "float64", text: goFloatText(value) };
  if (value instanceof Date) return unsupported;
  if (Array.isArray(value)) return { type: "list", items: value.map((item) => rawOf(item, level + 1)) };
  return { type: "map", entries: Object.entries(value).map(([name, child]) => [name, rawOf(child, level + 1)]) };
}
