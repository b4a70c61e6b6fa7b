import { type Json, type TextSample, textSamples, trees } from "./samples";

/** A file as a person might have written it: its extension, and a mutated valid text. */
export interface MutatedFile extends TextSample {
  /** The mutations, for the message of a failure. */
  readonly steps: readonly string[];
}

/** Mulberry32, which gives the same files for the same seed on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` files, one in three of them from YAML or TOML written by hand, each with one to three mutations. */
export function* mutatedFiles(seed: number, count: number): Generator<MutatedFile> {
  const random = seededRandom(seed);
  for (let index = 0; index < count; index++) {
    yield random() < 0.62 ? mutatedTree(random) : mutatedText(pick(random, textSamples), random, []);
  }
}

function mutatedTree(random: () => number): MutatedFile {
  let tree = pick(random, trees);
  const steps: string[] = [];
  const many = 1 + Math.floor(random() * 2);
  for (let step = 0; step < many; step++) tree = mutateSomewhere(tree, random, steps);
  const text = JSON.stringify(tree, null, random() < 0.3 ? 2 : 0);
  const sample: TextSample = { extension: ".yml", text };
  return random() < 0.3 ? mutatedText(sample, random, steps) : { ...sample, steps };
}

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("there is no item to pick");
  return item;
}

const values: readonly Json[] = [
  null, {}, [], "", true, false, 0, 1, -1, 1.5, 1e3, 1e300, "1", "-7", "+7", "true", "True", "yes", "abc", "1s", "1h2m", "1.5ms",
  ".5s", "1 s", "9223372036854775807", "9223372036854775808", 9007199254740991, "1e3", "0x10", "1_000", "a,b", "║", "║24║a║b",
  "a║b", "║2║x", "2001-01-01", "~", "null", [null], [[]], [{}], ["a", {}], [1, "a"], [1, true], [1.5, 2], ["a", { b: "c" }],
  { a: null }, { a: "b" }, { a: {} }, { a: { b: "c" } }, { "": 1 }, { a: { "": 1 } }, [{ a: [null] }], { a: [1, true] },
  { "[0]": "x" }, "{" , "\u0007", "\u007f", "\u0085", "\u2028", "\u{1f600}", "/", "'", "a\nb", "\t", "\ufeff", 1e21, -0,
]; // biome-ignore format: one line a subject would be fifty

const names: readonly string[] = [
  "", "unknown", "HTTP", "Http", "RULE", "uſers", "<<", "1", "1.5", "true", "~", "null", "2001-01-01", "[0]", "a.b", "a║b", "@", " ",
  "middlewares", "routers", "tls", "plugin", "defaultRule", "requestRedirect", "expires", "k".repeat(1020), "k".repeat(1025), "\u00e9",
]; // biome-ignore format: see above

type TreeMutation = (value: Json, random: () => number) => Json;

const everywhere: Readonly<Record<string, TreeMutation>> = {
  replace: (_, random) => pick(random, values),
  wrapInList: (value) => [value],
  wrapInMap: (value, random) => ({ [pick(random, names)]: value }),
  asText: (value) => (typeof value === "object" ? value : String(value)),
};

const inMaps: Readonly<Record<string, TreeMutation>> = {
  deleteKey: (value, random) =>
    withEntries(value, (entries) => entries.filter((entry) => entry !== pick(random, entries))),
  renameKey: (value, random) => onOne(value, random, ([, child]) => [[pick(random, names), child]]),
  changeCase: (value, random) =>
    onOne(value, random, ([name, child]) => [[random() < 0.5 ? name.toUpperCase() : name.toLowerCase(), child]]),
  twice: (value, random) =>
    onOne(value, random, ([name, child]) => [
      [name, child],
      [name.toUpperCase(), child],
    ]),
  addKey: (value, random) => withEntries(value, (entries) => [...entries, [pick(random, names), pick(random, values)]]),
  empty: () => ({}),
  asList: (value) => (isMap(value) ? Object.values(value) : value),
};

const inLists: Readonly<Record<string, TreeMutation>> = {
  addItem: (value, random) => (Array.isArray(value) ? [...value, pick(random, values)] : value),
  emptyList: () => [],
  asMap: (value) => (Array.isArray(value) ? { ...value } : value),
};

const isMap = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type JsonEntry = [string, Json];

function withEntries(value: Json, change: (entries: JsonEntry[]) => JsonEntry[]): Json {
  return isMap(value) ? Object.fromEntries(change(Object.entries(value))) : value;
}

