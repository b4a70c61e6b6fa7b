import { parse, type TomlValue } from "smol-toml";
import { goFloatText } from "../schema/go-text";
import { type RawValue, string, unsupported } from "../schema/raw-value";
import { Refused } from "../schema/refused";

/**
 * Reads TOML in the types of Go's decoder.
 * @throws Refused `syntax`
 */
export function readToml(text: string): RawValue {
  return rawOf(parsed(text));
}

function parsed(text: string): TomlValue {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch {
    throw new Refused("syntax");
  }
}

function rawOf(value: TomlValue): RawValue {
  if (typeof value === "string") return string(value);
  if (typeof value === "boolean") return { type: "scalar", go: "bool", text: String(value) };
  if (typeof value === "bigint") return { type: "scalar", go: "int64", text: String(value) };
  if (typeof value === "number") return { type: "scalar", go: "float64", text: goFloatText(value) };
  if (value instanceof Date) return unsupported;
  if (Array.isArray(value)) return { type: "list", items: value.map(rawOf) };
  return { type: "map", entries: Object.entries(value).map(([name, child]) => [name, rawOf(child)]) };
}
