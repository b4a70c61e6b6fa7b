import { CST, type Parser } from "yaml";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are what the expression finds
const refusedCharacter = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]|\p{Surrogate}/u;
/** Line breaks of YAML 1.1 that YAML 1.2 does not know, and the byte order mark. */
const lineBreak = /[\u0085\u2028\u2029\ufeff]|\r(?!\n)/;
const anchorName = /^[&*][\w-]+$/;
/** The escapes that Traefik's parser knows. Unlike JSON, it has no `\/` and no halves of surrogate pairs. */
const knownEscape =
  /\\(?:[0abt\tnvfre "'\\N_LP]|x[\da-fA-F]{2}|u(?![dD][89a-fA-F])[\da-fA-F]{4}|U000(?!0[dD][89a-fA-F])[\da-fA-F]{5}|U0010[\da-fA-F]{4})/g;

/**
 * Compares the lexemes of the library, which follow YAML 1.2, with those of Traefik's parser, which follow YAML 1.1.
 *
 * The parser is yaml.v3 of Traefik 3.7.9. Where the two differ, or where a form is too rare to compare, the check ends
 * the reading.
 */
export class LexemeCheck {
  private readonly brackets: string[] = [];
  /** The type of the last lexeme that is neither space, comment nor line break. */
  private last: CST.TokenType | null = null;
  /** Whether the present line has such a lexeme. */
  private lineHasContent = false;
  private isScalar = false;
  private readonly hasRareCharacters: boolean;

  constructor(private readonly text: string) {
    this.hasRareCharacters = lineBreak.test(text) || refusedCharacter.test(text);
  }

  /** Whether a `[` or `{` is not closed. */
  get isOpen(): boolean {
    return this.brackets.length > 0;
  }

  /**
   * @param parser the state before the lexeme
   * @throws RefusedByTraefik if Traefik's parser fails here
   * @throws Undecided
   */
  take(lexeme: string, parser: Parser): void {
    const type = this.isScalar ? "scalar" : CST.tokenType(lexeme);
    const begins = type === "scalar" && !this.isScalar;
    this.isScalar = begins;
    if (begins || type === "doc-mode") return;
    if (type === "flow-error-end") throw new Undecided("yaml_syntax");
    if (this.isAfterDocument(parser) && !afterDocument.has(type)) throw new Undecided("yaml_after_document");
    if (this.hasRareCharacters) checkCharacters(lexeme);
    this.checkForm(type, lexeme, parser);
    this.remember(type, lexeme);
  }

  /** Traefik reads no further once the outermost collection has ended. */
  private isAfterDocument({ stack, offset }: Parser): boolean {
    const [document, root] = stack;
    if (this.lineHasContent && (this.last === "doc-start" || this.last === "doc-end")) return true;
    if (document?.type !== "document") return false;
    if (root?.type === "flow-collection") return stack.length === 2 && root.end.length > 0;
    if (root?.type !== "block-map") return document.value !== undefined;
    return root.indent > 0 && !this.lineHasContent && !this.isOpen && this.columnOf(offset) < root.indent;
  }

  private columnOf(offset: number): number {
    return offset - this.text.lastIndexOf("\n", offset - 1) - 1;
  }

  private checkForm(type: CST.TokenType | null, lexeme: string, { offset, stack }: Parser): void {
    switch (type) {
      case "space":
        if (lexeme.includes("\t")) this.checkTab(offset + lexeme.length, stack);
        return;
      case "comment":
        if (!/\s|^$/.test(this.text.charAt(offset - 1))) throw new Undecided("yaml_syntax");
        return;
      case "scalar":
        if (this.last === "block-scalar-header") this.checkBlockText(lexeme, offset);
        else this.checkPlain(lexeme, stack.at(-1));
        return;
      case "single-quoted-scalar":
      case "double-quoted-scalar":
        this.checkQuoted(lexeme, offset);
        return;
      case "map-value-ind":
        if (this.isOpen) this.checkValueInFlow(this.text[offset + 1] ?? "");
        return;
      case "anchor":
        if (!this.isAtValue() || !anchorName.test(lexeme)) throw new Undecided("yaml_anchor");
        return;
      case "alias":
        if (!anchorName.test(lexeme)) throw new Undecided("yaml_anchor");
        return;
      case "seq-item-ind":
        if (this.isOpen) throw new Undecided("yaml_scalar");
        return;
      case "block-scalar-header":
        if (/[0-9]/.test(lexeme) || !this.lineHasContent) throw new Undecided("yaml_scalar");
        return;
      case "doc-end":
        if (this.last === null) throw new Undecided("yaml_syntax");
        return;
      case "flow-map-end":
      case "flow-seq-end":
        if (this.brackets.at(-1) !== (lexeme === "}" ? "{" : "[")) throw new Undecided("yaml_syntax");
        return;
      case "directive-line":
        throw new Undecided("yaml_directive");
      case "tag":
        throw new Undecided("yaml_tag");
      case "explicit-key-ind":
        throw new Undecided("yaml_key");
    }
  }

  /** Elsewhere an anchor may belong to a key or to its map. */
  private isAtValue(): boolean {
    return this.lineHasContent && (this.last === "map-value-ind" || this.last === "seq-item-ind");
  }

  /** Traefik's parser skips a tab only where no key may stand. */
  private checkTab(end: number, [, root]: readonly CST.Token[]): void {
    if (this.isOpen && root?.type === "flow-collection") return;
    if (this.isOpen) throw new Undecided("yaml_tab");
    if (this.lineHasContent && this.last !== "seq-item-ind" && this.last !== "doc-start") return;
    if (this.lineHasContent || /[#\r\n]|^$/.test(this.text.charAt(end))) throw new Undecided("yaml_tab");
    throw new RefusedByTraefik("syntax");
  }

  /** At the end of the text, the library adds a line break and Traefik's parser does not. */
  private checkBlockText(lexeme: string, offset: number): void {
    const endsLine = lexeme.endsWith("\n") || offset + lexeme.length < this.text.length;
    if (lexeme.includes("\t") || !endsLine) throw new Undecided("yaml_scalar");
  }

  private checkQuoted(lexeme: string, offset: number): void {
    const quote = lexeme.charAt(0);
    const rest = lexeme.slice(1).replace(quote === '"' ? knownEscape : /''/g, "");
    if (lexeme.includes("\n")) throw new Undecided("yaml_scalar");
    if (!rest.endsWith(quote)) {
      if (offset + lexeme.length < this.text.length) throw new Undecided("yaml_scalar");
      throw new RefusedByTraefik("syntax");
    }
    if (quote === '"' && rest.includes("\\")) throw new RefusedByTraefik("syntax");
  }

  /** A line of a text without quotes has to stand deeper than the collection that holds it. */
  private checkPlain(lexeme: string, parent: CST.Token | undefined): void {
    if (this.isOpen && (/[?\n]/.test(lexeme) || lexeme.startsWith(":"))) throw new Undecided("yaml_scalar");
    if (!lexeme.includes("\n")) return;
    const indent =
      parent?.type === "block-map" || parent?.type === "block-seq" ? parent.indent : Number.POSITIVE_INFINITY;
    const lines = lexeme.split("\n").slice(1);
    if (lexeme.includes("\t") || lines.some((line) => /\S/.test(line) && line.search(/[^ ]/) <= indent))
      throw new Undecided("yaml_scalar");
  }

  /** In YAML 1.1, `{a:}` is the text `a:`, and a list of pairs is rare. */
  private checkValueInFlow(next: string): void {
    const afterPlain = this.last === "scalar" || this.last === "alias" || this.last === null;
    if (this.brackets.at(-1) === "[" || (afterPlain && !/\s/.test(next))) throw new Undecided("yaml_key");
  }

  private remember(type: CST.TokenType | null, lexeme: string): void {
    if (type === "flow-map-start" || type === "flow-seq-start") this.brackets.push(lexeme);
    if (type === "flow-map-end" || type === "flow-seq-end") this.brackets.pop();
    if (type === "newline") this.lineHasContent = false;
    if (type === "newline" || type === "space" || type === "comment") return;
    this.last = type;
    this.lineHasContent = !lexeme.endsWith("\n");
  }
}

const afterDocument: ReadonlySet<CST.TokenType | null> = new Set([
  "space",
  "newline",
  "comment",
  "doc-start",
  "doc-end",
]);

function checkCharacters(lexeme: string): void {
  if (lineBreak.test(lexeme)) throw new Undecided("yaml_line_break");
  if (refusedCharacter.test(lexeme)) throw new RefusedByTraefik("control_character");
}
