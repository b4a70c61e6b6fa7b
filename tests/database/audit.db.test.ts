import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { security } from "#drizzle/security";
import type { CallResponse } from "../support/call-response";
import { insertEnvironment } from "../support/environment";
import { callOn } from "../support/interposed";
import { lastRow, readRows, updateRows } from "../support/rows/table";
import { outcomeOf, runAs } from "../support/run-as";
import { formsOf, registeredSecrets, registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let environmentId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

let next = 0;
const route = () => ({ host: `h${next++}.example.org`, upstreams: [{ url: `http://10.0.0.9:${20_000 + next}` }] });

const entriesOf = (organizationId: string) => readRows(world.db.owner, auditEntries, { organizationId });

/** Returns the entries of one request, by the request id in its response. */
const entriesFor = (answer: Pick<CallResponse, "headers">) =>
  readRows(world.db.owner, auditEntries, { requestId: answer.headers.get("x-request-id") ?? "" });

async function newestKey({ organizationId }: GivenOrganization) {
  const row = await lastRow(world.db.owner, apiKeys, { organizationId }, ["apiKeyId"]);
  if (row === undefined) throw new Error("the organization has no key");
  return row;
}

async function asKey(role: "owner" | "viewer", procedure: string, input: unknown, organization = acme) {
  const key = await organization.key(role);
  const { apiKeyId } = await newestKey(organization);
  const answer = await callOn<Record<string, string>>(world.runtime, key, procedure, input);
  return { answer, entries: await entriesFor(answer), apiKeyId };
}

describe("an entry of a change", () => {
  test("the entry of a change has actor, key, request, address, action, object and changed values", async () => {
    const { applicationId } = await given(acme).application({ environmentId });
    const password = registerSecret("Audit-me-not-4711");
    const { answer, entries, apiKeyId } = await asKey("owner", "security.create", {
      applicationId,
      username: "ada",
      password,
    });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      organizationId: acme.organizationId,
      actorKind: "apiKey",
      actorId: apiKeyId,
      apiKeyId: apiKeyId,
      requestId: answer.headers.get("x-request-id"),
      ip: "192.0.2.33",
      action: "security.create",
      outcome: "done",
      reason: null,
      objectKind: "credential",
      objectId: answer.data.securityId,
      changed: { username: "ada" },
    });
  });

  test("DK-22: every operation that writes leaves one entry for each object that it changed", async () => {
    const { applicationId } = await given(acme).application({ environmentId });
    const seen: string[][] = [];
    const perform = async (procedure: string, input: unknown) => {
      const { answer, entries } = await asKey("owner", procedure, input);
      expect([procedure, answer.status]).toEqual([procedure, 200]);
      seen.push(entries.map((entry) => `${entry.action} ${entry.objectKind} ${JSON.stringify(entry.changed)}`));
      return answer.data;
    };
    const { securityId } = await perform("security.create", { applicationId, username: "ada" });
    await perform("security.update", { securityId, username: "bob", password: registerSecret("Audit-me-not-4712") });
    await perform("security.update", { securityId, username: "eve" });
    const inserted = route();
    const { routeId } = await perform("routes.create", { applicationId, ...inserted });
    await perform("routes.update", { routeId, pathPrefix: "/x" });
    await perform("routes.delete", { routeId });
    await perform("applications.update", { applicationId, name: "Other" });
    await perform("security.delete", { securityId });
    await perform("applications.update", { applicationId, access: "protected" });
    const opening = { applicationId, access: "public-when-empty" };
    const { digest } = await given(acme).ok<{ digest: string }>("applications.preview", opening);
    await perform("applications.update", { ...opening, confirm: digest });
    await perform("applications.delete", { applicationId });
    const all = await perform("applications.create", {
      environmentId,
      name: "Full",
      route: route(),
      credential: { username: "ada", password: registerSecret("Audit-me-not-4713") },
    });
    expect(all.applicationId).toBeTruthy();
    expect(seen).toEqual([
      ['security.create credential {"username":"ada"}'],
      ['security.update credential {"password":"changed","username":["ada","bob"]}'],
      ['security.update credential {"username":["bob","eve"]}'],
      [
        `routes.create route ${JSON.stringify({ host: inserted.host, upstreams: inserted.upstreams.map(({ url }) => url), pathPrefix: "" })}`,
      ],
      ['routes.update route {"pathPrefix":["","/x"]}'],
      [`routes.delete route ${JSON.stringify({ host: inserted.host, pathPrefix: "/x" })}`],
      ['applications.update application {"name":["Wiki","Other"]}'],
      // DK-19: a change that makes an application public has a separate action.
      ['security.delete.opened credential {"last":true,"username":"eve"}'],
      ['applications.update application {"access":["public-when-empty","protected"]}'],
      ['applications.update.opened application {"access":["protected","public-when-empty"]}'],
      ['applications.delete application {"name":"Other"}'],
      [
        'applications.create application {"name":"Full","access":"public-when-empty","becamePublic":false}',
        'security.create credential {"username":"ada"}',
        expect.stringContaining("routes.create route"),
      ],
    ]);
  });

  test("reading leaves no entry", async () => {
    const { applicationId } = await given(acme).application({ environmentId });
    for (const procedure of ["applications.one", "security.list", "routes.list"]) {
      expect((await asKey("viewer", procedure, { applicationId })).entries).toEqual([]);
    }
  });
});

