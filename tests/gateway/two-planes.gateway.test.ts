import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { faultPoints } from "#src/delivery/protocol/target";
import type { CreatedCredential } from "#src/features/credentials/contract";
import {
  type ControlPlane,
  type Installation,
  newInstallation,
  removeInstallation,
  startControlPlane,
} from "../support/control-plane";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Waited } from "../support/gateway-world";
import { startHammer, stopHammers } from "../support/hammer";
import { setAgainstUs } from "../support/hostile-settings";
import { isFull } from "../support/length";
import { patienceMs } from "../support/patience";
import { type Cluster, findPostgresBinaries, NO_POSTGRES, startCluster } from "../support/postgres-cluster";
import { registerSecret } from "../support/secrets";
import { hasTraefik } from "../support/traefik";

const possible = hasTraefik() && findPostgresBinaries() !== null;
if (findPostgresBinaries() === null) process.stderr.write(`${NO_POSTGRES}\n`);

const timing = { leaseMs: 1_000, candidateMs: 100 };
/** Each of them takes the time of a lease. */
const stopPoints = isFull ? faultPoints : (["numbered", "applying", "flushed"] as const);

describe.skipIf(!possible)("two control planes on one database", () => {
  let cluster: Cluster;
  let world: GatewayWorld;
  let second: ControlPlane;
  let secondInstallation: Installation;
  let environment: Record<string, string>;

  beforeAll(async () => {
    cluster = await startCluster();
    await setAgainstUs(cluster.url());
    environment = {
      DATABASE_URL: await cluster.createDatabase("planes"),
      PORTCULLIS_SECRET: registerSecret(randomBytes(32).toString("hex")),
    };
    world = await openGatewayWorld(environment, { timing });
    const { gatewayFolder, address, probeAddress } = world.installation;
    secondInstallation = await newInstallation(
      {
        ...environment,
        PORTCULLIS_GATEWAY_DIR: gatewayFolder,
        PORTCULLIS_GATEWAY_ADDRESS: address,
        PORTCULLIS_GATEWAY_PROBE_ADDRESS: probeAddress,
      },
      { timing },
    );
    second = await startControlPlane(secondInstallation);
  });
  afterEach(stopHammers);
  afterAll(async () => {
    await second?.stop("SIGKILL");
    await world?.close();
    if (secondInstallation) removeInstallation(secondInstallation);
    await cluster?.stop();
  });

  const answersTo = async (host: string, user: string) => (await world.ask(host, { user })).status;

  /** Holds the fault point on both, makes the change, and returns which control plane is held. */
  async function holdLeader(point: (typeof faultPoints)[number], change: () => Promise<CreatedCredential>) {
    const [first, other] = [world.plane, second];
    const reached = Promise.race([
      first.hold(point).then(() => ({ leader: first, follower: other })),
      other.hold(point).then(() => ({ leader: other, follower: first })),
    ]);
    const changed = await change();
    const held = await reached;
    held.follower.goOn(); // removes its hold
    return { ...held, changed };
  }

  test.each(stopPoints.map((point) => [point]))(
    "a leader that is paused at '%s' reverses nothing when it continues",
    async (point) => {
      const { tenant } = world;
      const [host, first, next, last] = [newHost(), newPassword(), newPassword(), newPassword()];
      const application = await tenant.application({
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password: first },
      });
      await tenant.enforced(application);
      const hammer = startHammer(world.traefik.address, { host, clients: 2, pauseMs: 3 });
      const securityId = application.credential?.securityId;
      const update = async (plane: ControlPlane, password: string) => {
        const answer = await plane.callAs(tenant.key)<CreatedCredential>("security.update", { securityId, password });
        expect(answer.status).toBe(200);
        return answer.data;
      };
      const enforcedBy = async (plane: ControlPlane, { sync }: CreatedCredential) => {
        const { changeId } = sync;
        const waited = await plane.callAs(tenant.key)<Waited>("sync.wait", {
          changeId,
          state: "enforced",
          timeoutMs: patienceMs,
        });
        expect(waited.data).toMatchObject({ reached: true });
      };

      const { leader, follower } = await holdLeader(point, () => update(world.plane, next));
      leader.signal("SIGSTOP");
      const newest = await update(follower, last);
      await enforcedBy(follower, newest);
      expect(await answersTo(host, `ada:${first}`)).toBe(401);
      expect(await answersTo(host, `ada:${next}`)).toBe(401);
      expect(await answersTo(host, `ada:${last}`)).toBe(200);

      const old = [`ada:${first}`, `ada:${next}`].map((user) =>
        startHammer(world.traefik.address, { host, user, clients: 1, pauseMs: 3 }),
      );
      leader.signal("SIGCONT");
      leader.goOn();
      // It has continued once it answers, and a change through it is delivered like any other.
      const added = await leader.callAs(tenant.key)<CreatedCredential>("security.create", {
        applicationId: application.applicationId,
        username: "bob",
        password: first,
      });
      await enforcedBy(leader, added.data);
      expect(await answersTo(host, `bob:${first}`)).toBe(200);
      expect(await answersTo(host, `ada:${last}`)).toBe(200);
      for (const visitors of [hammer, ...old]) {
        const { byStatus, answers } = await visitors.stop();
        expect([...byStatus]).toEqual([[401, answers]]);
      }
    },
    60_000,
  );

  test("a control plane on another disk writes no files and logs one line, and the leader delivers its changes", async () => {
    const elsewhere = await newInstallation(
      {
        ...environment,
        PORTCULLIS_GATEWAY_ADDRESS: world.installation.address,
        PORTCULLIS_GATEWAY_PROBE_ADDRESS: world.installation.probeAddress,
      },
      { timing },
    );
    const third = await startControlPlane(elsewhere);
    try {
      const [host, password] = [newHost(), newPassword()];
      const { environmentId, key } = world.tenant;
      const created = await third.callAs(key)<CreatedCredential>("applications.create", {
        environmentId,
        name: "Elsewhere",
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password },
      });
      await world.tenant.enforced(created.data);
      expect((await world.ask(host)).status).toBe(401);
      expect(await answersTo(host, `ada:${password}`)).toBe(200);
      const written = existsSync(elsewhere.gatewayFolder)
        ? readdirSync(elsewhere.gatewayFolder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
        : [];
      expect(written.map((one) => one.name)).toEqual([]);
      const lines = third
        .log()
        .split("\n")
        .filter((line) => line.includes("is missing: the gateway's folder is on another disk"));
      expect(lines).toHaveLength(1);
    } finally {
      await third.stop();
      removeInstallation(elsewhere);
    }
  });

  test("a control plane with another secret does not start, and gives the reason in one line", async () => {
    const wrong = await newInstallation({
      ...environment,
      PORTCULLIS_SECRET: randomBytes(32).toString("hex"),
      PORTCULLIS_GATEWAY_DIR: world.installation.gatewayFolder,
      PORTCULLIS_GATEWAY_ADDRESS: world.installation.address,
      PORTCULLIS_GATEWAY_PROBE_ADDRESS: world.installation.probeAddress,
    });
    const folder = join(world.installation.gatewayFolder, "dynamic");
    const before = readdirSync(folder, { recursive: true }).sort();
    const failure = await startControlPlane(wrong).then(
      async (plane) => {
        await plane.stop("SIGKILL");
        return "it started";
      },
      (error: Error) => error.message,
    );
    expect(failure.trim().split("\n")).toHaveLength(1);
    expect(failure).toMatch(/AnotherSecret: .*PORTCULLIS_SECRET/);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
    removeInstallation(wrong);
  });
});
