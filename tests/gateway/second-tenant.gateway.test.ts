import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld, type Tenant } from "../support/gateway-world";
import { hasTraefik } from "../support/traefik";
import { startUpstream, type Upstream } from "../support/upstream";

const outside = "203.0.113.7"; // an address of the documentation range, where no server answers

describe.skipIf(!hasTraefik())("a second organization on the same gateway", () => {
  let world: GatewayWorld;
  let other: Tenant;
  let checked: Tenant;
  let secondUpstream: Upstream;
  beforeAll(async () => {
    [world, secondUpstream] = await Promise.all([
      openGatewayWorld({}, { names: { "service.example.test": [outside], "inside.example.test": ["127.0.0.1"] } }),
      startUpstream("second"),
    ]);
    other = await world.organization("Beta");
    checked = await world.organization("Gamma", "checked");
  });
  afterAll(async () => {
    await Promise.all([world?.close(), secondUpstream?.close()]);
  });

  const attempt = async (tenant: Tenant, host: string, url: string) => {
    const answer = await tenant.call("applications.create", {
      environmentId: tenant.environmentId,
      name: "Theirs",
      route: { host, upstreams: [{ url }] },
    });
    return answer.status === 200 ? "created" : answer.error.data.reason;
  };

  const firstApplication = async (host: string, url = world.upstream.url) => {
    const password = newPassword();
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url }] },
      credential: { username: "ada", password },
    });
    await world.tenant.enforced(application);
    return { ...application, password };
  };

  test("a second organization cannot claim the first one's host in any spelling", async () => {
    const base = newHost("bücher");
    const { password } = await firstApplication(base);
    const ascii = new URL(`http://${base}`).hostname;
    const forms = [
      base,
      ascii,
      base.toUpperCase(),
      ascii.toUpperCase(),
      `${base}.`,
      `${ascii}.`,
      base.replace("ü", "u\u0308"),
      base.replaceAll(".", "\u3002"),
      `*.${base.slice(base.indexOf(".") + 1)}`,
      `*.${ascii.slice(ascii.indexOf(".") + 1).toUpperCase()}`,
    ];
    for (const form of forms) expect(await attempt(other, form, secondUpstream.url), form).toBe("host_taken");
    for (const form of [`${base}:80`, `http://${base}`, ` ${base}`, `${base}\u200b`, `${base}/`, `${base}..`]) {
      expect(await attempt(other, form, secondUpstream.url), form).toBe("invalid_host");
    }
    expect((await world.ask(ascii)).status).toBe(401);
    expect((await world.ask(ascii, { user: `ada:${password}` })).headers["x-upstream"]).toBe("upstream");
    const hosts = [...forms, base].map((form) => form.toLowerCase());
    expect(secondUpstream.seen.filter(({ headers }) => hosts.includes(headers.host ?? ""))).toEqual([]);
  });

  test("a second organization cannot claim a name below the first one's wildcard", async () => {
    const base = newHost("wide").split(".").slice(1).join(".");
    const wide = `wide-below.${base}`;
    await firstApplication(`*.${wide}`);
    for (const form of [`*.${wide}`, `a.${wide}`, `A.${wide.toUpperCase()}.`]) {
      expect(await attempt(other, form, secondUpstream.url), form).toBe("host_taken");
    }
    expect(await attempt(other, `a.b.${wide}`, secondUpstream.url)).toBe("created");
  });

  test("a second organization cannot route its own host to the first one's upstream in any spelling", async () => {
    await firstApplication(newHost());
    const port = new URL(world.upstream.url).port;
    const forms = [
      "127.0.0.1",
      "127.1",
      "127.0.0.2",
      "2130706433",
      "0x7f000001",
      "0177.0.0.1",
      "localhost",
      "LOCALHOST",
      "localhost.",
      "app.localhost",
      "ip6-localhost",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:0:0:1]",
    ];
    for (const form of forms) {
      expect(await attempt(other, newHost(), `http://${form}:${port}`), form).toBe("upstream_taken");
    }
    for (const form of ["0.0.0.0", "[::]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"]) {
      expect(["upstream_taken", "invalid_upstream"], form).toContain(
        await attempt(other, newHost(), `http://${form}:${port}`),
      );
    }
    await firstApplication(newHost(), "http://backend.example.test:8080");
    for (const form of ["backend.example.test", "BACKEND.example.test", "backend.example.test."]) {
      expect(await attempt(other, newHost(), `http://${form}:8080`), form).toBe("upstream_taken");
      expect(await attempt(other, newHost(), `https://${form}:8080`), form).toBe("upstream_taken");
    }
    expect(await attempt(other, newHost(), secondUpstream.url)).toBe("created");
  });

  test("a second organization cannot route to the control plane or to the gateway itself", async () => {
    const { address, probeAddress } = world.installation;
    for (const target of [new URL(world.plane.url).host, address, probeAddress]) {
      const port = target.split(":").at(-1);
      for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]) {
        expect(await attempt(other, newHost(), `http://${host}:${port}`), target).toBe("invalid_upstream");
      }
    }
  });

  test("a host of a foreign router can be claimed only after that router is gone", async () => {
    const host = newHost("foreign");
    const file = join(world.installation.gatewayFolder, "dynamic", "foreign.yml");
    const routers = { foreign: { rule: `Host(\`${host}\`)`, service: "foreign", entryPoints: ["web"] } };
    const services = { foreign: { loadBalancer: { servers: [{ url: secondUpstream.url }] } } };
    writeFileSync(file, JSON.stringify({ http: { routers, services } }));
    await world.traefik.until({ host }, ({ status }) => status === 200);
    expect(await attempt(other, host, "http://127.0.0.1:9090")).toBe("host_served_elsewhere");
    expect(await attempt(other, newHost("free"), "http://127.0.0.1:9091")).toBe("created");
    rmSync(file);
    await world.traefik.until({ host }, ({ status }) => status === 404);
    expect(await attempt(other, host, "http://127.0.0.1:9090")).toBe("created");
  });

  test("a second organization can claim a released host while its old deny or route is still live", async () => {
    const host = newHost("released");
    const { applicationId } = await firstApplication(host);
    const { items } = await world.tenant.ok<{ items: { claimId: string; value: string }[] }>("claims.list", {});
    await world.tenant.ok("applications.delete", { applicationId });
    await world.tenant.ok("claims.release", { claimId: items.find(({ value }) => value === host)?.claimId });
    expect(await attempt(other, host, "http://127.0.0.1:9092")).toBe("created");
  });

  test("an organization with checked upstreams cannot route to this machine, by address or by name", async () => {
    for (const url of [
      secondUpstream.url,
      secondUpstream.url.replace("127.0.0.1", "localhost"),
      secondUpstream.url.replace("127.0.0.1", "inside.example.test"),
      "http://unknown.example.test",
      "http://169.254.169.254",
      "http://metadata.google.internal",
    ]) {
      expect(await attempt(checked, newHost(), url), url).toBe("invalid_upstream");
    }
  });

  test("with checked upstreams, the file contains the checked address, and later DNS answers do not change it", async () => {
    const application = await checked.application({
      route: { host: newHost(), upstreams: [{ url: "https://service.example.test" }] },
      credential: { username: "ada", password: newPassword() },
    });
    await checked.enforced(application);
    const { gatewayFolder } = world.installation;
    const file = `${application.applicationId}.yml`;
    const text = readFileSync(join(gatewayFolder, "dynamic", APPLICATIONS_FOLDER, file), "utf8");
    const servers = [...text.matchAll(/"url":\s*"([^"]*)"/g)].map(([, url]) => url);
    expect(servers).toEqual([`https://${outside}:443`]);
    expect(text.match(/"serverName":\s*"([^"]*)"/)?.[1]).toBe("service.example.test");
    expect(await attempt(other, newHost(), `http://${outside}:443`)).toBe("upstream_taken");
    expect(await attempt(other, newHost(), `http://[::ffff:${outside}]:443`)).toBe("upstream_taken");
  });
});