describe("an entry of a refusal", () => {
  test("a refusal with 403 leaves one entry in the actor's organization and nothing else", async () => {
    const { applicationId } = await given(acme).application({ environmentId });
    const { answer, entries, apiKeyId } = await asKey("viewer", "security.create", { applicationId, username: "ada" });
    expect(answer.status).toBe(403);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      organizationId: acme.organizationId,
      apiKeyId: apiKeyId,
      ip: "192.0.2.33",
      action: "security.create",
      outcome: "refused",
      reason: "key_scope",
      objectKind: "application",
      objectId: applicationId,
    });
  });

  test("an attempt on another organization's object is in the actor's log only", async () => {
    const { applicationId } = await given(acme).application({ environmentId });
    const before = await entriesOf(acme.organizationId);
    const { answer, entries } = await asKey("owner", "applications.delete", { applicationId }, beta);
    expect(answer.status).toBe(404);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      organizationId: beta.organizationId,
      outcome: "refused",
      reason: "not_found",
      objectId: applicationId,
    });
    expect(await entriesOf(acme.organizationId)).toEqual(before);
  });

  test.each<[string, string, number, (ids: { applicationId: string; securityId: string }) => [string, unknown]]>([
    [
      "a username that already exists",
      "duplicate_username",
      409,
      ({ applicationId }) => ["security.create", { applicationId, username: "ada" }],
    ],
    [
      "an invalid password",
      "invalid_password",
      400,
      ({ applicationId }) => ["security.create", { applicationId, username: "bob", password: "a\tb" }],
    ],
    [
      "an invalid username",
      "invalid_username",
      400,
      ({ applicationId }) => ["security.create", { applicationId, username: "a:b" }],
    ],
    [
      "a change to a username that already exists",
      "invalid_username",
      400,
      ({ securityId }) => ["security.update", { securityId, username: "a:b" }],
    ],
    [
      "an invalid host name",
      "invalid_host",
      400,
      ({ applicationId }) => [
        "routes.create",
        { applicationId, host: "not_a_name", upstreams: [{ url: "http://10.0.0.1" }] },
      ],
    ],
    [
      "an invalid path",
      "invalid_path",
      400,
      ({ applicationId }) => [
        "routes.create",
        { applicationId, host: "w.example.org", pathPrefix: "/../x", upstreams: [{ url: "http://10.0.0.1" }] },
      ],
    ],
    [
      "a new hash algorithm while credentials exist",
      "credentials_exist",
      409,
      ({ applicationId }) => ["applications.update", { applicationId, hashAlgorithm: "bcrypt" }],
    ],
    [
      "an upstream that leads to the control plane",
      "invalid_upstream",
      400,
      ({ applicationId }) => [
        "routes.create",
        { applicationId, host: "w.example.org", upstreams: [{ url: "http://localhost:3000" }] },
      ],
    ],
  ])("%s is refused, and audited once in a separate transaction", async (_title, reason, status, ask) => {
    const { applicationId } = await given(acme).application({ environmentId });
    const { securityId } = await given(acme).credential(applicationId);
    const { answer, entries } = await asKey("owner", ...ask({ applicationId, securityId }));
    expect([answer.status, answer.error.data.reason]).toEqual([status, reason]);
    expect(entries.map((entry) => [entry.outcome, entry.reason])).toEqual([["refused", reason]]);
    expect(await readRows(world.db.owner, security, { applicationId })).toHaveLength(1);
  });

  test.each([
    ["expired", "key_expired"],
    ["revoked", "key_revoked"],
  ])("a call with a key that is %s leaves an entry in the organization of the key", async (how, reason) => {
    const key = await acme.key("owner");
    const hourAgo = new Date(Date.now() - 3_600_000);
    const ended = how === "expired" ? { expiresAt: hourAgo } : { revokedAt: hourAgo };
    await updateRows(world.db.owner, apiKeys, await newestKey(acme), ended);
    const answer = await callOn(world.runtime, key, "applications.list", {});
    expect([answer.status, answer.error.data.reason]).toEqual([401, reason]);
    const entries = await entriesFor(answer);
    expect(entries.map((entry) => [entry.organizationId, entry.action, entry.outcome, entry.reason])).toEqual([
      [acme.organizationId, "applications.list", "refused", reason],
    ]);
  });

  test.each([["x".repeat(100)], ["a\u0000b'; drop table"], ["Secret-in-the-wrong-field-1"], [`app_${"z".repeat(26)}`]])(
    "a text in place of an id is not kept in the entry: %j",
    async (applicationId) => {
      const { entries } = await asKey("owner", "applications.one", { applicationId });
      expect(entries.map((entry) => entry.objectId)).toEqual([""]);
    },
  );
});

