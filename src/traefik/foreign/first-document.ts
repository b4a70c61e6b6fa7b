import { Composer, type CST, type Document, type ErrorCode, Lexer, Parser } from "yaml";
import { RefusedByTraefik } from "../schema/refused-by-traefik";
import { Undecided } from "../schema/undecided";
import { LexemeCheck } from "./yaml-lexemes";

/** A file of 1,000 routers has about 100,000. */
const mostLexemes = 250_000;
const mostDocuments = 10;
/** Traefik's configuration has about 12 levels, and its parser refuses more than 10,000. */
const levels = { most: 100, refused: 10_100 };

/** In some 300,000 random texts with these errors and no lexeme that differs, Traefik's parser failed in all. */
const refused: ReadonlySet<ErrorCode> = new Set([
  "BAD_INDENT",
  "BAD_SCALAR_START",
  "BLOCK_AS_IMPLICIT_KEY",
  "KEY_OVER_1024_CHARS",
  "MISSING_CHAR",
  "MULTILINE_IMPLICIT_KEY",
]);

/**
 * Parses the first document of a stream, which is the only one that Traefik reads.
 *
 * The library resolves no scalars, so that all of them are texts, and does not look for duplicate keys, because it
 * compares each key with every other one.
 * @returns null if the stream has no document
 * @throws RefusedByTraefik if Traefik refuses the text
 * @throws Undecided if Traefik may read the text differently, or if the text is too large
 */
export function firstDocument(text: string): Document.Parsed | null {
  const documents = documentsOf(text);
  const first = documents.next();
  if (first.done) return null;
  checkOthers(documents);
  return first.value;
}

/** Traefik's parser looks at some tokens after the first document, and may fail there. */
function checkOthers(documents: Iterable<Document.Parsed>): void {
  let count = 0;
  try {
    for (const _ of documents) if (++count > mostDocuments) throw new Undecided("yaml_after_document");
  } catch (error) {
    if (error instanceof RefusedByTraefik || error instanceof Undecided) throw new Undecided("yaml_after_document");
    throw error;
  }
}

function* documentsOf(text: string): Generator<Document.Parsed> {
  const parser = new Parser();
  const check = new LexemeCheck(text);
  let lexemes = 0;
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (++lexemes > mostLexemes) throw new Undecided("too_large");
    check.take(lexeme, parser);
    depth = Math.max(depth, parser.stack.length);
    const token = withinStack(depth, () => documentIn(parser.next(lexeme)));
    if (token) yield composed(token, depth, text);
    if (depth > levels.refused) throw new RefusedByTraefik("syntax");
  }
  if (check.isOpen) throw new RefusedByTraefik("syntax");
  const token = withinStack(depth, () => documentIn(parser.end()));
  if (token) yield composed(token, depth, text);
}

/** The library closes open levels by recursion: some thousands of them, closed at once, take more than the stack. */
function withinStack<T>(depth: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError && depth > levels.most) throw new Undecided("too_deep");
    throw error;
  }
}

function documentIn(tokens: Iterable<CST.Token>): CST.Document | null {
  let document: CST.Document | null = null;
  for (const token of tokens) {
    if (token.type === "document") document = token;
    if (token.type === "error") throw new Undecided("yaml_syntax");
  }
  return document;
}

function composed(token: CST.Document, depth: number, text: string): Document.Parsed {
  if (depth > levels.most) throw new Undecided("too_deep");
  const composer = new Composer({ schema: "failsafe", uniqueKeys: false, keepSourceTokens: true });
  const [document] = withoutStacks(() => [...composer.next(token), ...composer.end()]);
  const [error] = (document?.errors ?? []).toSorted((left, right) => left.pos[0] - right.pos[0]);
  const isComment = error !== undefined && text.startsWith("#", error.pos[0]);
  if (error && refused.has(error.code) && !isComment) throw new RefusedByTraefik("syntax");
  if (!document || error || document.warnings.length > 0) throw new Undecided("yaml_syntax");
  return document;
}

/** The library makes an error object for each fault, and their stack traces would take most of the time. */
function withoutStacks<T>(compose: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return compose();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
