import { nothing, type RawMap, type RawValue, string } from "../schema/raw-value";
import { Refused } from "../schema/refused";
import { checkCharacters } from "./yaml-cursor";
import { firstDocument, type MappingNode, type ScalarNode, type YamlNode } from "./yaml-nodes";
import { plainScalar, taggedScalar } from "./yaml-scalar";

/** Nodes after aliases are followed; a file of our own has some hundreds. */
const mostNodes = 300_000;

/**
 * Reads YAML (or JSON in a `.yml` file) as yaml.v3 does: YAML 1.1's grammar, and the first document only.
 *
 * The grammar is our own, because npm's `yaml` takes YAML 1.2: of mutated files it judged one in sixty differently
 * (tabs, flow collections that are indented less, NEL as a line break, text after the first document).
 * @throws Refused where yaml.v3 would fail, and where it would take time or memory without end
 */
export function readYaml(text: string): RawValue {
  checkCharacters(text);
  const root = firstDocument(text.replace(/^\ufeff/, ""));
  return root ? new YamlValues().root(root) : nothing;
}

/** Turns the nodes of one document into values, in the document's order, so that an alias means the last anchor before it. */
class YamlValues {
  private readonly anchors = new Map<string, { readonly value: RawValue; readonly size: number } | null>();
  private nodes = 0;

  root(node: YamlNode): RawValue {
    return node.kind === "mapping" && node.anchor === "" ? this.map(node, true) : this.value(node);
  }

  private value(node: YamlNode): RawValue {
    this.count(1);
    if (node.kind === "alias") return this.followed(node.name);
    if (node.anchor === "") return this.unnamed(node);
    this.anchors.set(node.anchor, null);
    const before = this.nodes;
    const value = this.unnamed(node);
    this.anchors.set(node.anchor, { value, size: this.nodes - before });
    return value;
  }

  /** An alias inside of what it names is refused too. */
  private followed(name: string): RawValue {
    const target = this.anchors.get(name);
    if (!target) throw new Refused("alias");
    this.count(target.size);
    return target.value;
  }

  private count(nodes: number): void {
    this.nodes += nodes;
    if (this.nodes > mostNodes) throw new Refused("alias");
  }

  private unnamed(node: Exclude<YamlNode, { kind: "alias" }>): RawValue {
    if (node.kind === "mapping") return this.map(node);
    if (node.kind === "sequence") return { type: "list", items: node.items.map((item) => this.value(item)) };
    return scalarValue(node);
  }

  /** The outermost map takes texts as keys only: what stands under a null there is never decoded. */
  private map(node: MappingNode, outermost = false): RawMap {
    const own: [string, RawValue][] = [];
    let merged: RawValue | null = null;
    const seen = new Set<string>();
    for (const [key, child] of node.pairs) {
      if (key.kind !== "scalar" && key.kind !== "alias") throw new Refused("syntax");
      const id = key.kind === "alias" ? `*${key.name}` : `=${key.text}`;
      if (seen.has(id)) throw new Refused("duplicate_key");
      seen.add(id);
      const name = this.value(key);
      if (outermost && name.type === "null") continue;
      const value = this.value(child);
      if (isMergeKey(key)) merged = value;
      else if (name.type !== "null") own.push([keyName(name), value]);
    }
    return { type: "map", entries: merged ? withMerged(own, merged) : own };
  }
}

function scalarValue({ text, tag, plain }: ScalarNode): RawValue {
  if (tag !== "" && tag !== "!") return taggedScalar(tag, text);
  return plain ? plainScalar(text) : string(text);
}

function isMergeKey(key: YamlNode): boolean {
  if (key.kind !== "scalar" || key.text !== "<<") return false;
  return key.tag === "" || key.tag === "!" ? key.plain : key.tag === "tag:yaml.org,2002:merge";
}

/** Keys that are not texts all get the name of their Go type. */
function keyName(key: RawValue): string {
  if (key.type === "unsupported") return "<time.Time Value>";
  if (key.type !== "scalar" || (key.go === "float64" && key.text === "NaN")) throw new Refused("syntax");
  return key.go === "string" ? key.text : `<${key.go} Value>`;
}

/** What `<<` brings in stands behind what the map says itself, and of several the first wins. */
function withMerged(own: [string, RawValue][], merged: RawValue): [string, RawValue][] {
  const entries = [...own];
  const names = new Set(own.map(([name]) => name));
  for (const source of merged.type === "list" ? merged.items : [merged]) {
    if (source.type !== "map") throw new Refused("alias");
    for (const [name, value] of source.entries) {
      if (names.has(name)) continue;
      names.add(name);
      entries.push([name, value]);
    }
  }
  return entries;
}
