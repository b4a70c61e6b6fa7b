import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compilePlanted, type Planted } from "../support/planted-types";

const planted: readonly Planted[] = [
  { title: "with its authorization", line: "await revokeKey(toRevoke);", error: null },
  { title: "without an argument", line: "await revokeKey();", error: "TS2554" },
  {
    title: "with the authorization for another permission",
    line: "await revokeKey(otherPermission);",
    error: "TS2345",
  },
  { title: "with the authorization for another kind of object", line: "await revokeKey(otherKind);", error: "TS2345" },
  { title: "with the object alone", line: "await revokeKey(toRevoke.object);", error: "TS2740" },
  { title: "with a copy of its authorization", line: "await revokeKey({ ...toRevoke });", error: "TS2740" },
  {
    title: "with a handwritten object",
    line: 'await revokeKey({ permission: "key:delete", object: toRevoke.object, request: toRevoke.request });',
    error: "TS2740",
  },
  {
    title: "with a handwritten object that has every public field",
    line: "await revokeKey({ request, principal, organization, object, permission, named, objectId, again, afresh });",
    error: "TS2739",
  },
  {
    title: "with an authorization that it constructs",
    line: "await revokeKey(new Authorized(toRevoke.request, toRevoke.principal, toRevoke.organization, toRevoke.object, demand));",
    error: "TS2673",
  },
  { title: "of another use case, with its authorization", line: "await createKey(toCreate, input);", error: null },
  { title: "of another use case, without an authorization", line: "await createKey(input);", error: "TS2554" },
  {
    title: "with the request instead of the authorization",
    line: "await createKey(toRevoke.request, input);",
    error: "TS2740",
  },
];

const head = `import type { CreateKey } from "#src/features/keys/contract";
import type { Organization } from "#src/access/organization";
import { Authorized } from "#src/access/authorized";
import { project } from "#src/features/projects/resource";
import type { Named } from "#src/access/resource";
import type { LocatedKey } from "#src/features/keys/resource";
import { revokeKey } from "#src/features/keys/revoke";

declare function createKey(authorized: Authorized<"key:create", Organization>, input: CreateKey): Promise<unknown>;

export async function use(
  toRevoke: Authorized<"key:delete", LocatedKey>,
  toCreate: Authorized<"key:create", Organization>,
  otherPermission: Authorized<"key:read", LocatedKey>,
  otherKind: Authorized<"key:delete", ReturnType<typeof project.read>>,
  input: CreateKey,
  demand: { permission: "key:delete"; named: Named<LocatedKey> },
): Promise<unknown> {
  const { request, principal, organization, object, permission, named, objectId, again, afresh } = toRevoke;
`;
const firstLine = head.split("\n").length;
const tail = "  return [toRevoke, toCreate, otherPermission, otherKind, input, demand];\n}\n";

const root = process.cwd();
let compilerErrors: Map<string, string[]>;

beforeAll(async () => {
  compilerErrors = await compilePlanted(planted, head, tail);
});

describe("a call of a use case", () => {
  test.each(planted.map(({ title, error }, at) => [title, error, at] as const))(
    "the compiler judges a call %s: %s",
    (_title, error, at) => {
      expect(compilerErrors.get(`${at}.ts`) ?? []).toEqual(error === null ? [] : [`${firstLine}: ${error}`]);
    },
  );

  test("the compiler reports no error in any other file", () => {
    expect([...compilerErrors.keys()].sort()).toEqual(
      planted.flatMap(({ error }, at) => (error === null ? [] : [`${at}.ts`])).sort(),
    );
  });
});

describe("the source code", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.tsx?$/.test(path),
  );
  const found = (pattern: RegExp) =>
    files.flatMap((path) => {
      const text = readFileSync(join(root, "src", path), "utf8");
      return pattern.test(text) ? [path] : [];
    });

  test("the search finds the source files", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(found(/class Authorized</)).toEqual([join("access", "authorized.ts")]);
  });

  test.each([
    ["no value is asserted to be Authorized", /\bas\s+(?:\w+\.)*Authorized\b/],
    ["no value is asserted to be Authorized with the older syntax", /(?<!\w)<(?:\w+\.)*Authorized\b/],
    ["no type is asserted through another type", /\bas\s+(?:unknown|any|never)\s+as\b/],
    ["no error of the compiler is suppressed", /@ts-(?:ignore|expect-error|nocheck)/],
  ])("%s", (_, pattern) => {
    expect(found(pattern)).toEqual([]);
  });

  test("an Authorized is created only where the decision is made", () => {
    expect(found(/new Authorized\b/)).toEqual([join("access", "authorized.ts")]);
    expect(found(/Object\.create\(Authorized|Reflect\.construct\(Authorized|Authorized\.prototype/)).toEqual([]);
  });
});
