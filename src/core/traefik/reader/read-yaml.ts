import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import { nothing, type RawMap, type RawValue, string } from "./raw-value";
import { Refused } from "./refused";
import { plainScalar, taggedScalar } from "./yaml-scalar";
import { checkImplicitKey, checkQuoted, checkText } from "./yaml-strictness";

/** Nodes after aliases are followed; a file of our own has some hundreds. */
const mostNodes = 300_000;

/**
 * Reads YAML (or JSON in a `.yml` file) as yaml.v3 does: the first document only.
 * @throws Refused where yaml.v3 would fail, and where it would take time or memory without end
 */
export function readYaml(text: string): RawValue {
  checkText(text);
  const document = firstDocument(text);
  return document?.contents ? new YamlValues(text).root(document.contents) : nothing;
}

type YamlDocument = Document.Parsed<ParsedNode>;

function firstDocument(text: string): YamlDocument | undefined {
  const options = {
    schema: "failsafe",
    uniqueKeys: false,
    keepSourceTokens: true,
    prettyErrors: false,
    logLevel: "silent",
  } as const;
  const [first] = parseAllDocuments(text.replace(/^\ufeff/, ""), options);
  if (!first || !("errors" in first)) return undefined;
  if (first.errors.length > 0) throw new Refused("syntax");
  return first as YamlDocument;
}

/** Turns the nodes of one document into values, in the document's order, so that an alias means the last anchor before it. */
class YamlValues {
  private readonly anchors = new Map<string, { readonly value: RawValue; readonly size: number } | null>();
  private nodes = 0;

  constructor(private readonly text: string) {}

  root(node: ParsedNode): RawValue {
    return this.value(node);
  }

  private value(node: ParsedNode | null): RawValue {
    this.count(1);
    if (node === null) return nothing;
    if (isAlias(node)) return this.followed(node.source);
    if (!node.anchor) return this.unnamed(node);
    this.anchors.set(node.anchor, null);
    const before = this.nodes;
    const value = this.unnamed(node);
    this.anchors.set(node.anchor, { value, size: this.nodes - before });
    return value;
  }

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

  private unnamed(node: ParsedNode): RawValue {
    if (isMap(node)) return this.map(node as YAMLMap.Parsed);
    if (isSeq(node)) return { type: "list", items: node.items.map((item) => this.value(item as ParsedNode)) };
    if (!isScalar(node)) throw new Refused("syntax");
    const source = node.source ?? "";
    if (node.type === "QUOTE_DOUBLE") checkQuoted(this.text.slice(node.range[0], node.range[1]));
    if (node.tag && node.tag !== "!") return taggedScalar(node.tag, source);
    return node.type === "PLAIN" ? plainScalar(source) : string(source);
  }

  private map(node: YAMLMap.Parsed): RawMap {
    const own: [string, RawValue][] = [];
    const merged: RawValue[] = [];
    const seen = new Set<string>();
    for (const pair of node.items as Pair<ParsedNode, ParsedNode | null>[]) {
      checkImplicitKey(pair, this.text);
      const key = pair.key;
      if (!isScalar(key) && !isAlias(key)) throw new Refused("syntax");
      const id = isAlias(key) ? `*${key.source}` : `=${key.source ?? ""}`;
      if (seen.has(id)) throw new Refused("duplicate_key");
      seen.add(id);
      const name = this.value(key);
      const value = this.value(pair.value);
      if (isMergeKey(key)) merged.push(value);
      else if (name.type !== "null") own.push([keyName(name), value]);
    }
    return { type: "map", entries: withMerged(own, merged) };
  }
}

function isMergeKey(key: ParsedNode): boolean {
  if (!isScalar(key) || key.source !== "<<") return false;
  return key.tag ? key.tag === "!" || key.tag === "tag:yaml.org,2002:merge" : key.type === "PLAIN";
}

/** Keys that are not texts all get the name of their Go type. */
function keyName(key: RawValue): string {
  if (key.type === "unsupported") return "<time.Time Value>";
  if (key.type !== "scalar" || (key.text === "NaN" && key.go === "float64")) throw new Refused("syntax");
  return key.go === "string" ? key.text : `<${key.go} Value>`;
}

/** What `<<` brings in stands behind what the map says itself, and of several the first wins. */
function withMerged(own: [string, RawValue][], merged: readonly RawValue[]): [string, RawValue][] {
  const entries = [...own];
  const names = new Set(own.map(([name]) => name));
  for (const source of merged.flatMap((value) => (value.type === "list" ? value.items : value))) {
    if (source.type !== "map") throw new Refused("alias");
    for (const [name, value] of source.entries) {
      if (names.has(name)) continue;
      names.add(name);
      entries.push([name, value]);
    }
  }
  return entries;
}
