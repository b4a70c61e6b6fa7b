/** The content of an `.env` file, or the first line that cannot be parsed. */
export type EnvFile =
  | { readonly ok: true; readonly values: ReadonlyMap<string, string> }
  /** `problem` is a sentence without any value: the file holds secrets. */
  | { readonly ok: false; readonly line: number; readonly problem: string };

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/;
const blankOrComment = /^[ \t]*(?:#.*)?$/;
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * Parses an `.env` file. Node's own parser drops the text after a `#` inside a value, treats a byte order mark as a
 * part of the first name, and joins a line that it cannot parse with the next one. The result would differ from what
 * the file appears to say.
 *
 * - Lines end with LF, CRLF or CR. Blank lines, and lines that begin with `#`, are ignored.
 * - `NAME=value` or `export NAME=value`; spaces and tabs around the name and the value are dropped.
 * - A value without quotes is used literally, including `$` and `\`. A `#` after a space begins a comment.
 * - A value in single quotes or backticks is literal and may have several lines. The same applies to double quotes,
 *   except for the escapes ` `, `\r`, `\t`, `\"`, `\\` and `\$`.
 * - Nothing is expanded. If a name occurs twice, the last value counts.
 * @param bytes the content of the file: UTF-8, with or without a byte order mark
 */
export function parseEnvFile(bytes: Uint8Array): EnvFile {
  const decoded = decode(bytes);
  if (decoded === null) return { ok: false, line: 1, problem: "is not UTF-8 text: save the file as UTF-8" };
  const text = decoded.replace(/\r\n?/g, "\n");
  const values = new Map<string, string>();
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const end = endOfLine(text, at);
    const content = text.slice(at, end);
    if (blankOrComment.test(content)) {
      at = end + 1;
      line++;
      continue;
    }
    const found = assignment.exec(content);
    if (found === null) return { ok: false, line, problem: "is neither NAME=value nor a comment (#)" };
    const [whole, name = ""] = found;
    const value = valueAt(text, at + whole.length);
    if ("problem" in value) return { ok: false, line, problem: value.problem };
    values.set(name, value.text);
    line += text.slice(at, value.end).split("\n").length;
    at = value.end + 1;
  }
  return { ok: true, values };
}

type Value = { readonly text: string /** Of its last line. */; readonly end: number } | { readonly problem: string };

function valueAt(text: string, from: number): Value {
  const quote = text[from];
  if (quote === "'" || quote === "`") return afterQuote(text, from + 1, text.indexOf(quote, from + 1), quote);
  if (quote === '"') return afterQuote(text, from + 1, closingDoubleQuote(text, from + 1), quote);
  const end = endOfLine(text, from);
  const value = text.slice(from, end);
  const isComment = value.startsWith("#") && /[ \t]/.test(text[from - 1] ?? "");
  return { text: isComment ? "" : value.replace(/[ \t]#.*$/, "").trim(), end };
}

function afterQuote(text: string, from: number, close: number, quote: string): Value {
  if (close < 0) return { problem: `begins a value with ${quote} that never ends` };
  const end = endOfLine(text, close);
  if (!blankOrComment.test(text.slice(close + 1, end))) {
    return { problem: `has something after the closing ${quote}: put the whole value in quotes` };
  }
  const inner = text.slice(from, close);
  return {
    text: quote === '"' ? inner.replace(/\\([nrt"\\$])/g, (_, kind: string) => escapes[kind] ?? kind) : inner,
    end,
  };
}

function closingDoubleQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Returns null for text that is not UTF-8, such as the UTF-16 that Windows writes. */
function decode(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); // without its byte order mark
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}
