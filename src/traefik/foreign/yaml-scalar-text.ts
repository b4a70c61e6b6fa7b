import { Refused } from "../schema/refused";
import type { YamlCursor } from "./yaml-cursor";

const syntax = (): Refused => new Refused("syntax");

/** What white space between two words of a scalar becomes: one break a blank, more of them one less. */
class Gap {
  private blanks = "";
  private first = "";
  private more = "";
  broken = false;

  /** A backslash before a line's end joins the lines without a blank. */
  join(): void {
    this.broken = true;
  }

  blank(character: string): void {
    if (!this.broken) this.blanks += character;
  }

  break(character: string): void {
    if (this.broken) this.more += character;
    else {
      this.first = character;
      this.broken = true;
    }
  }

  flush(): string {
    const folded = this.first === "\n" ? this.more || " " : this.first + this.more;
    const text = this.broken ? folded : this.blanks;
    this.blanks = this.first = this.more = "";
    this.broken = false;
    return text;
  }
}

/** The text of a scalar in single or double quotes. */
export function quotedText(cursor: YamlCursor): string {
  const quote = cursor.take();
  const gap = new Gap();
  let text = "";
  for (;;) {
    if (cursor.documentMark() || cursor.ended) throw syntax();
    while (!cursor.space()) {
      if (cursor.peek() === quote) {
        if (quote === '"' || cursor.peek(1) !== "'") break;
        cursor.take();
        text += cursor.take();
      } else if (quote === '"' && cursor.peek() === "\\") {
        cursor.take();
        if (cursor.lineBreak()) {
          cursor.takeBreak();
          gap.join();
          break;
        }
        text += escaped(cursor);
      } else text += cursor.take();
    }
    if (cursor.peek() === quote) break;
    while (cursor.blank() || cursor.lineBreak()) {
      if (cursor.blank()) gap.blank(cursor.take());
      else gap.break(cursor.takeBreak());
    }
    text += gap.flush();
  }
  cursor.take();
  return text;
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\u001b",
  " ": " ",
  '"': '"',
  "'": "'",
  "\\": "\\",
  N: "\u0085",
  _: "\u00a0",
  L: "\u2028",
  P: "\u2029",
};

/** Unlike JSON: no `\/`, and no halves of surrogate pairs. */
function escaped(cursor: YamlCursor): string {
  const hex = cursor.match(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y);
  if (!hex) {
    const text = escapes[cursor.peek()];
    if (text === undefined) throw syntax();
    cursor.take();
    return text;
  }
  const code = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? "", 16);
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) throw syntax();
  return String.fromCodePoint(code);
}

/**
 * The text of a scalar without quotes.
 * @param indent of the block that it stands in; `brokenAtEnd` says that the last thing read was a line's end
 */
export function plainText(cursor: YamlCursor, indent: number, inFlow: boolean): { text: string; brokenAtEnd: boolean } {
  const gap = new Gap();
  let text = "";
  while (!cursor.documentMark() && cursor.peek() !== "#") {
    while (!cursor.space()) {
      if (cursor.peek() === ":" && cursor.space(1)) break;
      if (inFlow && ",?[]{}".includes(cursor.peek())) break;
      text += gap.flush() + cursor.take();
    }
    if (!cursor.blank() && !cursor.lineBreak()) break;
    while (cursor.blank() || cursor.lineBreak()) {
      if (cursor.lineBreak()) gap.break(cursor.takeBreak());
      else if (gap.broken && cursor.column <= indent && cursor.peek() === "\t") throw syntax();
      else gap.blank(cursor.take());
    }
    if (!inFlow && cursor.column <= indent) break;
  }
  return { text, brokenAtEnd: gap.broken };
}

/** The text of a block scalar (`|` or `>`). */
export function blockText(cursor: YamlCursor, indentOfParent: number): string {
  const literal = cursor.take() === "|";
  const header = cursor.match(/(?:([+-])([0-9])?|([0-9])([+-])?)?[ \t]*/y) ?? [];
  const [, before, digitAfter, digit, after] = header;
  const chomping = before ?? after;
  const increment = digitAfter ?? digit;
  if (increment === "0") throw syntax();
  if (cursor.peek() === "#") cursor.skipLine();
  if (!cursor.breakOrEnd()) throw syntax();
  cursor.takeBreak();
  const lines = new BlockLines(
    cursor,
    indentOfParent,
    increment === undefined ? 0 : Math.max(indentOfParent, 0) + Number(increment),
  );
  return lines.read(literal, chomping);
}

class BlockLines {
  constructor(
    private readonly cursor: YamlCursor,
    private readonly indentOfParent: number,
    /** Zero until the first line that is not empty has shown it. */
    private indent: number,
  ) {}

  read(literal: boolean, chomping: string | undefined): string {
    const { cursor } = this;
    let text = "";
    let lastBreak = "";
    let breaks = this.breaks();
    let ledByBlank = false;
    while (cursor.column === this.indent && !cursor.ended) {
      const blank = cursor.blank();
      if (!literal && !ledByBlank && !blank && lastBreak === "\n") text += breaks === "" ? " " : "";
      else text += lastBreak;
      text += breaks;
      ledByBlank = blank;
      while (!cursor.breakOrEnd()) text += cursor.take();
      lastBreak = cursor.takeBreak();
      breaks = this.breaks();
    }
    if (chomping !== "-") text += lastBreak;
    return chomping === "+" ? text + breaks : text;
  }

  /** Empty lines, up to the next one that is not. */
  private breaks(): string {
    const { cursor } = this;
    const within = (): boolean => this.indent === 0 || cursor.column < this.indent;
    let breaks = "";
    let deepest = 0;
    for (;;) {
      while (within() && cursor.peek() === " ") cursor.take();
      deepest = Math.max(deepest, cursor.column);
      if (within() && cursor.peek() === "\t") throw syntax();
      if (!cursor.lineBreak()) break;
      breaks += cursor.takeBreak();
    }
    if (this.indent === 0) this.indent = Math.max(deepest, this.indentOfParent + 1, 1);
    return breaks;
  }
}
