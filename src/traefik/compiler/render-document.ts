import type { HttpDocument } from "./document";
import { inOrder } from "./in-order";

/**
 * Renders one file as JSON with sorted keys, in the subset of JSON that is also valid YAML.
 *
 * `{{` starts a Go template anywhere in the text, so its second brace is escaped. Characters outside ASCII are escaped
 * too, because YAML folds U+2028 and refuses some others. Characters beyond U+FFFF stay as they are: YAML refuses
 * escaped surrogate pairs, and accepts the characters themselves.
 * @throws TypeError for an empty map or list, or a lone surrogate: Traefik would refuse the file, and with it all other
 * files of the gateway
 */
export function renderDocument(http: HttpDocument): string {
  return renderValue(http);
}

/** Renders a value that may not be a document. */
export function renderValue(http: unknown): string {
  const text = JSON.stringify({ http: canonical(http) }, null, 1);
  return `${text.replace(/(?<=\{)\{/g, "\\u007b").replace(/[\u007f-\ud7ff\ue000-\uffff]/g, asEscape)}\n`;
}

function asEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Returns the same value, with the keys of every map sorted. */
export function canonical(value: unknown): unknown {
  if (typeof value === "string") return wellFormed(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return notEmpty(value).map(canonical);
  const entries = Object.entries(value).filter(([, held]) => held !== undefined);
  return Object.fromEntries(inOrder(notEmpty(entries), ([key]) => key).map(([key, held]) => [key, canonical(held)]));
}

function wellFormed(text: string): string {
  if (/[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text))
    throw new TypeError("renderDocument: lone surrogate");
  return text;
}

function notEmpty<T>(items: readonly T[]): readonly T[] {
  if (items.length === 0) throw new TypeError("renderDocument: empty map or list");
  return items;
}