test("DK-22: no entry holds a password, a key or a hash", async () => {
  const { applicationId } = await given(acme).application({ environmentId });
  const { securityId } = await given(acme).credential(applicationId);
  await given(acme).ok("security.update", { securityId, password: registerSecret("Audit-me-not-4714") });
  const generated = await given(acme).ok<{ password: string }>("security.create", { applicationId, username: "gen" });
  registerSecret(generated.password);
  const rows = await world.db.asOwner<{ all: string }>(`select string_agg(t::text, '|') as all from audit_entries t`);
  const text = rows[0]?.all ?? "";
  expect(text).toContain("security.update");
  expect(registeredSecrets().size).toBeGreaterThan(2);
  const found = [...registeredSecrets()].filter((secret) => formsOf(secret).some((form) => text.includes(form)));
  expect(found).toEqual([]);
  expect(text).not.toMatch(/\$apr1\$|\$2[aby]\$|v1\.[\w-]{8}\.[\w-]{16}\./);
});

describe("the audit log is append-only", () => {
  beforeAll(async () => {
    expect((await acme.call("projects.create", { name: "Audited" })).status).toBe(200);
  });

  const statements = [
    "update audit_entries set action = 'nothing'",
    "update audit_entries set organization_id = 'org_x'",
    "delete from audit_entries",
    "truncate audit_entries",
  ];
  for (const role of ["tenant", "sync", "host", "identity", "retention"] as const) {
    test.each(statements)(`the ${role} role cannot run: %s`, async (statement) => {
      const before = await entriesOf(acme.organizationId);
      expect(before.length).toBeGreaterThan(0);
      const organizationId = role === "tenant" ? acme.organizationId : null;
      expect(await outcomeOf(runAs(world, role, organizationId, statement))).toBe("42501");
      expect(await entriesOf(acme.organizationId)).toEqual(before);
    });
  }

  test.each(statements)("the gate role cannot run: %s", async (statement) => {
    expect(await outcomeOf(world.runtime.database.call(sql.raw(statement)))).toBe("42501");
  });

  test.each(statements)("even the owner of the table cannot run: %s", async (statement) => {
    const before = await entriesOf(acme.organizationId);
    expect(await outcomeOf(world.db.asOwner(statement))).toBe("42501");
    expect(await entriesOf(acme.organizationId)).toEqual(before);
  });

  test("an entry can be sealed only once", async () => {
    const [entry] = await entriesOf(acme.organizationId);
    const seal = (hash: string) =>
      runAs(
        world,
        "sync",
        null,
        `update audit_entries set sequence = 1, hash = '${hash}' where audit_id = '${entry?.auditId}'`,
      );
    expect(await outcomeOf(seal("aa"))).toBe("done");
    expect(await outcomeOf(seal("bb"))).toBe("42501");
    expect(
      await outcomeOf(
        runAs(
          world,
          "sync",
          null,
          `update audit_entries set sequence = null, hash = null where audit_id = '${entry?.auditId}'`,
        ),
      ),
    ).toBe("42501");
  });

  test("a tenant cannot write an entry into another organization", async () => {
    const insert = `insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, created_at)
      values ('aud_planted', '${beta.organizationId}', 'system', 'req_x', 'x', 'done', now())`;
    expect(await outcomeOf(runAs(world, "tenant", acme.organizationId, insert))).toBe("42501");
  });
});
