import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseApiKey } from "../../../src/access/api-keys";
import { makeSealer } from "../../../src/database/sealing";
import { createKey } from "../../../src/main/host/create-key";
import { createOrganization } from "../../../src/main/host/create-organization";
import { AnotherSecret, ensureInstallation, findInstallation } from "../../../src/main/host/ensure-installation";
import { ensureLocalGateway } from "../../../src/main/host/ensure-local-gateway";
import { setUp } from "../../../src/main/host/set-up";
import { registerSecret } from "../../support/secrets";
import { openTestDatabase, type TestDatabase } from "../../support/test-database";

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

const rows = <Row extends Record<string, unknown>>(statement: string, values: unknown[] = []) =>
  db.asOwner<Row>(statement, values);

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
      const stored = await rows<{ name: string; address: string; tag_key_sealed: string }>("select * from gateways");
      expect(stored).toMatchObject([{ name: "local", address: "127.0.0.1:9000", nonce: null }]);
      expect(stored[0]?.tag_key_sealed).toMatch(/^v1\./);
    });
  });

  describe("a command of the host", () => {
    test("a command other than setup is refused before setup", async () => {
      const early = createOrganization(runtime, { name: "Beta", owner: "bob@example.org", upstreams: "checked" });
      await expect(early).rejects.toMatchObject({ reason: "not_set_up" });
      expect(await rows("select 1 from organizations")).toEqual([]);
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
      expect(await rows("select purpose, user_id, expires_at::text from links")).toMatchObject([
        { purpose: "password", user_id: created.userId, expires_at: expect.stringContaining("10:30:00") },
      ]);
      const parsed = parseApiKey(created.apiKey.key);
      expect(await rows("select name, email from users")).toEqual([{ name: "Ada", email: "ada@example.org" }]);
      expect(await rows("select slug, root, upstreams from organizations")).toEqual([
        { slug: "acme", root: true, upstreams: "any" },
      ]);
      expect(await rows("select user_id, role from members")).toEqual([{ user_id: created.userId, role: "owner" }]);
      expect(await rows("select hash, role, user_id, expires_at from api_keys")).toEqual([
        { hash: parsed.ok && parsed.hash, role: "owner", user_id: created.userId, expires_at: null },
      ]);
      expect(await rows("select organization_id from organization_gateways")).toEqual([
        { organization_id: created.organizationId },
      ]);
      const entries = await rows<{ action: string; outcome: string; reason: string | null }>(
        "select action, outcome, reason, actor_kind from audit_entries where organization_id = $1 order by action, outcome",
        [created.organizationId],
      );
      expect(entries).toEqual([
        { action: "key.create", outcome: "done", reason: null, actor_kind: "commandLine" },
        { action: "organization.create", outcome: "done", reason: null, actor_kind: "commandLine" },
        { action: "setup", outcome: "refused", reason: "already_set_up", actor_kind: "commandLine" },
      ]);
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
      const slugs = await rows<{ slug: string }>(
        "select slug, upstreams from organizations where not root order by slug",
      );
      expect(slugs).toEqual([2, 3, 4].map((number) => ({ slug: `acme-${number}`, upstreams: "checked" })));
      expect(await rows("select email from users order by email")).toHaveLength(2);
      expect(created[1]?.userId).toBe(created[2]?.userId);
    });

    test("key create works for any organization and role, and sets the expiry time", async () => {
      const [organization] = await rows<{ organization_id: string }>(
        "select organization_id from organizations limit 1",
      );
      const id = organization?.organization_id ?? "";
      const created = await createKey(runtime, { organization: id, name: "ci", role: "viewer", expiresInDays: 2 });
      registerSecret(created.key);
      expect(
        await rows("select name, role, user_id, expires_at::text from api_keys where api_key_id = $1", [
          created.apiKeyId,
        ]),
      ).toMatchObject([
        { name: "ci", role: "viewer", user_id: null, expires_at: expect.stringContaining("2026-11-22") },
      ]);
      const unknown = createKey(runtime, { organization: "org_0", name: "ci", role: "viewer" });
      await expect(unknown).rejects.toMatchObject({ reason: "no_such_organization" });
    });

    test("no audit entry contains a key or its hash", async () => {
      const entries = JSON.stringify(await rows("select * from audit_entries"));
      const hashes = await rows<{ hash: string }>("select hash from api_keys");
      expect(hashes.length).toBeGreaterThan(3);
      for (const { hash } of hashes) expect(entries).not.toContain(hash);
      expect(entries).not.toContain("pcl_");
    });
  });
});
