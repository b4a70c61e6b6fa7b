import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { features } from "#src/features/all";
import { operationsOf } from "#src/operations/operations-of";
import { commonReasons } from "#src/operations/require-declared";
import { type AnyDefinition, exampleOf, type RefusalKind, statuses } from "#src/platform/errors/reason";
import { type Reason, reasons } from "#src/platform/errors/reasons";
import { accessReasons } from "#src/platform/errors/reasons/access";
import { capacityReasons } from "#src/platform/errors/reasons/capacity";
import { inputReasons } from "#src/platform/errors/reasons/input";
import { stateReasons } from "#src/platform/errors/reasons/state";
import { transportReasons } from "#src/platform/errors/reasons/transport";

const catalogue = Object.entries(reasons) as [Reason, AnyDefinition][];
const root = process.cwd();

/** The source without the catalogue itself. */
const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path) && !path.includes(join("errors", "reasons")))
  .map((path) => readFileSync(join(root, "src", path), "utf8"))
  .join("\n");

/** Reasons of the endpoints under `/api/auth`, which are not operations. */
const ofSignIn: readonly Reason[] = [
  "already_set_up",
  "code_refused",
  "invitation_expired",
  "invitation_void",
  "link_ended",
  "link_expired",
  "link_unknown",
  "link_used",
  "passkey_not_accepted",
  "sign_in_first",
  "sign_in_refused",
  "single_sign_on_refused",
];

/** Reasons of the commands of the host. */
const ofHost: readonly Reason[] = [
  "no_such_gateway",
  "no_such_organization",
  "no_such_person",
  "not_set_up",
  "secret_not_in_force",
];

/** Reasons with which a stream of events is refused. It is not an operation. */
const ofStreams: readonly Reason[] = ["stream_capacity_reached", "too_many_streams"];

/** Reasons with which the server answers itself, before any operation is called. */
const ofServer: readonly Reason[] = ["starting"];

const refusalKinds: readonly RefusalKind[] = [
  "unauthenticated",
  "forbidden",
  "notFound",
  "conflict",
  "invalid",
  "tooMany",
  "unavailable",
];

const declared: ReadonlySet<Reason> = new Set(operationsOf(features).flatMap(({ operation }) => operation.errors));

test("every reason is in one file of the catalogue only", () => {
  const parts = [accessReasons, capacityReasons, inputReasons, stateReasons, transportReasons];
  const names = parts.flatMap((part) => Object.keys(part));
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  expect(names).toHaveLength(catalogue.length);
});

describe.each(catalogue)("the reason %s", (reason, definition) => {
  const sentence = exampleOf(definition);

  test("the message of the reason consists of whole sentences in plain English", () => {
    expect(sentence).toMatch(/^["A-Z].{10,}\.$/);
    expect(sentence).not.toMatch(
      /\b(whoever|whomever|whom|nobody|somebody|anew|beside|meanwhile|of ours|of one's own|is told)\b/i,
    );
    expect(sentence).not.toMatch(/undefined|\[object|NaN/);
    expect(sentence).not.toContain("\n");
  });

  test("the fields of the reason have stable words", () => {
    const { fields } = definition;
    for (const [path, word] of Object.entries(fields(definition.example as never) ?? {})) {
      expect(path).toMatch(/^[a-zA-Z]\w*(\.\w+)*$/);
      expect(word).toMatch(/^[a-z]+(_[a-z0-9]+)*$/);
    }
  });

  test("the reason is used in the source", () => {
    expect(source).toContain(`"${reason}"`);
  });

  test("the reason is declared by an operation, common to all operations, or used outside of operations", () => {
    const isOfTransport = !refusalKinds.some((kind) => kind === definition.kind);
    const places = [
      declared.has(reason),
      [...commonReasons].some((common) => common === reason),
      isOfTransport ||
        ofSignIn.includes(reason) ||
        ofHost.includes(reason) ||
        ofStreams.includes(reason) ||
        ofServer.includes(reason),
    ];
    expect(places).toContain(true);
  });
});

describe("the catalogue", () => {
  test("the catalogue has no sentence twice", () => {
    const sentences = catalogue.map(([, definition]) => exampleOf(definition));
    expect(sentences.filter((sentence, at) => sentences.indexOf(sentence) !== at)).toEqual([]);
  });

  test("the catalogue has a status for every kind", () => {
    for (const [, { kind }] of catalogue) expect(statuses[kind]).toBeGreaterThanOrEqual(400);
  });

  test("only the catalogue defines messages of refusals, and no other source extends its errors", () => {
    expect(source.match(/extends (Refusal|ReasonedError|Unreadable)\b/g)?.sort()).toEqual([
      "extends ReasonedError",
      "extends ReasonedError",
      "extends Refusal",
      "extends Unreadable",
    ]);
  });
});
