import { renderValue } from "../compiler/render-document";
import { plainScalar } from "../foreign/yaml-scalar";
import { type RawValue, string } from "./raw-value";

/** Longer texts are left to the grammar, which has limits of its own for them. */
const longest = 900;

/**
 * Reads text that is byte for byte what `renderDocument` makes, in printable ASCII, several times as fast as the YAML
 * grammar does: such text has no duplicate key, no escape that YAML lacks and one value for either reader.
 * @returns null for every other text, however harmless: that is the grammar's to read
 */
export function readOwnJson(text: string): RawValue | null {
  if (!text.startsWith('{\n "http": {') || /[^\n\x20-\x7e]/.test(text)) return null;
  try {
    const root: unknown = JSON.parse(text);
    if (!isMap(root) || renderValue(root.http) !== text) return null;
    return rawOf(root);
  } catch {
    return null; // no JSON, or something that is never rendered
  }
}

function rawOf(value: unknown): RawValue {
  if (typeof value === "string") return string(short(value));
  if (Array.isArray(value)) return { type: "list", items: value.map(rawOf) };
  if (isMap(value)) {
    return { type: "map", entries: Object.entries(value).map(([name, held]) => [short(name), rawOf(held)] as const) };
  }
  return plainScalar(JSON.stringify(value));
}

function short(text: string): string {
  if (text.length > longest) throw new RangeError("readOwnJson: a long text");
  return text;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