function onOne(value: Json, random: () => number, change: (entry: JsonEntry) => JsonEntry[]): Json {
  return withEntries(value, (entries) => {
    if (entries.length === 0) return entries;
    const chosen = pick(random, entries);
    return entries.flatMap((entry) => (entry === chosen ? change(entry) : [entry]));
  });
}

/** Descends to a random depth and mutates the value there. */
function mutateSomewhere(value: Json, random: () => number, steps: string[]): Json {
  const children = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (children.length > 0 && random() < 0.85) {
    const chosen = pick(random, children);
    if (Array.isArray(value)) {
      return value.map((item: Json, index) => (String(index) === chosen ? mutateSomewhere(item, random, steps) : item));
    }
    return withEntries(value, (entries) =>
      entries.map(([name, child]) => [name, name === chosen ? mutateSomewhere(child, random, steps) : child]),
    );
  }
  const fitting = { ...everywhere, ...(isMap(value) ? inMaps : {}), ...(Array.isArray(value) ? inLists : {}) };
  const [name, mutation] = pick(random, Object.entries(fitting));
  steps.push(name);
  return children.length === 0 && name === "deleteKey" ? value : mutation(value, random);
}

const pieces: readonly string[] = [
  "\u0000", "\u0007", "\u007f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\r", "\n", "\t", " ", "\\/", "\\ud83d\\ude00", "\\u0041", "\\x41",
  "\\'", "\\", '"', "'", "`", "{", "}", "[", "]", ",", ":", ": ", " #", "#", "- ", "? ", "&a ", "*a", "*site", "!!str ", "!!int ", "!x ", "| ",
  "> ", "%", "@", "---\n", "...\n", "~", "null", "0", "08", "0o7", "0b1", "0x", "1_0", ".5", "1e3", ".inf", "2001-01-01", "true", "║", "é",
  "  ", "\n  ", "<<", "=", "==", "''", '""', "'''", "[[", "]]", "http:", "x: y\n", "x = 1\n", "\u{1f600}",
]; // biome-ignore format: see above

type TextMutation = (text: string, random: () => number) => string;

const textMutations: Readonly<Record<string, TextMutation>> = {
  truncate: (text, random) => text.slice(0, Math.floor(random() * text.length)),
  insert: (text, random) => splice(text, random, 0, pick(random, pieces)),
  overwrite: (text, random) => splice(text, random, 1 + Math.floor(random() * 3), pick(random, pieces)),
  remove: (text, random) => splice(text, random, 1 + Math.floor(random() * 3), ""),
  dropLine: (text, random) => onLines(text, random, () => []),
  doubleLine: (text, random) => onLines(text, random, (line) => [line, line]),
  indentLine: (text, random) => onLines(text, random, (line) => [`${pick(random, [" ", "  ", "\t"])}${line}`]),
  outdentLine: (text, random) => onLines(text, random, (line) => [line.replace(/^ {1,2}/, "")]),
  emptyValue: (text, random) =>
    onLines(text, random, (line) => [
      line.replace(
        /[:=].*$/,
        (rest) => `${rest[0]}${pick(random, ["", " {}", " []", " ~", ' ""', " 5", " true", " x", " ''"])}`,
      ),
    ]),
  carriageReturns: (text) => text.replaceAll("\n", "\r\n"),
  unquote: (text, random) => splicedAt(text, random, /"/g, 1, ""),
};

function splice(text: string, random: () => number, removed: number, inserted: string): string {
  const at = Math.floor(random() * (text.length + 1));
  return text.slice(0, at) + inserted + text.slice(at + removed);
}

function splicedAt(text: string, random: () => number, pattern: RegExp, removed: number, inserted: string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const { index } = pick(random, matches);
  return text.slice(0, index) + inserted + text.slice(index + removed);
}

function onLines(text: string, random: () => number, change: (line: string) => string[]): string {
  const lines = text.split("\n");
  const chosen = Math.floor(random() * lines.length);
  return lines.flatMap((line, index) => (index === chosen ? change(line) : [line])).join("\n");
}

function mutatedText(sample: TextSample, random: () => number, before: readonly string[]): MutatedFile {
  const many = 1 + Math.floor(random() * 2);
  const steps = [...before];
  let { text } = sample;
  for (let step = 0; step < many; step++) {
    const [name, mutation] = pick(random, Object.entries(textMutations));
    steps.push(name);
    text = mutation(text, random);
  }
  return { extension: sample.extension, text: text.replace(/\p{Surrogate}/gu, ""), steps };
}
