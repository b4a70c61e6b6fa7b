import { Refused } from "../schema/refused";

/** A place in the text; columns and indexes count characters, not UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly index: number;
}

/** Walks over a YAML text by characters and lines; at its end stands a NUL, which no text may hold. */
export class YamlCursor {
  line = 0;
  column = 0;
  index = 0;
  /** Whether nothing but blanks was taken since the last line break. */
  onNewLine = false;
  private at = 0;

  constructor(private readonly text: string) {}

  get place(): Place {
    return { line: this.line, column: this.column, index: this.index };
  }

  /** One UTF-16 unit, `ahead` units from here. */
  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? "\0";
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  blank(ahead = 0): boolean {
    const unit = this.peek(ahead);
    return unit === " " || unit === "\t";
  }

  /** YAML 1.1 breaks lines at NEL, LS and PS as well. */
  lineBreak(ahead = 0): boolean {
    const unit = this.peek(ahead);
    return unit === "\n" || unit === "\r" || unit === "\u0085" || unit === "\u2028" || unit === "\u2029";
  }

  breakOrEnd(ahead = 0): boolean {
    return this.peek(ahead) === "\0" || this.lineBreak(ahead);
  }

  space(ahead = 0): boolean {
    return this.blank(ahead) || this.breakOrEnd(ahead);
  }

  /** `---` or `...` alone at the start of a line. */
  documentMark(): "---" | "..." | null {
    if (this.column !== 0 || !this.space(3)) return null;
    const mark = this.text.slice(this.at, this.at + 3);
    return mark === "---" || mark === "..." ? mark : null;
  }

  /** Takes one character, which is no line break. */
  take(): string {
    const character = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0);
    if (!this.blank()) this.onNewLine = false;
    this.at += character.length;
    this.column++;
    this.index++;
    return character;
  }

  /** Takes what a sticky expression matches here: characters of ASCII, no line breaks. */
  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    const length = match?.[0].length ?? 0;
    if (length > 0) this.onNewLine = false;
    this.at += length;
    this.column += length;
    this.index += length;
    return match;
  }

  /** Takes one line break; all but LS and PS become a line feed. */
  takeBreak(): string {
    if (!this.lineBreak()) return "";
    const unit = this.peek();
    const length = unit === "\r" && this.peek(1) === "\n" ? 2 : 1;
    this.at += length;
    this.index += length;
    this.column = 0;
    this.line++;
    this.onNewLine = true;
    return unit === "\u2028" || unit === "\u2029" ? unit : "\n";
  }

  /** The end of the text ends its line, so that nothing before it can still become a key. */
  endLine(): void {
    if (this.column === 0) return;
    this.column = 0;
    this.line++;
  }

  /** Skips comments, and blanks and empty lines between them; ends at the end of the last one's line. */
  skipComments(): void {
    const nextOne = /[ \t\r\n\u0085\u2028\u2029]{0,511}#/y;
    for (nextOne.lastIndex = this.at; nextOne.test(this.text); nextOne.lastIndex = this.at) {
      while (this.peek() !== "#") this.lineBreak() ? this.takeBreak() : this.take();
      this.skipLine();
    }
  }

  /** Skips a comment on the line of the token before it, whatever blanks are between them. */
  skipLineComment(): void {
    if (!this.onNewLine && this.match(/[ \t]{0,511}(?=#)/y)) this.skipLine();
  }

  skipLine(): void {
    while (!this.breakOrEnd()) this.take();
  }
}

/** @throws Refused `control_character`: raw DEL and C1 included; NEL, tab and line ends are allowed */
export function checkCharacters(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\p{Surrogate}/u.test(text)) {
    throw new Refused("control_character");
  }
}
