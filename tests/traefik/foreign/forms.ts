import type { ReaderVerdict, RefusalReason, UnknownReason } from "#src/traefik/schema/verdict";

/** One way to write a file, and what becomes of it. */
export interface Form {
  readonly says: string;
  readonly text: string;
  /** What the reader says: the reason, or `accepted`. */
  readonly reader: "accepted" | RefusalReason | UnknownReason;
  /** What Traefik 3.7.9 does. `tests/traefik/foreign/forms.gateway.test.ts` compares it with a real one. */
  readonly traefik: "accepted" | "refused";
}

/** A verdict in the words of the table. */
export function wordOf(verdict: ReaderVerdict): string {
  return verdict.state === "refused" || verdict.state === "unknown" ? verdict.reason : verdict.state;
}

const router = "http:\n  routers:\n    r:\n      rule: Host(`a.example`)\n      service: s\n";
const priority = (text: string) => `${router}      priority: ${text}\n`;
const rule = (text: string) => `http:\n  routers:\n    r:\n      rule: ${text}\n`;
const json = '{"http": {"routers": {"r": {"rule": "Host(`a.example`)", "service": "s"}}}}';
const form =
  (reader: Form["reader"], traefik: Form["traefik"]) =>
  (says: string, text: string): Form => ({ says, text, reader, traefik });
const accepted = form("accepted", "accepted");
const refused = (reason: RefusalReason) => form(reason, "refused");
/** The reader does not say what Traefik does. */
const unknown = (reason: UnknownReason, traefik: Form["traefik"]) => form(reason, traefik);

const keys: readonly Form[] = [
  refused("duplicate_key")("a key twice", `${router}http: {}\n`),
  refused("duplicate_key")("a key twice, once in quotes", `${router}"http": {}\n`),
  accepted(
    "a field twice, in different case",
    `${router}HTTP:\n  services: {s: {loadBalancer: {passHostHeader: true}}}\n`,
  ),
  accepted("fields in other case", "HTTP:\n  Routers:\n    r:\n      RULE: Host(`a.example`)\n"),
  accepted("an integer as the name of a router", "http:\n  routers:\n    1: {rule: x}\n"),
  accepted("an integer as a status", "http: {middlewares: {m: {errors: {statusRewrites: {404: 200}}}}}\n"),
  unknown("yaml_key", "accepted")("merged integers", "a: &a {1: {rule: x}}\nhttp: {routers: {<<: *a}}\n"),
  unknown("yaml_key", "accepted")("two integers as names", "http:\n  routers:\n    1: {rule: x}\n    2: {rule: y}\n"),
  accepted("a boolean as a name", "http:\n  routers:\n    true: {rule: x}\n"),
  unknown("yaml_key", "accepted")("a null as a name", `${router}    ~: {rule: y}\n`),
  unknown("yaml_key", "accepted")("an explicit key", `${router}? tcp\n: ~\n`),
  unknown("yaml_key", "refused")("a list as a key", `${router}? [a]\n: b\n`),
  unknown("yaml_key", "refused")("a flow list as a key", `${router}[a]: b\n`),
  unknown("yaml_key", "accepted")("an alias as a key", `a: &a tcp\n${router}*a : ~\n`),
  unknown("yaml_anchor", "accepted")("an anchor before a key", `&a ${router}`),
  unknown("yaml_key", "accepted")("an anchor before a key in a list", "a:\n  - &a b: c\n"),
  unknown("yaml_key", "accepted")("a colon without a space in braces", "http: {routers: {r: {rule:}}}\n"),
  unknown("yaml_key", "accepted")("pairs in a list", "a: [b: c]\n"),
  unknown("yaml_key", "refused")("a key on another line than its colon", '{"http"\n: {}}'),
  refused("syntax")("a key of more than 1,024 characters", `${"k".repeat(1_025)}: 1\n`),
  accepted("a key of 1,024 characters", `${"k".repeat(1_024)}: 1\n`),
];

