import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { foreignContent } from "#src/traefik/foreign/foreign-content";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { hostsOfRule } from "#src/traefik/schema/hosts-of-rule";
import { long } from "#tests/support/length";
import { mutatedFiles } from "../schema/mutations";

/** In full, as large as the largest file that is read. */
const size = long(1024 * 1024, 128 * 1024);
/** Of processor time. The slowest of these texts needs less than a third of it. */
const boundMs = long(3_000, 1_500);

const rule = (text: string) => `http: {routers: {r: {service: s, rule: '${text}'}}}`;
const repeated = (text: string) => text.repeat(Math.ceil(size / text.length));

const hostileTexts: readonly (readonly [string, string])[] = [
  ["brackets without end", repeated("[")],
  ["braces without end", repeated("{a: ")],
  ["brackets that end", `a: ${repeated("[").slice(size / 2)}${repeated("]").slice(size / 2)}`],
  ["9,000 brackets", `a: ${"[".repeat(9_000)}${"]".repeat(9_000)}`],
  ["closing brackets", repeated("]")],
  ["dashes on one line", repeated("- ")],
  ["maps in maps", Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
  ["maps in lists on one line, all closed at once", `${": -".repeat(4_000)}\n(`],
  ["colons", repeated(": ")],
  ["question marks", repeated("? ")],
  ["commas", `[${repeated(",")}]`],
  ["short items", `a: [${repeated("1,")}1]`],
  ["short keys", `a: {${Array.from({ length: size / 8 }, (_, at) => `k${at}: 1`).join(",")}}`],
  ["short lines", Array.from({ length: size / 8 }, (_, at) => `k${at}: 1`).join("\n")],
  ["anchors", repeated("&a ")],
  ["aliases", `a: &a 1\nb: [${repeated("*a,")}*a]`],
  ["aliases of aliases", aliasesOfAliases()],
  ["merged maps", `a: &a {b: 1}\n${Array.from({ length: size / 16 }, (_, at) => `k${at}: {<<: *a}`).join("\n")}`],
  ["empty lines", repeated("\n")],
  [
    "empty lines and comments",
    `a:\n  b: 1\n${repeated("\n").slice(size / 2)}${repeated("  #\n").slice(size / 2)}c: 1\n`,
  ],
  ["comments", `a: 1\n${repeated("#\n")}`],
  ["comments in a list", `a:\n  - b\n${repeated("   #\n")}`],
  ["spaces", `a:${repeated(" ")}b`],
  ["spaces in brackets", `a: [${repeated(" \n ")}]`],
  ["tabs", `a:${repeated("\t")}b`],
  ["line breaks of old systems", repeated("\r")],
  ["quotes", repeated("'")],
  ["double quotes", repeated('"')],
  ["escapes", `a: "${repeated("\\\\")}"`],
  ["a text without end", `a: "${repeated("x")}`],
  ["a text of many lines", `a: b\n${repeated(" c\n")}`],
  ["a text of many lines in quotes", `a: "b\n${repeated(" c\n")}"`],
  ["a block of text", `a: |\n${repeated(" c\n")}`],
  ["blocks of text", Array.from({ length: size / 16 }, (_, at) => `k${at}: |\n a\n\n\n`).join("")],
  ["a block of empty lines", `a: |\n${repeated(" \n")}`],
  ["documents", repeated("---\n")],
  ["ends of documents", `a: 1\n${repeated("...\n")}`],
  ["directives", repeated("%A\n")],
  ["tags", repeated("! ")],
  ["digits", `http: {routers: {r: {priority: ${repeated("9")}}}}`],
  ["digits in quotes", `http: {routers: {r: {priority: "${repeated("9")}"}}}`],
  ["a duration", `http: {middlewares: {m: {rateLimit: {period: "${repeated("1s")}"}}}}`],
  ["a rule of many hosts", rule(`${"Host(`a`)||".repeat(90_000)}Host(\`a\`)`)],
  ["a rule of many arguments", rule(`Host(${repeated("`a`,")}\`a\`)`)],
  ["a rule of negations", rule(`${repeated("!")}Host(\`a\`)`)],
  ["a rule of parentheses", rule(`${repeated("(")}Host(\`a\`)`)],
  ["a rule of spaces", rule(`Host(\`a\`)${repeated(" ")}`)],
  ["a rule of signs", rule(repeated("&&"))],
];

/** The processor time of all that the applier asks of a file. */
function timeOf(fileName: string, text: string): number {
  const start = process.cpuUsage();
  foreignContent(readTraefikFile(fileName, text));
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

describe("a hostile text", () => {
  it.each(hostileTexts)("a hostile text of %s is read within the bound", (_, text) => {
    expect(timeOf("a.yml", text)).toBeLessThan(boundMs);
  });

  it.each([
    ["brackets", `a = ${repeated("[")}`],
    ["tables", Array.from({ length: size / 8 }, (_, at) => `[t${at}]`).join("\n")],
    ["dots", `${repeated("a.")}b = 1`],
    ["digits", `[http.routers.r]\npriority = ${repeated("9")}`],
  ])("a hostile text of TOML with %s is read within the bound", (_, text) => {
    expect(timeOf("a.toml", text)).toBeLessThan(boundMs);
  });

  it("a hostile text of any pieces is read within the bound, and never throws", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ..."-?:,[]{}#&*!|>'\"%@`~=<.\\ \t\n\r",
        "- ",
        "? ",
        ": ",
        "\n  ",
        "a: ",
        "a:\n",
        "&a ",
        "*a",
        "<<: ",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    const pieces = fc.array(piece, { minLength: 1, maxLength: 6 }).map((all) => all.join(""));
    fc.assert(
      fc.property(pieces, pieces, fc.nat(long(20_000, 2_000)), pieces, (before, middle, times, after) => {
        const text = `${before}${middle.repeat(times)}${after}`;
        expect(timeOf("a.yml", text)).toBeLessThan(boundMs);
        expect(timeOf("a.toml", text)).toBeLessThan(boundMs);
      }),
      { numRuns: long(5_000, 300) },
    );
  });
});

describe("hosts that a strict reading finds", () => {
  it("hosts that a strict reading finds are found, or the file is a problem", () => {
    let found = 0;
    fc.assert(
      fc.property(fc.nat(2 ** 31), (seed) => {
        for (const { extension, text } of mutatedFiles(seed, 3)) {
          const strict = extension === ".toml" ? [] : strictHosts(text);
          const { problem, hosts } = foreignContent(readTraefikFile(`a${extension}`, text));
          if (problem !== null) continue;
          expect(hosts).toEqual(expect.arrayContaining(strict));
          found += strict.length;
        }
      }),
      { numRuns: long(5_000, 150) },
    );
    expect(found).toBeGreaterThan(long(1_000, 30));
  });
});

/** Hosts of the rules that both YAML 1.1 and YAML 1.2 find without an error or a warning. */
function strictHosts(text: string): string[] {
  const [older, newer] = (["1.1", "1.2"] as const).map((version) =>
    rulesOf(strictValue(text, version)).flatMap(hostsOf),
  );
  return (older ?? []).filter((host) => newer?.includes(host));
}

function strictValue(text: string, version: "1.1" | "1.2"): unknown {
  const document = parseDocument(text, { version, merge: true, logLevel: "silent" });
  if (document.errors.length + document.warnings.length > 0) return null;
  try {
    return document.toJS();
  } catch {
    return null; // an alias of nothing, or too many of them
  }
}

function rulesOf(root: unknown): string[] {
  return Object.values(fieldOf(fieldOf(root, "http"), "routers") ?? {})
    .map((router) => fieldOf(router, "rule"))
    .filter((held) => typeof held === "string");
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : null;
}

function hostsOf(text: string): readonly string[] {
  const hosts = hostsOfRule(text);
  return hosts === "any" ? [] : hosts;
}

/** Each anchor names a list of the one before: as deep as there are lines. */
function aliasesOfAliases(): string {
  const lines = Array.from({ length: size / 32 }, (_, at) => `l${at + 1}: &l${at + 1} [*l${at}]`);
  return ["l0: &l0 [x]", ...lines].join("\n");
}
