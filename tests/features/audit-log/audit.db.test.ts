import { afterAll, beforeAll, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { insertEntries } from "#tests/support/audit-log";
import { insertEnvironment } from "#tests/support/environment";
import { readRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Entry {
  readonly auditId: string;
  readonly at: string;
  readonly actor: { kind: string; id: string | null; apiKeyId: string | null };
  readonly requestId: string;
  readonly ip: string | null;
  readonly action: string;
  readonly outcome: "done" | "refused";
  readonly reason: string | null;
  readonly object: { kind: string | null; id: string | null };
  readonly changed: Record<string, unknown> | null;
  readonly sequence: number | null;
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

const list = async (input: Record<string, unknown> = {}) =>
  (await given(acme).ok<{ items: Entry[] }>("audit.list", { limit: 200, ...input })).items;

test("an audit entry records the actor, the action, the object, the request, the address and what changed", async () => {
  const session = await given(acme).ok<{ principal: { apiKeyId: string } }>("auth.session", {});
  const creation = await acme.call<{ projectId: string }>("projects.create", { name: "Audited" });
  const { projectId } = creation.data;
  await given(acme).ok("projects.update", { projectId, name: "Renamed" });
  const [renamed, created] = await list({ objectId: projectId });
  expect(created).toMatchObject({
    actor: { kind: "apiKey", apiKeyId: session.principal.apiKeyId },
    requestId: creation.headers.get("x-request-id"),
    ip: "127.0.0.1",
    action: "projects.create",
    outcome: "done",
    reason: null,
    object: { kind: "project", id: projectId },
    changed: { name: "Audited" },
    sequence: null,
  });
  expect(renamed).toMatchObject({ action: "projects.update", changed: { name: ["Audited", "Renamed"] } });
  expect(await given(acme).ok("audit.one", { auditId: renamed?.auditId })).toEqual(renamed);
});

test("a refused attempt is recorded with its reason and without changes", async () => {
  const viewer = world.callAs(await acme.key("viewer"));
  const refused = await viewer("environments.delete", { environmentId });
  expect(refused.status).toBe(403);
  const [entry] = await list({ objectId: environmentId, outcome: "refused" });
  expect(entry).toMatchObject({
    action: "environments.delete",
    outcome: "refused",
    reason: "key_scope",
    requestId: refused.error.data.requestId,
    changed: null,
  });
});

test("audit.list filters by object, action and outcome, alone and combined", async () => {
  await given(acme).ok("projects.create", { name: "Another action" });
  const { applicationId } = await given(acme).application({ environmentId, access: "protected" });
  await given(acme).credential(applicationId, "ada");
  await acme.call("security.create", { applicationId, username: "ada", password: "Lovelace-1815-x" });
  const all = await list();
  expect(new Set(all.map(({ action }) => action)).size).toBeGreaterThan(2);
  const filters: Record<string, string>[] = [
    { action: "security.create" },
    { outcome: "refused" },
    { outcome: "done" },
    { action: "security.create", outcome: "refused" },
    { objectId: applicationId },
    { objectId: applicationId, outcome: "refused" },
    { action: "no.such.action" },
  ];
  for (const filter of filters) {
    const expected = all.filter(
      (entry) =>
        (filter.action === undefined || entry.action === filter.action) &&
        (filter.outcome === undefined || entry.outcome === filter.outcome) &&
        (filter.objectId === undefined || entry.object.id === filter.objectId),
    );
    expect(await list(filter), JSON.stringify(filter)).toEqual(expected);
  }
  const [duplicate] = await list({ action: "security.create", outcome: "refused" });
  expect(duplicate).toMatchObject({ reason: "duplicate_username", object: { kind: "application", id: applicationId } });
  for (const wrong of [{ action: "a b" }, { action: "x'--" }, { outcome: "maybe" }, { objectId: "ä" }]) {
    expect((await acme.call("audit.list", wrong)).status, JSON.stringify(wrong)).toBe(400);
  }
});

test("audit.list filters by time: from is inclusive and to is exclusive (AUD)", async () => {
  const beta = await world.organization();
  const moments = ["2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00.001Z", "2026-05-02T00:00:00.000Z"] as const;
  for (const at of moments) await insertEntries(world, beta.organizationId, 1, { createdAt: new Date(at) });
  const [first, second, third] = moments;
  const times = async (filter: { from?: string; to?: string }) =>
    (await given(beta).ok<{ items: Entry[] }>("audit.list", { action: "test", ...filter })).items
      .map(({ at }) => at)
      .sort();
  expect(await times({})).toEqual([first, second, third]);
  expect(await times({ from: second })).toEqual([second, third]);
  expect(await times({ to: second })).toEqual([first]);
  expect(await times({ from: first, to: third })).toEqual([first, second]);
  expect(await times({ from: third, to: third })).toEqual([]);
});

test("no audit entry contains a password, a key or a hash", async () => {
  const password = registerSecret("Ada-Lovelace-1815-secret");
  const created = await given(acme).application<{
    applicationId: string;
    credential: { securityId: string; password: string };
  }>({
    environmentId,
    credential: { username: "ada" },
  });
  registerSecret(created.credential.password);
  const { securityId } = created.credential;
  await given(acme).ok("security.update", { securityId, password });
  const { key } = await given(acme).ok<{ key: string }>("keys.create", { name: "ci", role: "viewer" });
  registerSecret(key);
  await acme.call("security.create", { applicationId: created.applicationId, username: "ada", password });
  await acme.call("security.create", { applicationId: created.applicationId, username: password, password: "" });
  await given(acme).ok("security.delete", { securityId });
  const text = JSON.stringify(await list());
  for (const secret of [password, created.credential.password, key, "$apr1$"]) expect(text).not.toContain(secret);
  const hashes = await readRows(world.db.owner, apiKeys, {}, ["hash"]);
  for (const { hash } of hashes) expect(text).not.toContain(hash);
});

test("audit entries are not visible to another organization or to a developer", async () => {
  const beta = await world.organization();
  const { projectId } = await given(acme).ok<{ projectId: string }>("projects.create", { name: "Private" });
  const [entry] = await list({ objectId: projectId });
  expect((await beta.call("audit.one", { auditId: entry?.auditId })).status).toBe(404);
  expect((await beta.call<{ items: Entry[] }>("audit.list", { objectId: projectId })).data.items).toEqual([]);
  const developer = world.callAs(await acme.key("developer"));
  expect((await developer("audit.list")).status).toBe(403);
  expect((await world.callAs(await acme.key("admin"))("audit.list")).status).toBe(200);
});