const scalars: readonly Form[] = [
  refused("bad_value")("yes for a boolean", "http: {services: {s: {loadBalancer: {passHostHeader: yes}}}}\n"),
  refused("bad_value")("off for a boolean", "http: {services: {s: {loadBalancer: {passHostHeader: off}}}}\n"),
  accepted("True for a boolean", "http: {services: {s: {loadBalancer: {passHostHeader: True}}}}\n"),
  accepted("an octal number of YAML 1.2", priority("0o17")),
  accepted("an octal number of YAML 1.1", priority("017")),
  accepted("a number that starts with a zero", priority("08")),
  accepted("a hexadecimal number", priority("0x10")),
  accepted("a binary number", priority("0b11")),
  accepted("a number with underscores", priority("1_000")),
  accepted("a number with a sign", priority("+5")),
  accepted("a float that is whole", priority("1e3")),
  refused("bad_value")("a float", priority("1.5")),
  refused("bad_value")("infinity", priority(".inf")),
  refused("bad_value")("a number of base 60", priority("1:30")),
  unknown("yaml_scalar", "accepted")("a binary number with a sign inside", priority("0b-1")),
  unknown("yaml_scalar", "accepted")("a fraction with an underscore", rule(".1_0")),
  refused("unsupported_type")("a date", rule("2001-01-01")),
  refused("unsupported_type")("a date with a time", rule("2001-01-01T01:02:03Z")),
  accepted("a date in quotes", rule('"2001-01-01"')),
  accepted("a null", rule("~")),
  accepted("all escapes", rule('"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\"\\\\\\N\\_\\L\\P\\x41\\u0041\\U00000041"')),
  refused("syntax")("the escape of a slash", rule('"\\/"')),
  refused("syntax")("a surrogate pair as escapes", rule('"\\ud83d\\ude00"')),
  refused("syntax")("half a surrogate pair as a long escape", rule('"\\U0000d83d"')),
  unknown("yaml_syntax", "accepted")("the escape of a single quote", rule('"\\\'"')),
  unknown("yaml_scalar", "accepted")("a quoted text of two lines", rule('"a\n        b"')),
  unknown("yaml_scalar", "accepted")("a quoted text with a smaller indentation", rule('"a\n b"')),
  accepted("a text of two lines", rule("Host(`a.example`)\n        && Path(`/b`)")),
  unknown("yaml_scalar", "accepted")("a text of two lines in braces", "http: {routers: {r: {rule: a\n  b}}}\n"),
  unknown("yaml_scalar", "refused")("a question mark in braces", "http: {routers: {r: {rule: a?b}}}\n"),
  accepted("a block of text", rule(">-\n        Host(`a.example`)\n        && Path(`/b`)")),
  accepted("a block of text with lines", rule("|\n        Host(`a.example`)\n\n        && Path(`/b`)")),
  unknown("yaml_scalar", "accepted")("a block of text with an indentation", rule("|2\n        Host(`a.example`)")),
  unknown("yaml_scalar", "accepted")("a block of text without a line break", rule("|\n        a").trimEnd()),
  unknown("yaml_scalar", "accepted")("a block of text with a tab", rule("|\n        a\n        \tb")),
];

const anchors: readonly Form[] = [
  accepted("an alias", "a: &a {rule: x}\nhttp: {routers: {r: *a}}\n"),
  accepted("a merged map", "a: &a {rule: x}\nhttp: {routers: {r: {<<: *a, service: s}}}\n"),
  accepted("merged maps", "a: &a {rule: x}\nb: &b {service: s}\nhttp: {routers: {r: {<<: [*a, *b]}}}\n"),
  refused("unknown_field")("a merge key in quotes", 'a: &a {rule: x}\nhttp: {routers: {r: {"<<": *a}}}\n'),
  refused("alias")("a merged text", 'http: {routers: {r: {<<: "x"}}}\n'),
  refused("alias")("a merged alias of a list", "a: &a [{rule: x}]\nhttp: {routers: {r: {<<: *a}}}\n"),
  refused("alias")("an alias of nothing", "a: *b\n"),
  refused("alias")("an alias before its anchor", "a: *b\nb: &b 1\n"),
  refused("alias")("an alias in its own anchor", "a: &a [*a]\n"),
  accepted("an anchor twice", "a: &a {rule: x}\nb: &a {rule: y}\nhttp: {routers: {r: *a}}\n"),
  unknown("yaml_anchor", "refused")("an anchor with a dot", "a: &a.b 1\nc: *a.b\n"),
  refused("alias")("more than 99 in 100 nodes from aliases", copies(60)),
  accepted("many nodes from aliases", copies(1)),
];

