import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { startHammer, stopHammers } from "../support/hammer";
import { long } from "../support/length";
import { hasTraefik } from "../support/traefik";

const wantedAnswers = long(20_000, 2_000);
const wantedChanges = long(200, 20);

describe.skipIf(!hasTraefik())("a real gateway with visitors without a credential", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterEach(stopHammers);
  afterAll(() => world?.close());

  test(`all of ${wantedAnswers} anonymous requests get 401 during ${wantedChanges} changes, and a valid credential gets 200`, async () => {
    const { tenant } = world;
    const createApplication = async () => {
      const host = newHost();
      const password = newPassword();
      const application = await tenant.application({
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "standing", password },
      });
      await tenant.enforced(application);
      return { ...application, host, password };
    };
    // One application keeps one credential all the time. In the other one, only the last remaining credential is kept.
    const [standing, moving] = [await createApplication(), await createApplication()];
    const { address } = world.traefik;
    const anonymous = [standing, moving].map(({ host }) => startHammer(address, { host, clients: 4 }));
    const known = startHammer(address, {
      host: standing.host,
      user: `standing:${standing.password}`,
      clients: 1,
    });

    const rows = new Map<string, string[]>([
      [standing.applicationId, []],
      [moving.applicationId, [moving.credential?.securityId ?? ""]],
    ]);
    let last: CreatedCredential | null = null;
    for (let change = 0; change < wantedChanges; change++) {
      const [applicationId, ids] = [...rows][change % 2] ?? ["", []];
      const fewest = applicationId === moving.applicationId ? 1 : 0;
      const dice = Math.random();
      const at = Math.floor(Math.random() * ids.length);
      if (ids.length > fewest && (dice < 0.4 || ids.length > 5)) {
        const [securityId] = ids.splice(at, 1);
        const deleted = await tenant.ok<CreatedCredential & { becamePublic: boolean }>("security.delete", {
          securityId,
        });
        expect(deleted.becamePublic).toBe(false);
        last = deleted;
      } else if (ids.length > 0 && dice < 0.65) {
        last = await tenant.ok<CreatedCredential>("security.update", { securityId: ids[at], password: newPassword() });
      } else {
        last = await tenant.ok<CreatedCredential>("security.create", {
          applicationId,
          username: `user-${change}`,
          password: newPassword(),
        });
        ids.push(last.securityId);
      }
      if (Math.random() < 0.3) await tenant.enforced(last);
    }
    if (last) await tenant.enforced(last);
    await Promise.all(anonymous.map((hammer) => hammer.untilAnswers(wantedAnswers / 2)));

    for (const hammer of anonymous) {
      const { byStatus, answers, unanswered } = await hammer.stop();
      expect([...byStatus]).toEqual([[401, answers]]);
      expect(answers).toBeGreaterThanOrEqual(wantedAnswers / 2);
      expect(unanswered).toBe(0);
    }
    const { byStatus, answers, unanswered } = await known.stop();
    expect(answers).toBeGreaterThan(100);
    expect((byStatus.get(200) ?? 0) / (answers + unanswered)).toBeGreaterThanOrEqual(0.999);
  });

  test("a host never answers 200 before or after its application is created with a credential", async () => {
    const hosts = Array.from({ length: long(24, 8) }, () => newHost("new"));
    const hammers = hosts.map((host) => startHammer(world.traefik.address, { host, clients: 1 }));
    await Promise.all(hammers.map((hammer) => hammer.untilAnswers(5)));
    const created = [];
    for (const [index, host] of hosts.entries()) {
      created.push(
        await world.tenant.application({
          route: { host, upstreams: [{ url: world.upstream.url }], ...(index % 2 ? { pathPrefix: "/" } : {}) },
          credential: { username: "ada", password: newPassword() },
        }),
      );
      if (index % 3 === 0) await world.tenant.enforced(created[index] as (typeof created)[number]);
    }
    for (const application of created) await world.tenant.enforced(application);
    await Promise.all(hammers.map((hammer) => hammer.untilAnswers(hammer.tally().answers + 20)));
    for (const hammer of hammers) {
      const { byStatus } = await hammer.stop();
      expect([...byStatus.keys()].filter((status) => ![404, 403, 401].includes(status))).toEqual([]);
      expect(byStatus.get(401)).toBeGreaterThanOrEqual(20);
    }
  });
});
