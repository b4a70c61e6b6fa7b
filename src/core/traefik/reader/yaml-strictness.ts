import type { Pair, ParsedNode } from "yaml";
import { Refused } from "./refused";

/** Where yaml.v3 is stricter than YAML 1.2. */

/** A key without `?` must end within this many characters, and on its own line. */
const longestKey = 1024;

/** @throws Refused `control_character`: raw DEL and C1 included; NEL, tab and line ends are allowed */
export function checkText(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/.test(text)) throw new Refused("control_character");
  if (/\p{Surrogate}/u.test(text)) throw new Refused("control_character");
}

/**
 * @param source a double-quoted scalar with its quotes
 * @throws Refused `syntax`: `\/`, or an escape of half a surrogate pair, both of them valid in JSON
 */
export function checkQuoted(source: string): void {
  for (const [sequence, wide, wider] of source.matchAll(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[\s\S])/g)) {
    if (sequence === "\\/") throw new Refused("syntax");
    const code = Number.parseInt(wide ?? wider ?? "0", 16);
    if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) throw new Refused("syntax");
  }
}

/** @throws Refused `syntax`: a key that yaml.v3 does not take for one */
export function checkImplicitKey(pair: Pair<ParsedNode, ParsedNode | null>, text: string): void {
  const token = pair.srcToken;
  if (!token || token.start.some((part) => part.type === "explicit-key-ind")) return;
  const colon = token.sep?.find((part) => part.type === "map-value-ind")?.offset;
  const start = token.start.find((part) => part.type === "anchor" || part.type === "tag")?.offset ?? token.key?.offset;
  if (colon === undefined || start === undefined) return;
  const key = text.slice(start, colon);
  if (/[\r\n\x85\u2028\u2029]/.test(key) || [...key].length > longestKey) throw new Refused("syntax");
}
