import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureInstallation } from "#src/main/host/ensure-installation";
import { openSyncWorld, password, type SyncWorld } from "#tests/delivery/sync-world";

interface Configuration {
  readonly fileName: string;
  readonly text: string | null;
  readonly intended: string;
  readonly form: string;
  readonly diagnostics: unknown[];
}

let sync: SyncWorld;

beforeAll(async () => {
  sync = await openSyncWorld();
  await ensureInstallation(sync.world.runtime.database, ["f".repeat(64)], new Date());
});
afterAll(() => sync.close());

let hosts = 0;
const application = async (input: Record<string, unknown> = {}) => {
  const host = `wiki-${++hosts}.localhost`;
  return sync.given.application({
    route: { host, upstreams: [{ url: `http://127.0.0.1:${9_000 + hosts}` }] },
    credential: { username: "ada", password: password() },
    ...input,
  });
};
const configuration = (applicationId: string) =>
  sync.given.ok<Configuration>("applications.configuration", { applicationId });

describe("applications.configuration", () => {
  test("shows the file that is delivered, with every hash hidden, and delivers nothing", async () => {
    const { applicationId } = await application();
    const outbox = await sync.pending();
    const shown = await configuration(applicationId);
    expect(await sync.pending()).toBe(outbox);
    expect(shown).toMatchObject({ intended: "protected", form: "stated", diagnostics: [] });
    expect(shown.fileName).toBe(`${applicationId}.yml`);
    const { http } = JSON.parse(shown.text ?? "");
    expect(http.middlewares[`${applicationId}-auth`].basicAuth.users).toEqual(["ada:••••"]);
    expect(shown.text).not.toContain("$apr1$");
    const reconciler = sync.reconciler();
    reconciler.start();
    await reconciler.ready;
    const delivered = sync.file(applicationId) ?? "";
    const [, hash = ""] = /"ada:([^"]+)"/.exec(delivered) ?? [];
    expect(hash).toMatch(/^\$apr1\$/);
    expect(JSON.parse(delivered.replace(hash, "••••"))).toEqual(JSON.parse(shown.text ?? ""));
  });

  test("follows the rows at once: a closed application leads nowhere, one without a route has no file", async () => {
    const { applicationId } = await application();
    await sync.given.ok("applications.close", { applicationId, reason: "Maintenance." });
    const closed = await configuration(applicationId);
    expect(closed).toMatchObject({ intended: "closed" });
    expect(closed.text).not.toContain("loadBalancer");
    expect(closed.text).toContain("noop@internal");
    const bare = await application({ route: undefined });
    expect(await configuration(bare.applicationId)).toMatchObject({ text: null, intended: "protected" });
  });

  test("names what is not valid, and shows the safe form", async () => {
    const { applicationId } = await application();
    await sync.world.db.asOwner(`update security set hash_sealed = 'broken' where application_id = $1`, [
      applicationId,
    ]);
    const shown = await configuration(applicationId);
    expect(shown).toMatchObject({ form: "closed", diagnostics: [{ problem: "hash_not_readable" }] });
    expect(shown.text).not.toContain("loadBalancer");
  });

  test("another organization does not see it, and a role that may not read credentials is refused", async () => {
    const { applicationId } = await application();
    const beta = await sync.world.organization({ gatewayId: sync.gatewayId });
    expect((await beta.call("applications.configuration", { applicationId })).status).toBe(404);
    const { key } = await sync.given.ok<{ key: string }>("keys.create", {
      name: "reader",
      scopes: ["application:read", "route:read"],
    });
    const answer = await sync.world.callAs(key)("applications.configuration", { applicationId });
    expect([answer.status, answer.text.includes("security:read")]).toEqual([403, true]);
  });
});
