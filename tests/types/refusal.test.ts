import { beforeAll, describe, expect, test } from "vitest";
import { compilePlanted, type Planted } from "../support/planted-types";

const planted: readonly Planted[] = [
  {
    title: "compiles with a reason and its parameters",
    line: 'made.push(new Refusal("duplicate_username", { username: "ada" }));',
    error: null,
  },
  {
    title: "compiles with a reason that has no parameters",
    line: 'made.push(new Refusal("last_owner"));',
    error: null,
  },
  {
    title: "does not compile without the parameters",
    line: 'made.push(new Refusal("duplicate_username"));',
    error: "TS2554",
  },
  {
    title: "does not compile with a parameter of another name",
    line: 'made.push(new Refusal("duplicate_username", { name: "ada" }));',
    error: "TS2353",
  },
  {
    title: "does not compile with a parameter of another type",
    line: 'made.push(new Refusal("duplicate_username", { username: 7 }));',
    error: "TS2322",
  },
  {
    title: "does not compile with a parameter too many",
    line: 'made.push(new Refusal("duplicate_username", { username: "ada", password: "x" }));',
    error: "TS2353",
  },
  {
    title: "does not compile with parameters for a reason that has none",
    line: 'made.push(new Refusal("last_owner", { name: "ada" }));',
    error: "TS2554",
  },
  {
    title: "does not compile with a word outside of a parameter's closed set",
    line: 'made.push(new Refusal("busy", { work: "everything", retryAfter: 1 }));',
    error: "TS2322",
  },
  {
    title: "does not compile with a reason that is not in the catalogue",
    line: 'made.push(new Refusal("unheard_of"));',
    error: "TS2345",
  },
  {
    title: "does not compile with a reason of the transport",
    line: 'made.push(new Refusal("malformed_body"));',
    error: "TS2345",
  },
  {
    title: "does not compile with a sentence of its own",
    line: 'made.push(new Refusal("last_owner", "There is one owner."));',
    error: "TS2554",
  },
  { title: "is declared by its reason", line: 'declare(["last_owner"]);', error: null },
  {
    title: "is not declared by a reason that is not in the catalogue",
    line: 'declare(["unheard_of"]);',
    error: "TS2322",
  },
  {
    title: "is not compared with a reason that is not in the catalogue",
    line: 'if (refusedCall.data?.reason === "unheard_of") made.pop();',
    error: "TS2367",
  },
  {
    title: "is compared with a reason of the catalogue",
    line: 'if (refusedCall.data?.reason === "last_owner") made.pop();',
    error: null,
  },
];

const head = `import type { TRPCClientError } from "@trpc/client";
import { z } from "zod";
import { openOperation } from "#src/operations/operation";
import type { RefusalReason } from "#src/platform/errors/reasons";
import { Refusal } from "#src/platform/errors/refusal";
import type { Router } from "#src/sdk/create-client";

const empty = z.strictObject({});
const declare = (errors: Parameters<typeof openOperation<typeof empty, typeof empty, { method: "GET"; path: "/x" }>>[0]["errors"]) => errors;

export function use(refusedCall: TRPCClientError<Router>): readonly unknown[] {
  const made: Refusal<RefusalReason>[] = [];
`;
const firstLine = head.split("\n").length;
const tail = "  return [...made, refusedCall];\n}\n";

let said: Map<string, string[]>;

beforeAll(async () => {
  said = await compilePlanted(planted, head, tail);
});

describe("a refusal", () => {
  test.each(planted.map((one, at) => ({ ...one, at })))("$title", ({ at, error }) => {
    expect(said.get(`${at}.ts`) ?? []).toEqual(error === null ? [] : [`${firstLine}: ${error}`]);
  });

  test("a refusal compiles in every other respect", () => {
    expect([...said.keys()].sort()).toEqual(
      planted.flatMap(({ error }, at) => (error === null ? [] : [`${at}.ts`])).sort(),
    );
  });
});
