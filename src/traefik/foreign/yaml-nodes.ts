import { Refused } from "../schema/refused";
import { type Token, type TokenType, YamlTokens } from "./yaml-tokens";

export type YamlNode = ScalarNode | SequenceNode | MappingNode | AliasNode;

interface Properties {
  /** The name of the anchor, or an empty text. */
  readonly anchor: string;
  /** The whole tag; empty where there is none. */
  readonly tag: string;
}
export interface ScalarNode extends Properties {
  readonly kind: "scalar";
  readonly text: string;
  readonly plain: boolean;
}
interface SequenceNode extends Properties {
  readonly kind: "sequence";
  readonly items: readonly YamlNode[];
}
export interface MappingNode extends Properties {
  readonly kind: "mapping";
  readonly pairs: readonly (readonly [key: YamlNode, value: YamlNode])[];
}
interface AliasNode {
  readonly kind: "alias";
  readonly name: string;
}

const none: Properties = { anchor: "", tag: "" };
const empty: ScalarNode = { kind: "scalar", text: "", plain: true, ...none };

/**
 * The first document of a stream, or null where there is none.
 * @throws Refused `syntax`
 */
export function firstDocument(text: string): YamlNode | null {
  return new DocumentParser(new YamlTokens(text)).document();
}

/** Takes tokens by libyaml's grammar. */
class DocumentParser {
  private readonly handles = new Map([
    ["!", "!"],
    ["!!", "tag:yaml.org,2002:"],
  ]);

  private readonly anchors = new Set<string>();

  constructor(private readonly tokens: YamlTokens) {}

  document(): YamlNode | null {
    if (this.at("stream-end")) return null;
    if (!this.at("directive", "document-start")) return this.closed(this.node(true));
    this.directives();
    if (this.tokens.next().type !== "document-start") throw new Refused("syntax");
    return this.closed(this.at("directive", "document-start", "document-end", "stream-end") ? empty : this.node(true));
  }

  /** Looks at what follows the document, as Traefik's reader does: it may be cut wrongly. */
  private closed(node: YamlNode): YamlNode {
    this.tokens.peek();
    return node;
  }

  private directives(): void {
    const seen = new Set<string>();
    while (this.at("directive")) {
      const [name = "", first = "", second = ""] = this.tokens.next().text.split(/[ \t]+/);
      const id = name === "%YAML" ? name : first;
      if (seen.has(id) || (name === "%YAML" && !/^0?1\.0?1$/.test(first))) throw new Refused("syntax");
      seen.add(id);
      if (name === "%TAG") this.handles.set(first, second);
    }
  }

  private at(...types: TokenType[]): boolean {
    return types.includes(this.tokens.peek().type);
  }

  /** @param bare whether `-` without a deeper indentation begins a sequence here, as below a key */
  private node(block: boolean, bare = false): YamlNode {
    if (this.at("alias")) return this.alias();
    const properties = this.properties();
    const token = this.tokens.peek();
    if (bare && token.type === "-") return { kind: "sequence", items: this.bareSequence(), ...properties };
    if (token.type === "scalar") return { kind: "scalar", ...scalarOf(this.tokens.next()), ...properties };
    if (token.type === "[") return { kind: "sequence", items: this.flowSequence(), ...properties };
    if (token.type === "{") return { kind: "mapping", pairs: this.flowMapping(), ...properties };
    if (block && token.type === "block-sequence")
      return { kind: "sequence", items: this.blockSequence(), ...properties };
    if (block && token.type === "block-mapping") return { kind: "mapping", pairs: this.blockMapping(), ...properties };
    if (properties.anchor === "" && properties.tag === "") throw new Refused("syntax");
    return { ...empty, ...properties };
  }

  private alias(): AliasNode {
    const name = this.tokens.next().text;
    if (!this.anchors.has(name)) throw new Refused("alias");
    return { kind: "alias", name };
  }

  private properties(): Properties {
    let anchor = "";
    let tag = "";
    while ((anchor === "" && this.at("anchor")) || (tag === "" && this.at("tag"))) {
      const token = this.tokens.next();
      if (token.type === "anchor") anchor = token.text;
      else tag = this.wholeTag(token.text);
    }
    if (anchor !== "") this.anchors.add(anchor);
    return { anchor, tag };
  }

  private wholeTag(text: string): string {
    const [handle = "", suffix] = text.split(" ");
    if (suffix === undefined) return handle;
    const prefix = this.handles.get(handle);
    if (prefix === undefined) throw new Refused("syntax");
    return prefix + suffix;
  }

  private bareSequence(): YamlNode[] {
    const items: YamlNode[] = [];
    while (this.at("-")) {
      this.tokens.next();
      items.push(this.at("-", "key", "value", "block-end") ? empty : this.node(true));
    }
    return items;
  }

  private blockSequence(): YamlNode[] {
    this.tokens.next();
    const items: YamlNode[] = [];
    while (this.at("-")) {
      this.tokens.next();
      items.push(this.at("-", "block-end") ? empty : this.node(true));
    }
    this.expect("block-end");
    return items;
  }

  private blockMapping(): [YamlNode, YamlNode][] {
    this.tokens.next();
    const pairs: [YamlNode, YamlNode][] = [];
    while (this.at("key")) {
      this.tokens.next();
      const key = this.blockPart();
      const hasValue = this.at("value");
      if (hasValue) this.tokens.next();
      pairs.push([key, hasValue ? this.blockPart() : empty]);
    }
    this.expect("block-end");
    return pairs;
  }

  private blockPart(): YamlNode {
    return this.at("key", "value", "block-end") ? empty : this.node(true, true);
  }

  private flowSequence(): YamlNode[] {
    const items: YamlNode[] = [];
    this.flowEntries("]", () => items.push(this.at("key") ? this.pairInSequence() : this.node(false)));
    return items;
  }

  /** `[a: b]` is a list of one map. */
  private pairInSequence(): MappingNode {
    this.tokens.next();
    const keyless = this.at("value", ",", "]");
    const key = keyless ? empty : this.node(false);
    if (keyless) this.tokens.next();
    const hasValue = this.at("value");
    if (hasValue) this.tokens.next();
    const value = hasValue && !this.at(",", "]") ? this.node(false) : empty;
    return { kind: "mapping", pairs: [[key, value]], ...none };
  }

  private flowMapping(): [YamlNode, YamlNode][] {
    const pairs: [YamlNode, YamlNode][] = [];
    this.flowEntries("}", () => pairs.push(this.at("key") ? this.flowPair() : [this.node(false), empty]));
    return pairs;
  }

  private flowPair(): [YamlNode, YamlNode] {
    this.tokens.next();
    const key = this.at("value", ",", "}") ? empty : this.node(false);
    if (!this.at("value")) return [key, empty];
    this.tokens.next();
    return [key, this.at(",", "}") ? empty : this.node(false)];
  }

  private flowEntries(end: "]" | "}", entry: () => void): void {
    this.tokens.next();
    for (let first = true; !this.at(end); first = false) {
      if (!first) this.expect(",");
      if (this.at(end)) break;
      entry();
    }
    this.tokens.next();
  }

  private expect(type: TokenType): void {
    if (this.tokens.next().type !== type) throw new Refused("syntax");
  }
}

function scalarOf({ text, plain }: Token): Pick<ScalarNode, "text" | "plain"> {
  return { text, plain };
}
