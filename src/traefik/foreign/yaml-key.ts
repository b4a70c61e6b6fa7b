import { isScalar, type Pair, type ParsedNode, type Scalar } from "yaml";
import { string } from "../schema/raw-value";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";
import { plainScalar } from "./yaml-scalar";

/** In characters, from the start of the key to its colon. */
const longestKey = 1024;

/**
 * The key of a pair if it is a scalar on the line of its colon.
 * @throws RefusedByTraefik if the key is too long for Traefik's parser
 * @throws Undecided for all other keys
 */
export function keyOf({ key, srcToken }: Pair<ParsedNode, ParsedNode | null>): Scalar.Parsed {
  if (!isScalar(key) || key.anchor || !isOneLine(key)) throw new Undecided("yaml_key");
  const separators = srcToken?.sep ?? [];
  const colon = separators.findIndex(({ type }) => type === "map-value-ind");
  if (separators.slice(0, Math.max(colon, 0)).some(({ type }) => type !== "space")) throw new Undecided("yaml_key");
  const end = separators[colon]?.offset ?? 0;
  // A character beyond U+FFFF is two units of the offsets.
  if (end - key.range[0] > longestKey && /[\ud800-\udfff]/.test(key.source)) throw new Undecided("yaml_key");
  if (end - key.range[0] > longestKey) throw new RefusedByTraefik("syntax");
  return key;
}

function isOneLine({ type, source, srcToken }: Scalar.Parsed): boolean {
  if (type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE") return true;
  return type === "PLAIN" && source !== "" && !srcToken?.source.includes("\n");
}

/**
 * The name under which Traefik knows a key: a key that is no text has the name of its type in Go.
 * @throws Undecided for a null, which has no name, and for NaN, which equals no key
 */
export function nameOf({ type, source }: Scalar.Parsed): string {
  const key = type === "PLAIN" ? plainScalar(source) : string(source);
  if (key.type === "unsupported") return "<time.Time Value>";
  if (key.type !== "scalar" || (key.go === "float64" && key.text === "NaN")) throw new Undecided("yaml_key");
  return key.go === "string" ? key.text : `<${key.go} Value>`;
}