const streams: readonly Form[] = [
  accepted("nothing", ""),
  accepted("line breaks only", "\n\n"),
  accepted("comments only", "# nothing\n"),
  accepted("the start of a document", "---\n"),
  accepted("a null", "~\n"),
  refused("bad_value")("a text", "http\n"),
  refused("bad_value")("a list", "- http\n"),
  accepted("a document with marks", `---\n${router}...\n`),
  accepted("a second document", `${router}---\ntcp: ~\n`),
  accepted("an empty first document", `---\n---\n${router}`),
  unknown("yaml_after_document", "accepted")("a second document that is broken", "http:\n---\n{"),
  unknown("yaml_after_document", "refused")("a second document that starts with a tab", `${router}---\n\ta: b\n`),
  unknown("yaml_after_document", "accepted")("text after the braces", `${json} x`),
  unknown("yaml_after_document", "accepted")("a second map after the braces", `${json}\n${json}`),
  unknown("yaml_after_document", "accepted")("a document on the line of its mark", `--- ${json}`),
  unknown("yaml_syntax", "refused")("the end of a document before its start", `...\n${router}`),
  accepted("a map that is indented", router.replace(/^/gm, "  ").trimEnd()),
  unknown("yaml_after_document", "accepted")(
    "a line before the margin of the map",
    `${router.replace(/^/gm, "  ")}\na: b\n`,
  ),
  unknown("yaml_directive", "accepted")("the version 1.1", `%YAML 1.1\n---\n${router}`),
  unknown("yaml_directive", "refused")("the version 1.2", `%YAML 1.2\n---\n${router}`),
  unknown("yaml_tag", "accepted")("a binary value", rule("!!binary SG9zdChgYS5leGFtcGxlYCk=")),
  unknown("yaml_tag", "accepted")("the tag of a text", rule("!!str Host(`a.example`)")),
  unknown("yaml_tag", "accepted")("a tag of its own", rule("!x Host(`a.example`)")),
  unknown("yaml_tag", "refused")("a tag that does not fit", priority("!!int x")),
  unknown("template", "accepted")("a template", rule('{{ env "HOME" }}')),
  unknown("template", "accepted")("a template in a comment", `# {{ "x" }}\n${router}`),
];

const spaces: readonly Form[] = [
  accepted("line breaks of Windows", router.replaceAll("\n", "\r\n")),
  unknown("yaml_line_break", "accepted")("line breaks of old systems", router.replaceAll("\n", "\r")),
  unknown("yaml_line_break", "accepted")("NEL as a line break", "a: b\u0085c: d\n"),
  unknown("yaml_line_break", "accepted")("LS in a text", rule('"a\u2028b"')),
  accepted("a byte order mark", `\ufeff${router}`),
  unknown("yaml_line_break", "accepted")("a byte order mark in a text", rule("Host(`a\ufeff`)")),
  refused("control_character")("a control character", rule('"\u0007"')),
  refused("control_character")("a DEL in a comment", `# \u007f\n${router}`),
  refused("syntax")("a tab that indents", "http:\n\trouters: {}\n"),
  refused("syntax")("a tab after spaces that indent", "http:\n  \trouters: {}\n"),
  unknown("yaml_tab", "refused")("a tab after a dash", "a:\n  -\tb\n"),
  unknown("yaml_tab", "refused")("a line with a tab only", `${router}\t\ntcp: ~\n`),
  accepted("a tab after a colon", router.replace("rule: ", "rule:\t")),
  accepted("a tab before a comment", router.replace("http:", "http:\t# c")),
  accepted("a tab in a comment", `#\tc\n${router}`),
  accepted("a tab in a text", rule("Host(`a.example`)\t&& Path(`/`)")),
  accepted("JSON that tabs indent", JSON.stringify({ http: { routers: { r: { rule: "x" } } } }, null, "\t")),
  unknown("yaml_tab", "accepted")("a list of several lines with tabs", "a: [\n  b,\n\tc]\n"),
  unknown("yaml_syntax", "accepted")("braces that end at the margin", "a: {b: {\nc: d\n}}\n"),
  unknown("yaml_syntax", "accepted")("a comment without a space before it", "a: 'b'#c\n"),
  accepted("comments", `# a\n${router.replace("rule", "# b\n      rule").replace("routers:", "routers: # c")}# d\n`),
  accepted("an unknown root key", `x:\n  y: [~, {}]\n${router}`),
  accepted("commas at the end", "a: [b, c,]\nd: {e: f,}\n"),
  refused("syntax")("two colons on a line", "a: b: c\n"),
  refused("syntax")("a key that is not as deep as its neighbours", "a:\n    b: c\n  d: e\n"),
  refused("syntax")("braces that do not end", '{"http": {"routers": {"r": {"rule": "x"}'),
  refused("syntax")("a text that does not end", '{"http": "x'),
  unknown("yaml_syntax", "refused")("a brace too many", "a: }\n"),
  refused("syntax")("brackets without end", "[".repeat(100_000)),
  unknown("too_deep", "accepted")("200 brackets", `a: ${"[".repeat(200)}${"]".repeat(200)}\n`),
];

export const forms: readonly Form[] = [...keys, ...scalars, ...anchors, ...streams, ...spaces];

/** A list of 30 texts, a list of 30 aliases of it, and a list of `count` aliases of that. */
function copies(count: number): string {
  const aliases = (name: string, times: number) => `[${Array(times).fill(`*${name}`).join(", ")}]`;
  return `a: &a [${Array(30).fill("x").join(", ")}]\nb: &b ${aliases("a", 30)}\nc: ${aliases("b", count)}\n`;
}
