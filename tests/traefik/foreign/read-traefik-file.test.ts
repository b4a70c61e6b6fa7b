import { describe, expect, it } from "vitest";
import { readTraefikFile } from "#src/traefik/foreign/read-traefik-file";
import { forms, wordOf } from "./forms";

const yml = (text: string) => readTraefikFile("a.yml", text);

describe("a file that Traefik would read", () => {
  it.each([
    ["nothing", ""],
    ["comments only", "# nothing\n"],
    ["an unknown root key, whatever it holds", '{"x": {"y": [null, {}]}}'],
    ["a root key that is null", "http:\n"],
    ["a second document", "http:\n---\ntcp: {routers: x}\n"],
    ["root keys in any case", '{"HTTP": {"Routers": {"r": {"RULE": "x"}}}}'],
    ["an element that may be empty", '{"http": {"middlewares": {"m": {"compress": {}}}}}'],
    ["numbers as texts", '{"http": {"routers": {"r": {"priority": "5"}}}}'],
    ["an octal number", "http: {routers: {r: {priority: 0o17}}}"],
    [
      "durations of both kinds",
      '{"http": {"middlewares": {"m": {"rateLimit": {"period": "1m30s"}}, "n": {"rateLimit": {"period": 5}}}}}',
    ],
    ["free settings of plugins", '{"http": {"middlewares": {"m": {"plugin": {"p": {"a": {"b": [1, 2]}}}}}}}'],
  ])("a file is accepted with %s", (_, text) => {
    expect(yml(text).state).toBe("accepted");
  });

  it.each([
    ["an empty map of routers", '{"http": {"routers": {}}}', "empty_element", "http.routers"],
    [
      "an empty basicAuth",
      '{"http": {"middlewares": {"m": {"basicAuth": {}}}}}',
      "empty_element",
      "http.middlewares.*.basicAuth",
    ],
    [
      "a map of nothing but nulls",
      '{"http": {"middlewares": {"m": {"headers": {"frameDeny": null}}}}}',
      "empty_element",
      "http.middlewares.*.headers",
    ],
    ["an unknown field", '{"http": {"routers": {"r": {"rules": "x"}}}}', "unknown_field", "http.routers.*"],
    ["truncated JSON", '{"http": {"routers": {"r": {"rule": "x"}', "syntax", ""],
    ["a duplicate key", '{"a": 1, "a": 2}', "duplicate_key", ""],
    ["a slash that is escaped as in JSON", '{"a": "\\/"}', "syntax", ""],
    ["a surrogate pair as escapes", '{"a": "\\ud83d\\ude00"}', "syntax", ""],
    ["a raw DEL", '{"a": "\u007f"}', "control_character", ""],
    ["a key of more than 1,024 characters", `{"${"k".repeat(1100)}": 1}`, "syntax", ""],
    ["a tab that indents", "http:\n\trouters: {}\n", "syntax", ""],
    ["a date", "http: {routers: {r: {rule: 2001-01-01}}}", "unsupported_type", ""],
    ["a null in a list", '{"http": {"routers": {"r": {"middlewares": [null]}}}}', "unsupported_type", ""],
    [
      "a word for a number",
      '{"http": {"routers": {"r": {"priority": "high"}}}}',
      "bad_value",
      "http.routers.*.priority",
    ],
    [
      "a number out of range",
      '{"http": {"routers": {"r": {"priority": 9223372036854775808}}}}',
      "bad_value",
      "http.routers.*.priority",
    ],
    [
      "a mixed list in a plugin",
      '{"http": {"middlewares": {"m": {"plugin": {"p": {"a": [1, true]}}}}}}',
      "plugin",
      "http.middlewares.*.plugin.*",
    ],
    ["an alias of nothing", "a: *b", "alias", ""],
    ["an alias bomb", bomb(), "alias", ""],
    ["brackets without end", "[".repeat(100_000), "syntax", ""],
  ])("a file is refused with %s, and the problem says where without a value", (_, text, reason, where) => {
    expect(yml(text)).toEqual({ state: "refused", reason, where });
  });

  it("a file is unknown with a second document that is broken", () => {
    expect(yml("http:\n---\n{")).toEqual({ state: "unknown", reason: "yaml_after_document" });
  });

  it("a file is unknown with a template, and ignored with another ending", () => {
    expect(yml('http: {{ env "HOME" }}')).toEqual({ state: "unknown", reason: "template" });
    expect(readTraefikFile("a.yml.tmp", "{").state).toBe("ignored");
    expect(readTraefikFile("A.YML", "{").state).toBe("refused");
  });

  it("a file shows its routers as Traefik would build them", () => {
    const text = `{"http": {"routers": {
      "portcullis-x": {"rule": "Host(\`a\`)", "entryPoints": "web,other", "service": "s", "middlewares": ["a║b", " c "]},
      "1": {"rule": "Path(\`/\`)", "priority": "7"}
    }, "services": {"s": {"loadBalancer": {"servers": [{"url": "http://a"}]}}}}, "tcp": {"routers": {"t": {"rule": "x"}}}}`;
    const verdict = yml(text);
    expect(verdict.state === "accepted" && verdict.defines).toMatchObject({
      http: {
        routers: [
          { name: "1", rule: "Path(`/`)", entryPoints: [], middlewares: [], service: "", priority: 7 },
          {
            name: "portcullis-x",
            entryPoints: ["web", "other"],
            middlewares: ["a", "b", "c"],
            service: "s",
            priority: 0,
          },
        ],
        services: ["s"],
        middlewares: [],
      },
      tcp: { routers: [{ name: "t" }] },
    });
  });

  it("a file merges anchors as YAML 1.1 does", () => {
    const verdict = yml("http:\n  routers:\n    a: &a {rule: x, service: s}\n    b: {<<: *a, service: t}\n");
    expect(verdict.state === "accepted" && verdict.defines.http.routers).toMatchObject([
      { name: "a", rule: "x", service: "s" },
      { name: "b", rule: "x", service: "t" },
    ]);
  });

  it("a file may be TOML", () => {
    expect(readTraefikFile("a.toml", '[http.routers.r]\nrule = "x"\npriority = 1_0\n').state).toBe("accepted");
    expect(readTraefikFile("a.toml", "[http.routers]\n")).toMatchObject({ reason: "empty_element" });
    expect(readTraefikFile("a.toml", "[http.routers.r]\nrule = 2001-01-01\n")).toMatchObject({
      reason: "unsupported_type",
    });
    expect(readTraefikFile("a.toml", "[http")).toMatchObject({ reason: "syntax" });
  });
});

describe("a file", () => {
  it.each(forms.map((form) => [form.says, form.reader, form] as const))(
    "a file with %s is %s",
    (_, __, { text, reader }) => {
      expect(wordOf(yml(text))).toBe(reader);
    },
  );

  it("a file of any form is judged as Traefik judges it, or not at all", () => {
    const wrong = forms.filter(({ text, traefik }) => {
      const { state } = yml(text);
      return state !== "unknown" && state !== traefik;
    });
    expect(wrong).toEqual([]);
  });
});

/** Ten lists, each of ten aliases of the one before: 10^10 nodes. */
function bomb(): string {
  const lines = ["l0: &l0 [x, x]"];
  for (let level = 1; level <= 10; level++) lines.push(`l${level}: &l${level} [${`*l${level - 1}, `.repeat(10)}]`);
  return lines.join("\n");
}
