import { createTRPCClient, httpLink, TRPCClientError } from "@trpc/client";
import md5 from "apache-md5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { organizations } from "#drizzle/organizations";
import { security } from "#drizzle/security";
import type { Router } from "#src/http/trpc/router";
import type { CallResponse } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { readRows, updateRows } from "../support/rows/table";
import { registeredSecrets, registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

interface Credential extends Record<string, unknown> {
  securityId: string;
  username: string;
  passwordChangedAt: string;
  password?: string;
  warnings?: { reason: string; message: string }[];
}

let world: World;
let acme: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

const strong = () => registerSecret(`Correct-Horse-${Math.random().toString(36).slice(2)}-7-Staple`);

/**
 * DK-2, DK-3: no response contains a hash or a registered password. A generated password is registered after the one
 * response that shows it, so that every later response is checked for it.
 */
function requireNoSecret(text: string): void {
  expect(text).not.toMatch(/\$apr1\$|\$2[aby]\$|v1\.[\w-]{8}\.[\w-]{16}\.|hash_sealed|hashSealed/);
  for (const secret of registeredSecrets()) {
    if (secret.length >= 8) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
  }
}

async function call<T = Credential>(procedure: string, input: unknown, org = acme): Promise<CallResponse<T>> {
  const answer = await org.call<T>(procedure, input);
  requireNoSecret(answer.text);
  return answer;
}

const refusalOf = (answer: CallResponse<unknown>) => ({
  status: answer.status,
  code: answer.error?.data.code,
  reason: answer.error?.data.reason,
  fields: answer.error?.data.fields,
});

async function application(input: Record<string, unknown> = {}): Promise<string> {
  return (await given(acme).application({ environmentId, access: "protected", ...input })).applicationId;
}

async function hashOf(securityId: string): Promise<string> {
  const [row] = await readRows(world.db.owner, security, { securityId });
  const opened = world.runtime.sealer.open(`security:hash:${securityId}`, row?.hashSealed ?? "");
  if (!opened.ok) throw new Error(opened.reason);
  return registerSecret(opened.plaintext);
}

test("DK-1: only a hash of the password is stored, sealed for its own row", async () => {
  const applicationId = await application();
  const password = strong();
  const { data } = await call("security.create", { applicationId, username: "ada", password });
  const other = await call("security.create", { applicationId, username: "bob", password: strong() });
  const [row] = await readRows(world.db.owner, security, { securityId: data.securityId });
  const stored = JSON.stringify(row);
  expect(row?.hashSealed).toMatch(/^v1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/);
  expect(stored).not.toContain(password);
  expect(stored).not.toContain("$apr1$");
  expect(md5(password, await hashOf(data.securityId))).toBe(await hashOf(data.securityId));
  const moved = world.runtime.sealer.open(`security:hash:${other.data.securityId}`, row?.hashSealed ?? "");
  expect(moved).toEqual({ ok: false, reason: "altered" });
});

describe("DK-2: security.create", () => {
  test("security.create returns the created credential without the given password", async () => {
    const applicationId = await application();
    const password = strong();
    const answer = await call("security.create", { applicationId, username: "ada", password });
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({
      securityId: expect.stringMatching(/^sec_[0-9a-z]{26}$/),
      applicationId,
      username: "ada",
      hashAlgorithm: "apr1",
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      passwordChangedAt: answer.data.createdAt,
      expiresAt: null,
      lastUsedAt: null,
      version: 1,
      sync: { changeId: expect.stringMatching(/^chg_/), state: "pending" },
      warnings: [],
    });
    expect(answer.text).not.toContain(password);
  });

  test("security.create without a password generates a strong one and returns it once", async () => {
    const applicationId = await application();
    const { data, text } = await call("security.create", { applicationId, username: "ada" });
    const password = registerSecret(data.password ?? "");
    expect(password).toMatch(/^[\w]{4}(-[\w]{4}){4}$/);
    expect(data.warnings).toEqual([]);
    expect(text.split(password)).toHaveLength(2);
    expect(md5(password, await hashOf(data.securityId))).toBe(await hashOf(data.securityId));
    for (const [procedure, input] of [
      ["security.one", { securityId: data.securityId }],
      ["security.list", { applicationId }],
      ["security.delete", { securityId: data.securityId }],
    ] as const) {
      expect((await call(procedure, input)).text).not.toContain(password);
    }
  });
});

test("DK-3: security.one returns all fields except password and hash", async () => {
  const { securityId } = await given(acme).credential(await application());
  const answer = await call("security.one", { securityId });
  expect(Object.keys(answer.data).sort()).toEqual([
    "applicationId",
    "createdAt",
    "expiresAt",
    "hashAlgorithm",
    "lastUsedAt",
    "passwordChangedAt",
    "securityId",
    "sync",
    "username",
    "version",
  ]);
});

describe("DK-4: security.update", () => {
  test("security.update changes the username, the password or both, and nothing else", async () => {
    const { securityId } = await given(acme).credential(await application());
    const [before, hash] = [(await call("security.one", { securityId })).data, await hashOf(securityId)];

    world.now = new Date(Date.now() + 60_000);
    const renamed = await call("security.update", { securityId, username: "bob" });
    expect(renamed.data).toMatchObject({ username: "bob", passwordChangedAt: before.passwordChangedAt, warnings: [] });
    expect(await hashOf(securityId)).toBe(hash);

    const password = strong();
    const changed = await call("security.update", { securityId, password });
    expect(changed.data.username).toBe("bob");
    expect(changed.data.passwordChangedAt > before.passwordChangedAt).toBe(true);
    expect(changed.data).not.toHaveProperty("password");
    expect(md5(password, await hashOf(securityId))).toBe(await hashOf(securityId));

    const both = strong();
    expect((await call("security.update", { securityId, username: "eve", password: both })).data.username).toBe("eve");
    expect(md5(both, await hashOf(securityId))).toBe(await hashOf(securityId));
    world.now = null;
  });

  test("security.update without a change is refused", async () => {
    const { securityId } = await given(acme).credential(await application());
    expect(refusalOf(await call("security.update", { securityId }))).toMatchObject({
      status: 400,
      reason: "invalid_input",
      fields: { input: "nothing_to_change" },
    });
  });
});

test("DK-5: security.delete returns the deleted credential once, and then 404", async () => {
  const { securityId } = await given(acme).credential(await application());
  const { sync: _, ...before } = (await call("security.one", { securityId })).data;
  const deleted = await call("security.delete", { securityId });
  expect(deleted.data).toMatchObject({ ...before, becamePublic: false, sync: { state: "pending" } });
  for (const procedure of ["security.one", "security.delete"]) {
    expect(refusalOf(await call(procedure, { securityId }))).toMatchObject({ status: 404, reason: "not_found" });
  }
});

describe("DK-6: security.list", () => {
  interface Page extends Record<string, unknown> {
    items: Credential[];
    nextCursor: string | null;
  }

  test("security.list returns the credentials of one application, newest first, in pages", async () => {
    const applicationId = await application();
    await given(acme).credential(await application(), "elsewhere");
    for (const name of ["u1", "u2", "u3", "u4", "u5"]) await given(acme).credential(applicationId, name);
    const pages: string[][] = [];
    let cursor: string | null | undefined;
    do {
      const { data } = await call<Page>("security.list", { applicationId, limit: 2, ...(cursor ? { cursor } : {}) });
      pages.push(data.items.map((item) => item.username));
      cursor = data.nextCursor;
    } while (cursor);
    expect(pages).toEqual([["u5", "u4"], ["u3", "u2"], ["u1"]]);
    const exactly = await call<Page>("security.list", { applicationId, limit: 5 });
    expect(exactly.data.nextCursor).toBeNull();
  });

  test.each([0, 201, 1.5, "2", -1])("security.list with the limit %s is refused", async (limit) => {
    expect((await call("security.list", { applicationId: await application(), limit })).status).toBe(400);
  });

  test("security.list with a foreign cursor returns a page, never a database error", async () => {
    const applicationId = await application();
    for (const cursor of ["a", "zzzz", "sec_x", "0"]) {
      expect((await call("security.list", { applicationId, cursor })).status).toBe(200);
    }
    expect((await call("security.list", { applicationId, cursor: "'; select 1" })).status).toBe(400);
  });
});

test("DK-7: a duplicate username in an application gets 409 without database details", async () => {
  const applicationId = await application();
  const password = strong();
  await call("security.create", { applicationId, username: "ada", password });
  const bob = await call("security.create", { applicationId, username: "bob", password: strong() });
  const again = { status: 409, code: "CONFLICT", reason: "duplicate_username", fields: { username: "duplicate" } };
  const created = await call("security.create", { applicationId, username: "ada", password });
  expect(refusalOf(created)).toEqual(again);
  const renamed = await call("security.update", { securityId: bob.data.securityId, username: "ada" });
  expect(refusalOf(renamed)).toEqual(again);
  for (const { text } of [created, renamed]) {
    expect(text).not.toContain(password);
    expect(text).not.toMatch(/security_username|23505|violates|constraint/);
  }
  expect((await call("security.create", { applicationId, username: "Ada" })).status).toBe(200);
  expect((await call("security.create", { applicationId: await application(), username: "ada" })).status).toBe(200);
});

describe("DK-8: a username", () => {
  test.each([
    ["one character", "a"],
    ["255 bytes", "u".repeat(255)],
    ["255 bytes, mostly two-byte characters", `${"ü".repeat(127)}u`],
    ["a template", '{{ env "HOME" }}'],
    ["quotes, backticks and backslashes", "`'\"\\$(id)"],
    ["an inner space", "ada lovelace"],
    ["an emoji", "😀"],
    ["an e-mail address", "ada@example.org"],
  ])("a username may be %s", async (_title, username) => {
    const answer = await call("security.create", { applicationId: await application(), username });
    expect([answer.status, answer.data?.username]).toEqual([200, username]);
  });

  test.each([
    ["empty", "", "invalid_input"],
    ["256 bytes", "u".repeat(256), "invalid_input"],
    ["256 bytes of two-byte characters", "ü".repeat(128), "invalid_username"],
    ["with a colon", "a:b", "invalid_username"],
    ["with ║", "a║b", "invalid_username"],
    ["with a line break", "a\nb", "invalid_username"],
    ["with NUL", "a\u0000b", "invalid_username"],
    ["with DEL", "a\u007fb", "invalid_username"],
    ["with a C1 control", "a\u0085b", "invalid_username"],
    ["with a lone surrogate", "a\ud800b", "invalid_username"],
    ["with a byte order mark", "\ufeffab", "invalid_username"],
    ["with a noncharacter code point", "a\uffffb", "invalid_username"],
    ["with a leading space", " ab", "invalid_username"],
    ["with a trailing space", "ab ", "invalid_username"],
    ["with a trailing no-break space", "ab\u00a0", "invalid_username"],
    ["a number", 7, "invalid_input"],
    ["null", null, "invalid_input"],
  ])("a username may not be %s", async (_title, username, reason) => {
    const applicationId = await application();
    const { securityId } = await given(acme).credential(applicationId, "standing");
    const created = await call("security.create", { applicationId, username });
    const updated = await call("security.update", { securityId, username });
    for (const answer of [created, updated]) {
      expect(refusalOf(answer)).toMatchObject({ status: 400, code: "BAD_REQUEST", reason });
      expect(Object.keys(answer.error.data.fields ?? {})).toEqual(["username"]);
    }
  });
});

describe("DK-9: a password", () => {
  test.each<[string, string, "apr1" | "bcrypt"]>([
    ["one character", "x", "apr1"],
    ["255 bytes", "p".repeat(255), "apr1"],
    ["255 bytes, mostly two-byte characters", `${"ü".repeat(127)}u`, "apr1"],
    ["spaces around it", " pass ", "apr1"],
    ["║ and a colon", "a║b:c", "apr1"],
    ["72 bytes with bcrypt", "p".repeat(72), "bcrypt"],
    ["72 bytes of two-byte characters with bcrypt", "ü".repeat(36), "bcrypt"],
  ])("a password may be %s", async (_title, password, hashAlgorithm) => {
    const applicationId = await application({ hashAlgorithm });
    const answer = await call("security.create", { applicationId, username: "someone", password });
    expect([answer.status, answer.data?.hashAlgorithm]).toEqual([200, hashAlgorithm]);
    if (hashAlgorithm === "apr1") {
      // Traefik compares bytes, not characters.
      const bytes = Buffer.from(password, "utf8").toString("latin1");
      expect(md5(bytes, await hashOf(answer.data.securityId))).toBe(await hashOf(answer.data.securityId));
    }
  });

  test.each<[string, unknown, "apr1" | "bcrypt", string]>([
    ["empty", "", "apr1", "invalid_input"],
    ["256 bytes", "p".repeat(256), "apr1", "invalid_input"],
    ["256 bytes of two-byte characters", "ü".repeat(128), "apr1", "invalid_password"],
    ["73 bytes with bcrypt", "p".repeat(73), "bcrypt", "invalid_password"],
    ["73 bytes, mostly two-byte characters, with bcrypt", `${"ü".repeat(36)}u`, "bcrypt", "invalid_password"],
    ["with a tab", "pass\tword", "apr1", "invalid_password"],
    ["with NUL", "pass\u0000word", "apr1", "invalid_password"],
    ["with DEL", "pass\u007fword", "apr1", "invalid_password"],
    ["with a lone surrogate", "pass\ud83dword", "apr1", "invalid_password"],
    ["a number", 123456, "apr1", "invalid_input"],
  ])("a password may not be %s", async (_title, password, hashAlgorithm, reason) => {
    const applicationId = await application({ hashAlgorithm });
    const answer = await call("security.create", { applicationId, username: "ada", password });
    expect(refusalOf(answer)).toMatchObject({ status: 400, code: "BAD_REQUEST", reason });
    expect(Object.keys(answer.error.data.fields ?? {})).toEqual(["password"]);
    if (typeof password === "string" && password.length > 8) expect(answer.text).not.toContain(password);
  });

  const weaknesses: [string, string[]][] = [
    ["Qz7-kfW", ["password_short"]],
    ["no-upper-case-letter-7", ["password_no_upper_case"]],
    ["NO-LOWER-CASE-LETTER-7", ["password_no_lower_case"]],
    ["No-Digit-In-This-One", ["password_no_digit"]],
    ["NoSpecialInThisOne77", ["password_no_special"]],
    ["Password1234!", ["password_common"]],
    ["Visitor-9-tractor-Quux", ["password_contains_username"]],
    ["$2y$05$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.", ["looks_like_hash"]],
  ];
  test.each(weaknesses)("a weak password is accepted with warnings by default: %s", async (password, reasons) => {
    const applicationId = await application();
    const answer = await call("security.create", { applicationId, username: "visitor", password });
    expect(answer.status).toBe(200);
    expect(answer.data.warnings?.map((warning) => warning.reason)).toEqual(reasons);
    for (const { message } of answer.data.warnings ?? []) expect(message).not.toContain(password);
    expect(await hashOf(answer.data.securityId)).toMatch(/^\$apr1\$/);
    const { securityId } = answer.data;
    const update = await call("security.update", { securityId, password });
    expect(update.data.warnings?.map((warning) => warning.reason)).toEqual(reasons);
  });

  test.each(weaknesses)(
    "a weak password is refused if the organization enforces the policy: %s",
    async (password, reasons) => {
      const strict = await world.organization();
      await updateRows(
        world.db.owner,
        organizations,
        { organizationId: strict.organizationId },
        { passwordPolicy: "enforce" },
      );
      const inserted = await insertEnvironment(world, strict);
      const { applicationId } = await given(strict).application({
        ...inserted,
        projectId: undefined,
        access: "protected",
      });
      const { securityId } = await given(strict).ok<Credential>("security.create", {
        applicationId,
        username: "visitor-too",
        password: strong(),
      });
      const refused = { status: 400, reason: "weak_password", fields: { password: reasons.join(" ") } };
      const created = await call("security.create", { applicationId, username: "visitor", password }, strict);
      expect(refusalOf(created)).toMatchObject(refused);
      expect(created.text).not.toContain(password);
      if (!reasons.includes("password_contains_username")) {
        expect(refusalOf(await call("security.update", { securityId, password }, strict))).toMatchObject(refused);
      }
      const withCredential = {
        environmentId: inserted.environmentId,
        name: "Whole",
        credential: { username: "visitor", password },
      };
      expect(refusalOf(await call("applications.create", withCredential, strict))).toMatchObject(refused);
      const generated = await call("security.create", { applicationId, username: "made" }, strict);
      expect(generated.status).toBe(200);
      registerSecret(generated.data.password ?? "");
    },
  );
});

describe("DK-10: several credentials of one application", () => {
  test("the credentials of an application have one algorithm, which cannot change while they exist", async () => {
    const applicationId = await application({ hashAlgorithm: "bcrypt" });
    const credentials = [];
    for (const username of ["ada", "bob"]) credentials.push(await call("security.create", { applicationId, username }));
    for (const { data } of credentials) {
      registerSecret(data.password ?? "");
      expect(data.hashAlgorithm).toBe("bcrypt");
      expect(await hashOf(data.securityId)).toMatch(/^\$2[aby]\$(0\d|10)\$/);
    }
    const change = await call("applications.update", { applicationId, hashAlgorithm: "apr1" });
    expect(refusalOf(change)).toMatchObject({ status: 409, reason: "credentials_exist" });
    for (const { data } of credentials) await call("security.delete", { securityId: data.securityId });
    expect((await call("applications.update", { applicationId, hashAlgorithm: "apr1" })).status).toBe(200);
  });
});

describe("DK-12: the typed client against the same router", () => {
  const client = (key: string) =>
    createTRPCClient<Router>({
      links: [
        httpLink({
          url: "http://127.0.0.1/api/trpc",
          headers: { "x-api-key": key },
          fetch: (url, options) => world.handler(new Request(String(url), options as RequestInit), { ip: null }),
        }),
      ],
    });

  test("the typed client can create, read, list, change and delete a credential", async () => {
    const { security } = client(await acme.key("developer"));
    const applicationId = await application();
    const { securityId } = await security.create.mutate({ applicationId, username: "ada", password: strong() });
    expect((await security.one.query({ securityId })).username).toBe("ada");
    expect((await security.update.mutate({ securityId, username: "bob" })).username).toBe("bob");
    expect((await security.list.query({ applicationId })).items.map((item) => item.securityId)).toEqual([securityId]);
    expect((await security.delete.mutate({ securityId })).becamePublic).toBe(false);
  });

  test("DK-14: the typed client gets the code, the reason and the request id of a refusal", async () => {
    const refusal = await client(await acme.key("viewer"))
      .security.one.query({ securityId: "sec_none" })
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TRPCClientError);
    expect((refusal as TRPCClientError<Router>).data).toMatchObject({
      code: "NOT_FOUND",
      httpStatus: 404,
      reason: "not_found",
      requestId: expect.stringMatching(/^req_/),
    });
  });
});

