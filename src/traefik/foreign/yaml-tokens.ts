import { Refused } from "../schema/refused";
import { type Place, YamlCursor } from "./yaml-cursor";
import { blockText, plainText, quotedText } from "./yaml-scalar-text";

export type TokenType =
  | "document-start"
  | "document-end"
  | "stream-end"
  | "directive"
  | "block-sequence"
  | "block-mapping"
  | "block-end"
  | "["
  | "]"
  | "{"
  | "}"
  | ","
  | "-"
  | "key"
  | "value"
  | "alias"
  | "anchor"
  | "tag"
  | "scalar";

export interface Token {
  readonly type: TokenType;
  /** Name of an anchor, text of a scalar, `handle suffix` of a tag, the line of a directive. */
  readonly text: string;
  readonly plain: boolean;
}

/** A level of `[` and `{`, or the block context at the bottom. */
interface Level {
  key: PossibleKey | null;
  /** Number of the token that last could have become a key here, or opened the level. */
  lastKey: number;
}

/** Something that turns out to be a key once a `:` follows on the same line, within 1,024 characters. */
interface PossibleKey {
  readonly token: number;
  readonly place: Place;
  /** Nothing but a key may stand here. */
  readonly required: boolean;
}

const longestKey = 1024;
/** Deeper than anybody's configuration, and not deep enough to exhaust the stack. */
const deepest = 500;

