import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { faultPoints } from "#src/delivery/protocol/target";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Waited } from "../support/gateway-world";
import { type Hammer, startHammer, stopHammers } from "../support/hammer";
import { isFull } from "../support/length";
import { hasTraefik } from "../support/traefik";

const rounds = isFull ? 3 : 1;
const pauseMs = isFull ? 3 : 10;
/** Fault points for a changed credential and a crash of the control plane. The full run uses all of them. */
const stopping = isFull ? faultPoints : (["applying", "marked"] as const);
/** Fault points for a new application and a crash of both. The full run uses all of them. */
const opening = isFull ? faultPoints : (["applying"] as const);
/** Fault points for a changed credential and a crash of Traefik. The full run uses all of them. */
const changing = isFull ? faultPoints : (["applying"] as const);

describe.skipIf(!hasTraefik())("an interrupted delivery", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterEach(stopHammers);
  afterAll(() => world?.close());

  const answersTo = async (host: string, user: string) => (await world.ask(host, { user })).status;

  async function protectedApplication() {
    const host = newHost();
    const password = newPassword();
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password },
    });
    await world.tenant.enforced(application);
    return { application, host, password, securityId: application.credential?.securityId ?? "" };
  }

  function expectNever200(hammer: Hammer, allowed: readonly number[] = [401]) {
    const { byStatus, answers } = hammer.tally();
    expect(answers).toBeGreaterThan(0);
    expect([...byStatus.keys()].filter((status) => !allowed.includes(status))).toEqual([]);
  }

  /** Reads the state of the change while the delivery is held. It may claim only what the gateway does. */
  async function expectNoFalseClaim(change: CreatedCredential, host: string, old: string, next: string) {
    const { changeId } = change.sync;
    const waited = await world.tenant.ok<Waited>("sync.wait", { changeId, state: "enforced", timeoutMs: 50 });
    if (!waited.reached) return;
    expect(await answersTo(host, `ada:${old}`)).toBe(401);
    expect(await answersTo(host, `ada:${next}`)).toBe(200);
  }

  test.each(stopping.map((point) => [point]))(
    "a changed password is enforced after the control plane is killed at '%s' and restarted",
    async (point) => {
      const { application, host, password, securityId } = await protectedApplication();
      const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs });
      let old = password;
      for (let round = 0; round < rounds; round++) {
        const next = newPassword();
        const held = world.plane.hold(point, round + 1 > 1 && point === "applying" ? 2 : 1);
        const changed = await world.tenant.ok<CreatedCredential>("security.update", { securityId, password: next });
        // With a second application, the delivery has two files. Neither may be applied without the other.
        if (round > 0) await protectedFile();
        await held;
        await expectNoFalseClaim(changed, host, old, next);
        await world.restartPlane("SIGKILL");
        await world.tenant.enforced(changed);
        expect(await answersTo(host, `ada:${old}`)).toBe(401);
        expect(await answersTo(host, `ada:${next}`)).toBe(200);
        old = next;
      }
      await hammer.stop();
      expectNever200(hammer);
      await world.tenant.ok("applications.delete", { applicationId: application.applicationId });
    },
    60_000,
  );

  const protectedFile = () =>
    world.tenant.application({
      route: { host: newHost(), upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password: newPassword() },
    });

  test.each(changing.map((point) => [point]))(
    "a changed password is enforced after Traefik is killed at '%s' and starts on the files that are there",
    async (point) => {
      const { application, host, password, securityId } = await protectedApplication();
      const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs });
      const next = newPassword();
      const held = world.plane.hold(point);
      const changed = await world.tenant.ok<CreatedCredential>("security.update", { securityId, password: next });
      await held;
      await world.restartTraefik("SIGKILL");
      await world.traefik.until({ host }, ({ status }) => status !== 404);
      await expectNoFalseClaim(changed, host, password, next);
      world.plane.goOn();
      await world.tenant.enforced(changed);
      expect(await answersTo(host, `ada:${password}`)).toBe(401);
      expect(await answersTo(host, `ada:${next}`)).toBe(200);
      await hammer.stop();
      expectNever200(hammer, [401, 404]); // 404: it has not read its configuration yet
      await world.tenant.ok("applications.delete", { applicationId: application.applicationId });
    },
    60_000,
  );

  test.each(opening.map((point) => [point]))(
    "a new application with a credential is never open if both processes are killed at '%s'",
    async (point) => {
      const host = newHost();
      const password = newPassword();
      const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs });
      const held = world.plane.hold(point);
      const application = await world.tenant.application({
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password },
      });
      await held;
      await Promise.all([world.restartPlane("SIGKILL"), world.restartTraefik("SIGKILL")]);
      await world.tenant.enforced(application);
      expect(await answersTo(host, `ada:${password}`)).toBe(200);
      expect(await world.tenant.known(application.applicationId)).toMatchObject({ state: "protected" });
      await hammer.stop();
      expectNever200(hammer, [401, 404, 403]);
      await world.tenant.ok("applications.delete", { applicationId: application.applicationId });
    },
    60_000,
  );
});
