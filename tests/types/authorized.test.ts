import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A call of a use case that a developer could write, and the compiler's error; null if there is none. */
interface PlantedCall {
  readonly title: string;
  readonly line: string;
  readonly error: string | null;
}

const planted: readonly PlantedCall[] = [
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

const head = `import type { CreateKey } from "../../src/features/keys/contract";
import type { Organization } from "../../src/access/organization";
import { Authorized } from "../../src/access/authorized";
import type { Named } from "../../src/access/resource";
import type { LocatedKey } from "../../src/features/keys/resource";
import { revokeKey } from "../../src/features/keys/revoke";

declare function createKey(authorized: Authorized<"key:create", Organization>, input: CreateKey): Promise<unknown>;

export async function use(
  toRevoke: Authorized<"key:delete", LocatedKey>,
  toCreate: Authorized<"key:create", Organization>,
  otherPermission: Authorized<"key:read", LocatedKey>,
  otherKind: Authorized<"key:delete", Organization>,
  input: CreateKey,
  demand: { permission: "key:delete"; named: Named<LocatedKey> },
): Promise<unknown> {
  const { request, principal, organization, object, permission, named, objectId, again, afresh } = toRevoke;
`;
const firstLine = head.split("\n").length;
const tail = "  return [toRevoke, toCreate, otherPermission, otherKind, input, demand];\n}\n";

const root = process.cwd();
let folder: string;
let compilerErrors: Map<string, string[]>;

beforeAll(async () => {
  folder = mkdtempSync(join(root, "tests", ".planted-"));
  for (const [at, { line }] of planted.entries()) writeFileSync(join(folder, `${at}.ts`), `${head}  ${line}\n${tail}`);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.json",
      // Each file calls one use case, but imports everything that any of them needs.
      compilerOptions: { noUnusedLocals: false },
      include: ["*.ts"],
    }),
  );
  compilerErrors = await compile(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The compiler's errors for each file, as `line: code`. */
async function compile(project: string): Promise<Map<string, string[]>> {
  const output = await new Promise<string>((resolve) => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    execFile(
      process.execPath,
      [tsc, "-p", project, "--pretty", "false", "--checkers", "1"],
      { cwd: root },
      (_, stdout) => resolve(stdout),
    );
  });
  const errors = new Map<string, string[]>();
  for (const [, path = "", line, code] of output.matchAll(/^(\S[^(]*)\((\d+),\d+\): error (TS\d+)/gm)) {
    const file = relative(project, join(root, path));
    errors.set(file, [...(errors.get(file) ?? []), `${line}: ${code}`]);
  }
  return errors;
}

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
