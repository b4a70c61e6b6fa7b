import { isScalar, type Pair, type ParsedNode, type Scalar } from "yaml";
import { Refused } from "../schema/refused";
import { Undecided } from "../schema/undecided";
import { plainScalar } from "./yaml-scalar";

/** In characters, from the start of the key to its colon. */
const longestKey = 1024;

/**
 * The key of a pair if it is a text, on the line of its colon.
 * @throws Refused if the key is too long for Traefik's parser
 * @throws Undecided for all other keys. Traefik gives all integers among the keys of a map the same name
 */
export function keyOf({ key, srcToken }: Pair<ParsedNode, ParsedNode | null>): Scalar.Parsed {
  if (!isScalar(key) || key.anchor || !isText(key)) throw new Undecided("yaml_key");
  const separators = srcToken?.sep ?? [];
  const colon = separators.findIndex(({ type }) => type === "map-value-ind");
  if (separators.slice(0, Math.max(colon, 0)).some(({ type }) => type !== "space")) throw new Undecided("yaml_key");
  const end = separators[colon]?.offset ?? 0;
  // A character beyond U+FFFF is two units of the offsets.
  if (end - key.range[0] > longestKey && /[\ud800-\udfff]/.test(key.source)) throw new Undecided("yaml_key");
  if (end - key.range[0] > longestKey) throw new Refused("syntax");
  return key;
}

function isText({ type, source, srcToken }: Scalar.Parsed): boolean {
  if (type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE") return true;
  if (type !== "PLAIN" || srcToken?.source.includes("\n")) return false;
  const value = plainScalar(source);
  return value.type === "scalar" && value.go === "string";
}
