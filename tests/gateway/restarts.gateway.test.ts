import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Waited } from "../support/gateway-world";
import { startHammer, stopHammers } from "../support/hammer";
import { long } from "../support/length";
import { hasTraefik } from "../support/traefik";

describe.skipIf(!hasTraefik())("restarts", () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await openGatewayWorld();
  });
  afterEach(stopHammers);
  afterAll(() => world?.close());

  async function protectedApplication() {
    const [host, password] = [newHost(), newPassword()];
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
      credential: { username: "ada", password },
    });
    await world.tenant.enforced(application);
    return { host, password, applicationId: application.applicationId };
  }

  test("Traefik starts on the last delivery while the control plane is down, and gets deliveries again afterwards", async () => {
    const { host, password, applicationId } = await protectedApplication();
    const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs: 3 });
    await world.plane.stop("SIGKILL");
    for (let restart = 0; restart < 3; restart++) {
      await world.restartTraefik("SIGKILL");
      await world.traefik.until({ host, user: `ada:${password}` }, ({ status }) => status === 200);
      expect((await world.ask(host)).status).toBe(401);
    }
    await world.restartPlane();
    const next = newPassword();
    await world.tenant.enforced(
      await world.tenant.ok<CreatedCredential>("security.create", { applicationId, username: "bob", password: next }),
    );
    expect((await world.ask(host, { user: `bob:${next}` })).status).toBe(200);
    expect([...(await hammer.stop()).byStatus.keys()].filter((status) => status !== 401 && status !== 404)).toEqual([]);
  });

  test("while Traefik is down, a change stays applied with a reason, and it is enforced after Traefik starts", async () => {
    const { host, applicationId } = await protectedApplication();
    await world.traefik.stop("SIGKILL");
    const password = newPassword();
    const created = await world.tenant.ok<CreatedCredential>("security.create", {
      applicationId,
      username: "bob",
      password,
    });
    const { changeId } = created.sync;
    const wait = (state: string, timeoutMs: number) =>
      world.tenant.ok<Waited>("sync.wait", { changeId, state, timeoutMs });
    expect(await wait("applied", 10_000)).toMatchObject({ reached: true });
    expect(await wait("loaded", 1_500)).toMatchObject({ reached: false, state: "applied", reason: "timeout" });
    const shown = await world.tenant.exposure(applicationId);
    expect(shown.state).toBe("unknown");
    expect(shown.reason).toBeTruthy();
    await world.restartTraefik();
    expect(await wait("enforced", 20_000)).toMatchObject({ reached: true });
    expect((await world.ask(host, { user: `bob:${password}` })).status).toBe(200);
    expect((await world.ask(host)).status).toBe(401);
  });

  test("a Traefik that is killed repeatedly between changes opens nothing", async () => {
    const { host, applicationId } = await protectedApplication();
    const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs: 3 });
    for (let kill = 0; kill < long(20, 5); kill++) {
      const changes = Array.from({ length: 4 }, async (_, index) =>
        world.tenant.ok<CreatedCredential>("security.create", {
          applicationId,
          username: `user-${kill}-${index}`,
          password: newPassword(),
        }),
      );
      await world.restartTraefik("SIGKILL");
      for (const change of await Promise.all(changes)) await world.tenant.enforced(change);
    }
    expect([...(await hammer.stop()).byStatus.keys()].filter((status) => status !== 401 && status !== 404)).toEqual([]);
    expect(await world.tenant.exposure(applicationId)).toMatchObject({ state: "protected" });
  });

  test("an ordinary stop and start of the control plane changes nothing at the gateway", async () => {
    const { host, password } = await protectedApplication();
    const known = startHammer(world.traefik.address, { host, user: `ada:${password}`, clients: 1, pauseMs: 3 });
    await known.untilAnswers(20);
    const pid = world.plane.pid;
    await world.restartPlane("SIGTERM");
    expect(world.plane.pid).not.toBe(pid);
    await known.untilAnswers(known.tally().answers + 20);
    const { byStatus, answers, unanswered } = await known.stop();
    expect([...byStatus, unanswered]).toEqual([[200, answers], 0]);
  });
});
