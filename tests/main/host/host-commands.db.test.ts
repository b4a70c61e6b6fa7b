import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { gateways, organizationGateways } from "#drizzle/gateways";
import { members, users } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { links } from "#drizzle/persons";
import { parseApiKey } from "#src/access/api-keys";
import { makeSealer } from "#src/database/sealing";
import { createKey } from "#src/main/host/create-key";
import { createOrganization } from "#src/main/host/create-organization";
import { AnotherSecret, ensureInstallation, findInstallation } from "#src/main/host/ensure-installation";
import { ensureLocalGateway } from "#src/main/host/ensure-local-gateway";
import { setUp } from "#src/main/host/set-up";
import { readRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { openTestDatabase, type TestDatabase } from "#tests/support/test-database";

const now = new Date("2026-11-20T10:00:00.000Z");
const addresses = { address: "127.0.0.1:8000", probeAddress: "127.0.0.1:8001" };
const random = (size: number) => randomBytes(size);
let db: TestDatabase;
let runtime: Parameters<typeof setUp>[0];

beforeAll(async () => {
  db = await openTestDatabase();
  runtime = {
    database: db.database,
    clock: { now: () => now },
    random,
    publicOrigin: "https://portcullis.example.org",
  };
});
afterAll(() => db.close());

// These tests follow the life of one installation: each test continues where the previous one ended.
describe("host commands of one installation", { shuffle: false }, () => {
  describe("an installation", () => {
    test("an installation is created once and accepts only its own secret", async () => {
      expect(await findInstallation(db.database)).toBeNull();
      const first = await ensureInstallation(db.database, ["a"], now);
      expect(await ensureInstallation(db.database, ["a"], now)).toBe(first);
      expect(await findInstallation(db.database)).toBe(first);
      await expect(ensureInstallation(db.database, ["b"], now)).rejects.toThrow(AnotherSecret);
      await expect(ensureInstallation(db.database, ["b", "c"], now)).rejects.toThrow(/^PORTCULLIS_SECRET /);
    });

    test("an installation accepts a new secret if the current one is given as the previous secret", async () => {
      const first = await ensureInstallation(db.database, ["a"], now);
      expect(await ensureInstallation(db.database, ["b", "a"], now)).toBe(first);
      await expect(ensureInstallation(db.database, ["a"], now)).rejects.toThrow(AnotherSecret);
      expect(await ensureInstallation(db.database, ["b"], now)).toBe(first);
    });

    test("an installation has one local gateway with sealed secrets and the configured addresses", async () => {
      const sealer = makeSealer([randomBytes(32)]);
      const withSealer = { ...runtime, sealer };
      const ids = await Promise.all([
        ensureLocalGateway(withSealer, addresses),
        ensureLocalGateway(withSealer, addresses),
      ]);
      expect(new Set(ids).size).toBe(1);
      await ensureLocalGateway(withSealer, { ...addresses, address: "127.0.0.1:9000" });
      const stored = await readRows(db.owner, gateways);
      expect(stored).toMatchObject([{ name: "local", address: "127.0.0.1:9000", nonce: null }]);
      expect(stored[0]?.tagKeySealed).toMatch(/^v1\./);
    });
  });

  describe("a command of the host", () => {
    test("a command other than setup is refused before setup", async () => {
      const early = createOrganization(runtime, { name: "Beta", owner: "bob@example.org", upstreams: "checked" });
      await expect(early).rejects.toMatchObject({ reason: "not_set_up" });
      expect(await readRows(db.owner, organizations)).toEqual([]);
    });

    test("setup creates the operator, the root organization and a key, and refuses a concurrent setup", async () => {
      const input = { email: "ada@example.org", organization: "Acme", name: "Ada" };
      const outcomes = await Promise.allSettled([setUp(runtime, input), setUp(runtime, input)]);
      const [created] = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      const [refused] = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
      if (!created) throw new Error("neither setup succeeded");
      expect(refused).toMatchObject({ reason: "already_set_up" });

      registerSecret(created.apiKey.key);
      expect(created.setupUrl).toMatch(/^https:\/\/portcullis\.example\.org\/setup#[\w-]{43}$/);
      expect(await readRows(db.owner, links)).toMatchObject([
        { purpose: "password", userId: created.userId, expiresAt: new Date("2026-11-20T10:30:00.000Z") },
      ]);
      const parsed = parseApiKey(created.apiKey.key);
      expect(await readRows(db.owner, users, {}, ["name", "email"])).toEqual([
        { name: "Ada", email: "ada@example.org" },
      ]);
      expect(await readRows(db.owner, organizations, {}, ["slug", "root", "upstreams"])).toEqual([
        { slug: "acme", root: true, upstreams: "any" },
      ]);
      expect(await readRows(db.owner, members, {}, ["userId", "role"])).toEqual([
        { userId: created.userId, role: "owner" },
      ]);
      expect(await readRows(db.owner, apiKeys, {}, ["hash", "role", "userId", "expiresAt"])).toEqual([
        { hash: parsed.ok && parsed.hash, role: "owner", userId: created.userId, expiresAt: null },
      ]);
      expect(await readRows(db.owner, organizationGateways, {}, ["organizationId"])).toEqual([
        { organizationId: created.organizationId },
      ]);
      const { organizationId } = created;
      const entries = await readRows(db.owner, auditEntries, { organizationId });
      expect(entries).toHaveLength(3);
      for (const done of [
        { action: "key.create", outcome: "done", reason: null },
        { action: "organization.create", outcome: "done", reason: null },
        { action: "setup", outcome: "refused", reason: "already_set_up" },
      ]) {
        expect(entries).toContainEqual(expect.objectContaining({ ...done, actorKind: "commandLine" }));
      }
    });

    test("an organization with a taken name gets another slug, and a known owner remains one person", async () => {
      const created = await Promise.all(
        ["ada@example.org", "bob@example.org", "bob@example.org"].map((owner) =>
          createOrganization(runtime, { name: "Acme", owner, upstreams: "checked" }),
        ),
      );
      for (const { apiKey } of created) registerSecret(apiKey.key);
      expect(created.map(({ setupUrl }) => setupUrl?.startsWith("https://portcullis.example.org/setup#"))).toEqual([
        true,
        true,
        true,
      ]);
      const others = await readRows(db.owner, organizations, { root: false }, ["slug", "upstreams"]);
      const slugs = [2, 3, 4].map((number) => ({ slug: `acme-${number}`, upstreams: "checked" }));
      expect(others.sort((one, other) => (one.slug < other.slug ? -1 : 1))).toEqual(slugs);
      expect(await readRows(db.owner, users)).toHaveLength(2);
      expect(created[1]?.userId).toBe(created[2]?.userId);
    });

    test("key create works for any organization and role, and sets the expiry time", async () => {
      const [organization] = await readRows(db.owner, organizations);
      const id = organization?.organizationId ?? "";
      const created = await createKey(runtime, { organization: id, name: "ci", role: "viewer", expiresInDays: 2 });
      registerSecret(created.key);
      expect(await readRows(db.owner, apiKeys, { apiKeyId: created.apiKeyId })).toMatchObject([
        { name: "ci", role: "viewer", userId: null, expiresAt: new Date("2026-11-22T10:00:00.000Z") },
      ]);
      const unknown = createKey(runtime, { organization: "org_0", name: "ci", role: "viewer" });
      await expect(unknown).rejects.toMatchObject({ reason: "no_such_organization" });
    });

    test("no audit entry contains a key or its hash", async () => {
      const entries = JSON.stringify(await readRows(db.owner, auditEntries));
      const hashes = await readRows(db.owner, apiKeys, {}, ["hash"]);
      expect(hashes.length).toBeGreaterThan(3);
      for (const { hash } of hashes) expect(entries).not.toContain(hash);
      expect(entries).not.toContain("pcl_");
    });
  });
});
