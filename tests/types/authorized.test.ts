import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compilePlanted, type Planted } from "../support/planted-types";

const planted: readonly Planted[] = [
  { title: "with what authorization made for it", line: "await revokeKey(right);", error: null },
  { title: "with nothing", line: "await revokeKey();", error: "TS2554" },
  { title: "with that of another permission", line: "await revokeKey(otherPermission);", error: "TS2345" },
  { title: "with that of another kind of object", line: "await revokeKey(otherKind);", error: "TS2345" },
  { title: "with the object alone", line: "await revokeKey(right.object);", error: "TS2740" },
  { title: "with a copy of it", line: "await revokeKey({ ...right });", error: "TS2740" },
  {
    title: "with an object made by hand",
    line: 'await revokeKey({ permission: "key:delete", object: right.object, request: right.request });',
    error: "TS2740",
  },
  {
    title: "with one made by hand that has everything that can be seen of it",
    line: "await revokeKey({ request, principal, organization, object, permission, named, objectId, again, afresh });",
    error: "TS2739",
  },
  {
    title: "with one that is made anew",
    line: "await revokeKey(new Authorized(right.request, right.principal, right.organization, right.object, demand));",
    error: "TS2673",
  },
  { title: "of another verb, with what was made for it", line: "await createKey(making, input);", error: null },
  { title: "of another verb, without", line: "await createKey(input);", error: "TS2554" },
  { title: "with the request instead", line: "await createKey(right.request, input);", error: "TS2740" },
];

const head = `import type { CreateKey } from "../../src/features/keys/contract";
import { Authorized } from "../../src/access/authorized";
import type { Organization } from "../../src/access/organization";
import type { LocatedKey } from "../../src/features/keys/resource";
import { project } from "../../src/features/projects/resource";
import { revokeKey } from "../../src/features/keys/revoke";

declare function createKey(authorized: Authorized<"key:create", Organization>, input: CreateKey): Promise<unknown>;

export async function use(
  right: Authorized<"key:delete", LocatedKey>,
  making: Authorized<"key:create", Organization>,
  otherPermission: Authorized<"key:read", LocatedKey>,
  otherKind: Authorized<"key:delete", ReturnType<typeof project.read>>,
  input: CreateKey,
  demand: { permission: "key:delete"; named: never },
): Promise<unknown> {
  const { request, principal, organization, object, permission, named, objectId, again, afresh } = right;
`;
const firstLine = head.split("\n").length;
const tail = "  return [right, making, otherPermission, otherKind, input, demand];\n}\n";

const root = process.cwd();
let said: Map<string, string[]>;

beforeAll(async () => {
  said = await compilePlanted(planted, head, tail);
});

describe("a verb is called", () => {
  test.each(planted.map((one, at) => ({ ...one, at })))("$title: $error", ({ at, error }) => {
    expect(said.get(`${at}.ts`) ?? []).toEqual(error === null ? [] : [`${firstLine}: ${error}`]);
  });

  test("and nothing else is wrong", () => {
    expect([...said.keys()].sort()).toEqual(
      planted.flatMap(({ error }, at) => (error === null ? [] : [`${at}.ts`])).sort(),
    );
  });
});

describe("nowhere in the code", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const found = (pattern: RegExp) =>
    files.flatMap((path) => {
      const text = readFileSync(join(root, "src", path), "utf8");
      return pattern.test(text) ? [path] : [];
    });

  test("there are files to look at", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(found(/class Authorized</)).toEqual([join("access", "authorized.ts")]);
  });

  test.each([
    ["is anything said to be authorized", /\bas\s+(?:\w+\.)*Authorized\b/],
    ["nor by the older way of saying it", /(?<!\w)<(?:\w+\.)*Authorized\b/],
    ["is a type forced by way of another", /\bas\s+(?:unknown|any|never)\s+as\b/],
    ["is an error of the compiler kept quiet", /@ts-(?:ignore|expect-error|nocheck)/],
  ])("%s", (_, pattern) => {
    expect(found(pattern)).toEqual([]);
  });

  test("is one made but where the decision was made", () => {
    expect(found(/new Authorized\b/)).toEqual([join("access", "authorized.ts")]);
    expect(found(/Object\.create\(Authorized|Reflect\.construct\(Authorized|Authorized\.prototype/)).toEqual([]);
  });
});