describe("DK-14, DK-15: the order of authentication, lookup, authorization and validation", () => {
  const wrong = { username: ":", password: "\n", more: true };

  test.each<[string, () => Promise<string | null>, number, string]>([
    ["no key", async () => null, 401, "no_credentials"],
    ["an empty key", async () => "", 401, "key_unknown"],
    ["a malformed key", async () => "password", 401, "key_unknown"],
    ["an unknown key", async () => `pcl_${"0".repeat(72)}`, 401, "key_unknown"],
    ["an expired key", () => acme.key("owner", { expiresAt: new Date(Date.now() - 1_000) }), 401, "key_expired"],
  ])("a call with %s gets %i %s, whatever the input", async (_title, keyOf, status, reason) => {
    const applicationId = await application();
    const callWithKey = world.callAs((await keyOf())?.toString() ?? null);
    for (const input of [
      { applicationId, username: "ada" },
      { applicationId, ...wrong },
      {},
      [],
      { applicationId: 7 },
    ]) {
      const answer = await callWithKey("security.create", input);
      expect([answer.status, answer.error.data.reason]).toEqual([status, reason]);
    }
  });

  test("a call gets 404 before 403 before 400", async () => {
    const applicationId = await application();
    const beta = await world.organization();
    const asViewer = world.callAs(await acme.key("viewer"));
    const asStranger = world.callAs(await beta.key("viewer"));
    expect((await asStranger("security.create", { applicationId, ...wrong })).status).toBe(404);
    expect((await asViewer("security.create", { applicationId, ...wrong })).status).toBe(403);
    expect((await call("security.create", { applicationId, ...wrong })).status).toBe(400);
  });

  test("an input with unknown fields is refused with their names and without their values", async () => {
    const applicationId = await application();
    const answer = await call("security.create", {
      applicationId,
      username: "ada",
      passwrod: "Mistyped-4711",
      "<script>alert(1)</script>": 1,
    });
    expect(refusalOf(answer)).toMatchObject({
      status: 400,
      fields: { passwrod: "unknown_field", "?": "unknown_field" },
    });
    expect(answer.text).not.toMatch(/Mistyped|script/);
  });
});