const uri = /(?:[\w\-;/?:@&=+$,.!~*'()[\]]|%[0-9a-fA-F]{2})/.source;
const tag = new RegExp(`!<(${uri}+)>|(![\\w-]*!)(${uri}+)|!(?![\\w-]*!)(${uri}*)`, "y");

const syntax = (): Refused => new Refused("syntax");
const bare = (type: TokenType): Token => ({ type, text: "", plain: false });

/**
 * Cuts YAML 1.1 into tokens by the rules of libyaml, which yaml.v3 follows.
 * Reads no further than the tokens asked for make necessary: what stands behind the first document is nobody's concern.
 */
export class YamlTokens {
  private readonly cursor: YamlCursor;
  private readonly queue: Token[] = [];
  private taken = 0;
  private indent = -1;
  private readonly indents: number[] = [];
  private readonly levels: Level[] = [{ key: null, lastKey: -1 }];
  /** Tokens for which more of the text is read until it is known whether they are keys, with their levels. */
  private readonly awaited = new Map<number, Level>();
  private keyAllowed = true;

  constructor(text: string) {
    this.cursor = new YamlCursor(text);
  }

  /** @throws Refused `syntax` */
  peek(): Token {
    while (this.queue.length < 3 || this.headMayBeKey()) this.fetch();
    return this.queue[0] ?? bare("stream-end");
  }

  next(): Token {
    const token = this.peek();
    this.queue.shift();
    this.taken++;
    return token;
  }

  private headMayBeKey(): boolean {
    const level = this.awaited.get(this.taken);
    return level !== undefined && this.validKey(level) !== null;
  }

  private get inFlow(): boolean {
    return this.levels.length > 1;
  }

  private get level(): Level {
    return this.levels.at(-1) ?? { key: null, lastKey: -1 };
  }

  /** Of the token that is fetched next. */
  private get number(): number {
    return this.taken + this.queue.length;
  }

  /** The possible key of a level, if it still can be one. */
  private validKey(level: Level): PossibleKey | null {
    const { key } = level;
    if (!key) return null;
    const { line, index } = this.cursor;
    if (key.place.line === line && key.place.index + longestKey >= index) return key;
    if (key.required) throw syntax();
    level.key = null;
    return null;
  }

  private dropKey(): void {
    const { level } = this;
    if (level.key?.required) throw syntax();
    if (level.key) this.awaited.delete(level.key.token);
    level.key = null;
  }

  private saveKey(): void {
    if (!this.keyAllowed) return;
    this.dropKey();
    const { level, number } = this;
    const { place } = this.cursor;
    level.key = { token: number, place, required: !this.inFlow && this.indent === place.column };
    level.lastKey = number;
    this.awaited.set(number, level);
  }

  private indentTo(column: number, type: TokenType, token = this.number): void {
    if (this.inFlow || this.indent >= column) return;
    this.indents.push(this.indent);
    if (this.indents.length > deepest) throw syntax();
    this.indent = column;
    this.queue.splice(token - this.taken, 0, bare(type));
  }

  private outdentTo(column: number): void {
    if (this.inFlow) return;
    while (this.indent > column) {
      this.queue.push(bare("block-end"));
      this.indent = this.indents.pop() ?? -1;
    }
  }

  private toNextToken(): void {
    const { cursor } = this;
    for (;;) {
      while (cursor.peek() === " " || (cursor.peek() === "\t" && (this.inFlow || !this.keyAllowed))) cursor.take();
      if (cursor.peek() === "#") cursor.skipComments();
      if (!cursor.lineBreak()) return;
      cursor.takeBreak();
      if (!this.inFlow) this.keyAllowed = true;
    }
  }

  private fetch(): void {
    const { cursor } = this;
    this.toNextToken();
    this.outdentTo(cursor.ended ? -1 : cursor.column);
    const mark = cursor.documentMark();
    if (cursor.ended) this.streamEnd();
    else if (cursor.column === 0 && cursor.peek() === "%") this.directive();
    else if (mark) this.documentMark(mark);
    else {
      this.content(cursor.peek());
      if (this.queue.at(-1)?.type !== "-") cursor.skipLineComment();
    }
  }

  private content(unit: string): void {
    const apart = this.inFlow || this.cursor.space(1);
    if (unit === "[" || unit === "{") this.open(unit);
    else if (unit === "]" || unit === "}") this.close(unit);
    else if (unit === ",") this.entry(",");
    else if (unit === "-" && this.cursor.space(1)) this.blockEntry();
    else if (unit === "?" && apart) this.explicitKey();
    else if (unit === ":" && apart) this.value();
    else if ("*&!".includes(unit)) this.property();
    else if ("|>".includes(unit) && !this.inFlow) this.blockScalar();
    else if (unit === "'" || unit === '"') this.flowScalar();
    else this.plainScalar();
  }

  private streamEnd(): void {
    this.cursor.endLine();
    this.atDocumentEdge("stream-end");
  }

  private documentMark(mark: "---" | "..."): void {
    this.cursor.match(/.../y);
    this.atDocumentEdge(mark === "---" ? "document-start" : "document-end");
  }

  private atDocumentEdge(type: TokenType): void {
    this.outdentTo(-1);
    this.dropKey();
    this.keyAllowed = false;
    this.queue.push(bare(type));
  }

  private directive(): void {
    const line = this.cursor.match(/%[^\r\n\u0085\u2028\u2029]*/y)?.[0] ?? "";
    if (!/^%(YAML[ \t]+[0-9]{1,2}\.[0-9]{1,2}|TAG[ \t]+![\w-]*!?[ \t]+\S+)[ \t]*(#.*)?$/.test(line)) throw syntax();
    // The break is part of the directive: no key may follow at once.
    this.cursor.takeBreak();
    this.atDocumentEdge("directive");
    this.queue.splice(-1, 1, { type: "directive", text: line, plain: false });
  }

  private open(type: "[" | "{"): void {
    this.saveKey();
    this.levels.push({ key: null, lastKey: this.number });
    if (this.levels.length > deepest) throw syntax();
    this.keyAllowed = true;
    this.indicator(type);
  }

  private close(type: "]" | "}"): void {
    this.dropKey();
    if (this.inFlow) this.awaited.delete(this.levels.pop()?.lastKey ?? -1);
    this.keyAllowed = false;
    this.indicator(type);
  }

  private entry(type: "," | "-"): void {
    this.dropKey();
    this.keyAllowed = true;
    this.indicator(type);
  }

  private blockEntry(): void {
    if (!this.inFlow) {
      if (!this.keyAllowed) throw syntax();
      this.indentTo(this.cursor.column, "block-sequence");
    }
    this.entry("-");
  }

  private explicitKey(): void {
    if (!this.inFlow) {
      if (!this.keyAllowed) throw syntax();
      this.indentTo(this.cursor.column, "block-mapping");
    }
    this.dropKey();
    this.keyAllowed = !this.inFlow;
    this.indicator("key");
  }

  private value(): void {
    const { level } = this;
    const key = this.validKey(level);
    if (key) {
      this.queue.splice(key.token - this.taken, 0, bare("key"));
      this.indentTo(key.place.column, "block-mapping", key.token);
      this.awaited.delete(key.token);
      level.key = null;
      this.keyAllowed = false;
    } else {
      if (!this.inFlow) {
        if (!this.keyAllowed) throw syntax();
        this.indentTo(this.cursor.column, "block-mapping");
      }
      this.keyAllowed = !this.inFlow;
    }
    this.indicator("value");
  }

  private indicator(type: TokenType): void {
    this.cursor.take();
    this.queue.push(bare(type));
  }

  /** An alias, an anchor or a tag. */
  private property(): void {
    this.saveKey();
    this.keyAllowed = false;
    const { cursor } = this;
    if (cursor.peek() === "!") {
      const [whole, verbatim, handle = "!", named, local] = cursor.match(tag) ?? [];
      if (whole === undefined || !cursor.space()) throw syntax();
      const suffix = named ?? local ?? "";
      this.queue.push({ type: "tag", text: verbatim ?? (suffix === "" ? "!" : `${handle} ${suffix}`), plain: false });
      return;
    }
    const [, sign, name = ""] = cursor.match(/([&*])([\w-]+)/y) ?? [];
    if (name === "" || !(cursor.space() || "?:,]}%@`".includes(cursor.peek()))) throw syntax();
    this.queue.push({ type: sign === "&" ? "anchor" : "alias", text: name, plain: false });
  }

  private blockScalar(): void {
    this.dropKey();
    this.keyAllowed = true;
    this.queue.push({ type: "scalar", text: blockText(this.cursor, this.indent), plain: false });
  }

  private flowScalar(): void {
    this.saveKey();
    this.keyAllowed = false;
    this.queue.push({ type: "scalar", text: quotedText(this.cursor), plain: false });
  }

  private plainScalar(): void {
    const { cursor } = this;
    const unit = cursor.peek();
    const follows = unit === "-" ? !cursor.blank(1) : "?:".includes(unit) && !this.inFlow && !cursor.space(1);
    if (("-?:,[]{}#&*!|>'\"%@`".includes(unit) || cursor.space()) && !follows) throw syntax();
    this.saveKey();
    this.keyAllowed = false;
    const { text, brokenAtEnd } = plainText(cursor, this.indent, this.inFlow);
    if (brokenAtEnd) this.keyAllowed = true;
    this.queue.push({ type: "scalar", text, plain: true });
  }
}
