import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { security } from "#drizzle/security";
import { makeSealer } from "#src/database/sealing";
import { hashSealContext } from "#src/delivery/planner/gateway-secrets";
import { newId } from "#src/platform/ids";
import { credentialRows } from "../support/rows/applications";
import { changeRows } from "../support/rows/delivery";
import { deleteRows } from "../support/rows/table";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let gateway: FakeGateway;

beforeEach(async () => {
  sync = await openSyncWorld();
  gateway = await startFakeGateway(sync.paths, sync);
  sync.reconciler().start();
});
afterEach(async () => {
  await sync.close();
  await gateway.close();
});

const application = (host: string, port: number) =>
  sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: `http://127.0.0.1:${port}` }] },
    credential: { username: "ada", password: password() },
  });

/** Inserts a row next to the application's own, as the owner of the database could, and requests its delivery. */
async function insertCredential(applicationId: string, username: string, sealed: (securityId: string) => string) {
  const { organizationId } = sync.organization;
  const securityId = newId("credential");
  const { owner } = sync.world.db;
  const hashSealed = sealed(securityId);
  await credentialRows.insert(owner, { securityId, organizationId, applicationId, username, hashSealed });
  await changeRows.insert(owner, { organizationId, gatewayId: sync.gatewayId, applicationId });
  return securityId;
}

/**
 * The names in `basicAuth.users`. The whole text contains random ids and hashes, which could include any short word.
 */
const usernames = (file: string | null): string[] =>
  [...(file ?? "").matchAll(/"users":\s*\[([^\]]*)\]/g)]
    .flatMap(([, list]) => JSON.parse(`[${list}]`) as string[])
    .map((user) => user.slice(0, user.indexOf(":")));

const goodHash = "$apr1$abcdefgh$i8v2X5X1n2sJ0J9Hh3Zq10";
const bad: [string, string, (securityId: string) => string][] = [
  [
    "a hash that is sealed with another key",
    "eve",
    (id) => makeSealer([randomBytes(32)]).seal(hashSealContext(id), goodHash),
  ],
  [
    "a hash that is sealed for another row",
    "eve",
    () => sync.world.runtime.sealer.seal(hashSealContext("sec_x"), goodHash),
  ],
  [
    "a text that is not a hash",
    "eve",
    (id) => sync.world.runtime.sealer.seal(hashSealContext(id), "plain:text\nmallory:x"),
  ],
  [
    "a username with a line break",
    "eve\nmallory",
    (id) => sync.world.runtime.sealer.seal(hashSealContext(id), goodHash),
  ],
];

describe.each(bad)("%s", (_, username, sealed) => {
  it("a credential that does not compile quarantines only its application: existing users keep access, the new one gets none, and the problem is reported", async () => {
    const { applicationId } = await application("wiki.localhost", 9000);
    const other = await application("other.localhost", 9001);
    await sync.proven(applicationId);
    const users = (id: string) => /"users":\s*\[([^\]]*)\]/.exec(sync.file(id) ?? "")?.[1]?.trim();
    const before = users(applicationId);
    expect(before).toMatch(/^"ada:/);

    const securityId = await insertCredential(applicationId, username, sealed);
    const state = await sync.proven(applicationId);
    expect(state.form).toBe("quarantined");
    expect(users(applicationId)).toBe(before);
    expect(usernames(sync.file(applicationId))).toEqual(["ada"]);
    const shown = await sync.given.ok("applications.one", { applicationId });
    expect(shown).toMatchObject({ exposure: { state: "protected", reason: "quarantined" } });
    const line = sync.world
      .log()
      .split("\n")
      .find((one) => one.includes("cannot be compiled as stated"));
    expect(line).toContain(applicationId);
    expect(line).toContain(securityId);

    await sync.given.credential(other.applicationId, "bob");
    await sync.proven(other.applicationId);
    expect(users(other.applicationId)).toContain("bob:");
    expect(await sync.state(other.applicationId)).toMatchObject({ form: "stated" });

    // A credential that is removed in the meantime is revoked, regardless of the bad row.
    const { items } = await sync.given.ok<{ items: { securityId: string; username: string }[] }>("security.list", {
      applicationId,
    });
    const ada = items.find((row) => row.username === "ada");
    await sync.given.ok("security.delete", { securityId: ada?.securityId });
    await until(
      () => sync.state(applicationId),
      (row) => row?.form === "closed",
    );
    await sync.proven(applicationId);
    expect(sync.file(applicationId)).not.toContain("loadBalancer");

    await deleteRows(sync.world.db.owner, security, { securityId });
    await sync.given.credential(applicationId, "carol");
    expect(await sync.proven(applicationId)).toMatchObject({ form: "stated", intended: "protected" });
    expect(users(applicationId)).toMatch(/^"carol:/);
  });
});
