import { isAlias, isMap, isScalar, type Pair, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { nothing, type RawMap, type RawValue, string } from "../schema/raw-value";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";
import { firstDocument } from "./first-document";
import { keyOf, nameOf } from "./yaml-key";
import { plainScalar } from "./yaml-scalar";

/** After aliases are followed. */
const mostNodes = 300_000;

/**
 * Reads YAML, or JSON in a `.yml` file, as the parser of Traefik 3.7.9 does (yaml.v3): its first document only.
 * @throws RefusedByTraefik if Traefik refuses the text
 * @throws Undecided if Traefik may read the text differently, or if the text is too large
 */
export function readYaml(text: string): RawValue {
  const root = firstDocument(text.replace(/^\ufeff/, ""))?.contents;
  return root ? new YamlValues().root(root) : nothing;
}

interface Anchored {
  /** Null until the value is complete. */
  value: RawValue | null;
  size: number;
}

/** Turns nodes into values in the order of the document, so that an alias means the last anchor before it. */
class YamlValues {
  private readonly anchors = new Map<string, Anchored>();
  private nodes = 0;
  /** Nodes that replace aliases. */
  private copies = 0;
  private hasManyCopies = false;

  root(node: ParsedNode): RawValue {
    const value = this.value(node);
    if (this.hasManyCopies) throw new Undecided("too_large");
    return value;
  }

  private value(node: ParsedNode | null): RawValue {
    this.count(1);
    if (node === null) return nothing;
    if (isAlias(node)) return this.followed(node.source);
    if (!node.anchor) return this.content(node);
    const anchored: Anchored = { value: null, size: 0 };
    this.anchors.set(node.anchor, anchored);
    const before = this.nodes;
    anchored.value = this.content(node);
    anchored.size = this.nodes - before;
    return anchored.value;
  }

  /** An alias inside the value of its own anchor is refused too. */
  private followed(name: string): RawValue {
    const { value = null, size = 0 } = this.anchors.get(name) ?? {};
    if (value === null) throw new RefusedByTraefik("alias");
    this.copies += size;
    this.count(size);
    return value;
  }

  /**
   * yaml.v3 refuses a text once it has more than 1,000 nodes of which more than 99 in 100 are copies. It counts a little
   * differently.
   */
  private count(nodes: number): void {
    this.nodes += nodes;
    const share = this.nodes > 1_000 ? this.copies / this.nodes : 0;
    if (share > 0.995) throw new RefusedByTraefik("alias");
    if (share > 0.98) this.hasManyCopies = true;
    if (this.nodes > mostNodes) throw new Undecided("too_large");
  }

  private content(node: Scalar.Parsed | YAMLMap.Parsed | YAMLSeq.Parsed): RawValue {
    if (isMap(node)) return this.map(node);
    if (isScalar(node)) return node.type === "PLAIN" ? plainScalar(node.source) : string(node.source);
    return { type: "list", items: node.items.map((item) => this.value(item)) };
  }

  private map(node: YAMLMap.Parsed): RawMap {
    const own = new Map<string, RawValue>();
    const seen = new Set<string>();
    let merged: readonly RawMap[] = [];
    for (const pair of node.items) {
      const key = keyOf(pair);
      if (seen.has(key.source)) throw new RefusedByTraefik("duplicate_key");
      seen.add(key.source);
      this.count(1);
      const name = nameOf(key);
      const value = this.value(pair.value);
      if (key.type === "PLAIN" && key.source === "<<") merged = mapsOf(pair, value);
      else if (own.has(name)) throw new Undecided("yaml_key");
      else own.set(name, value);
    }
    return { type: "map", entries: withMerged(own, merged) };
  }
}

/** The maps that `<<` merges. For yaml.v3 the alias of a list is no list of maps. */
function mapsOf({ value: node }: Pair<ParsedNode, ParsedNode | null>, value: RawValue): readonly RawMap[] {
  const values = value.type === "list" && !isAlias(node) ? value.items : [value];
  const maps = values.filter((one) => one.type === "map");
  if (maps.length < values.length) throw new RefusedByTraefik("alias");
  return maps;
}

/**
 * The entries of the map itself come first, and the first entry of a name counts.
 * @throws Undecided for a merged key that is no text: it becomes one in most maps
 */
function withMerged(own: ReadonlyMap<string, RawValue>, merged: readonly RawMap[]): [string, RawValue][] {
  const entries = new Map(own);
  for (const [name, value] of merged.flatMap((map) => map.entries)) {
    if (name.endsWith(" Value>")) throw new Undecided("yaml_key");
    if (!entries.has(name)) entries.set(name, value);
  }
  return [...entries];
}
