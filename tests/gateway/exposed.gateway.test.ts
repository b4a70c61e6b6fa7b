import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathsIn } from "#src/delivery/applier/gateway-folder";
import type { AuditEntry } from "#src/features/audit-log/contract";
import type { Overview } from "#src/features/overview/contract";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Tenant } from "../support/gateway-world";
import { type MailServer, openMailServer } from "../support/mail-server";
import { patienceMs } from "../support/patience";
import { hasTraefik } from "../support/traefik";

const poll = { timeout: patienceMs, interval: 50 };

describe.skipIf(!hasTraefik())("a protected application that something else opens at a real gateway", () => {
  let world: GatewayWorld;
  let mail: MailServer;
  let beta: Tenant;
  beforeAll(async () => {
    mail = await openMailServer();
    world = await openGatewayWorld({ PORTCULLIS_SMTP_URL: `smtp://127.0.0.1:${mail.port}` });
    beta = await world.organization("Beta");
  });
  afterAll(async () => {
    await world?.close();
    await mail?.close();
  });

  const ready = async () => {
    const response = await fetch(`${world.plane.url}/readyz`);
    return { status: response.status, body: (await response.json()) as { exposed: number | null } };
  };
  const entries = async (tenant: Tenant, objectId: string) => {
    const { items } = await tenant.ok<{ items: AuditEntry[] }>("audit.list", { objectId });
    return items.map(({ action }) => action).filter((action) => action.startsWith("applications.exposed"));
  };

  test("it is exposed while a router of another file serves its host, its owner gets one message, and it is protected again afterwards", async () => {
    const { tenant, upstream } = world;
    const host = newHost();
    const application = await tenant.application({
      route: { host, upstreams: [{ url: upstream.url }] },
      credential: { username: "ada", password: newPassword() },
    });
    const { applicationId } = application;
    await tenant.enforced(application);
    expect((await ready()).body.exposed).toBe(0);

    const foreign = `${pathsIn(world.installation.gatewayFolder).dynamic}/foreign.yml`;
    writeFileSync(
      foreign,
      JSON.stringify({
        http: {
          routers: { foreign: { rule: `Host(\`${host}\`)`, priority: 2 ** 50, service: "foreign" } },
          services: { foreign: { loadBalancer: { servers: [{ url: upstream.url }] } } },
        },
      }),
    );
    await world.traefik.until({ host }, ({ status }) => status === 200);
    await tenant.ok("sync.prove", { applicationId });
    await expect
      .poll(() => tenant.exposure(applicationId), poll)
      .toMatchObject({
        state: "exposed",
        intended: "protected",
        reason: "let_in_by_foreign_router",
        alarm: { answeredBy: "foreign", request: `HEAD ${host}/`, status: 200 },
      });
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ok", exposed: 1 } });
    expect(await tenant.ok<Overview>("overview.get")).toMatchObject({
      applications: { exposed: 1 },
      needsAttention: [{ applicationId, state: "exposed" }],
    });
    expect((await beta.ok<Overview>("overview.get")).applications.exposed).toBe(0);
    expect(await entries(tenant, applicationId)).toEqual(["applications.exposed"]);
    await expect.poll(() => mail.received.length, poll).toBe(1);
    expect(mail.received[0]).toMatchObject({ to: ["ada@example.org"] });
    expect(mail.received[0]?.text).toContain(`HEAD ${host}/`);

    // Closing it changes nothing about a router that is not part of Portcullis, and does not hide the alarm.
    const closed = await tenant.ok<{ exposure: { state: string } }>("applications.close", {
      applicationId,
      reason: "A stranger was let in.",
    });
    expect(closed.exposure.state).toBe("exposed");
    await world.restartPlane();
    expect(await tenant.exposure(applicationId)).toMatchObject({ state: "exposed", intended: "closed" });

    rmSync(foreign);
    await world.traefik.until({ host }, ({ status }) => status === 403);
    await expect
      .poll(() => tenant.exposure(applicationId), poll)
      .toMatchObject({ state: "closed", reason: "closed_by_hand" });
    expect(await entries(tenant, applicationId)).toEqual(["applications.exposed.ended", "applications.exposed"]);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ok", exposed: 0 } });
    expect(world.logs().plane).toContain("a visitor without a credential was let in where the gateway should refuse");
    expect(mail.received).toHaveLength(1);
  });
});
