import { renderValue } from "../compiler/render-document";
import { plainScalar } from "../foreign/yaml-scalar";
import { type RawValue, string } from "./raw-value";

/** Longer texts are left to the YAML grammar, which has its own limits for them. */
const longest = 900;

/**
 * Reads text that has exactly the bytes that `renderDocument` writes, in printable ASCII, several times as fast as the
 * YAML grammar. Such text has no duplicate key and no escape that YAML lacks, so both readers get the same value.
 * @returns null for every other text, which the YAML grammar has to read
 */
export function readOwnJson(text: string): RawValue | null {
  if (!text.startsWith('{\n "http": {') || /[^\n\x20-\x7e]/.test(text)) return null;
  try {
    const root: unknown = JSON.parse(text);
    if (!isMap(root) || renderValue(root.http) !== text) return null;
    return rawOf(root);
  } catch {
    return null; // not JSON, or a value that is never rendered
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
