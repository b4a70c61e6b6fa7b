import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { hostAndPort } from "../support/ask-gateway";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { registerSecret } from "../support/secrets";
import { hasTraefik } from "../support/traefik";
import { startUpstream, type Upstream } from "../support/upstream";

describe.skipIf(!hasTraefik())("forms of requests at a real gateway", () => {
  let world: GatewayWorld;
  let other: Upstream;
  beforeAll(async () => {
    [world, other] = await Promise.all([openGatewayWorld(), startUpstream("other")]);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), other?.close()]);
  });

  const protectedAt = async (
    host: string,
    { pathPrefix, upstream = world.upstream, ...more }: Record<string, unknown> & { upstream?: Upstream } = {},
  ) => {
    const password = newPassword();
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url: upstream.url }], ...(pathPrefix ? { pathPrefix } : {}) },
      credential: { username: "ada", password },
      ...more,
    });
    await world.tenant.enforced(application);
    return { ...application, password };
  };

  test("DK-17 names and passwords with non-ASCII characters, colons, spaces or 255 bytes are accepted", async () => {
    const host = newHost();
    const { applicationId } = await protectedAt(host);
    const pairs: [string, string][] = [
      ["zoë", "Grüße, 世界 🗝️ und mehr"],
      ["Ωmega user", "a:b:c \"quoted\" 'and' $apr1$"],
      ["名前", "{{ env `HOME` }} $HOME %41"],
      [`n${"é".repeat(127)}`, `p${"é".repeat(127)}`],
      ["back\\slash\"'`", "\\ \u00a0 \u2603"],
    ];
    let last: CreatedCredential | undefined;
    for (const [username, password] of pairs) {
      last = await world.tenant.ok("security.create", { applicationId, username, password: registerSecret(password) });
    }
    if (last) await world.tenant.enforced(last);
    for (const [username, password] of pairs) {
      expect((await world.ask(host, { user: `${username}:${password}` })).status, username).toBe(200);
      expect((await world.ask(host, { user: `${username}:${password}x` })).status, username).toBe(401);
      expect((await world.ask(host, { user: `${username}x:${password}` })).status, username).toBe(401);
    }
    expect((await world.ask(host)).status).toBe(401);
  });

  test("DK-17 an application with bcrypt accepts only the correct password", async () => {
    const host = newHost();
    const { applicationId, password } = await protectedAt(host, { hashAlgorithm: "bcrypt" });
    const second = registerSecret(`ß${"x".repeat(70)}`);
    await world.tenant.enforced(
      await world.tenant.ok<CreatedCredential>("security.create", { applicationId, username: "bob", password: second }),
    );
    expect((await world.ask(host)).status).toBe(401);
    expect((await world.ask(host, { user: `ada:${password}` })).status).toBe(200);
    expect((await world.ask(host, { user: `bob:${second}` })).status).toBe(200);
    expect((await world.ask(host, { user: `bob:${second.slice(0, -1)}` })).status).toBe(401);
    const tooLong = await world.tenant.call("security.create", {
      applicationId,
      username: "carol",
      password: "y".repeat(73),
    });
    expect(tooLong.status).toBe(400);
  });

  test("DK-18 a path prefix matches whole segments, and another application serves the rest of the host", async () => {
    const host = newHost();
    const admin = await protectedAt(host, { pathPrefix: "/admin" });
    const root = await world.tenant.application({
      name: "Site",
      route: { host, upstreams: [{ url: other.url }] },
    });
    await world.tenant.enforced(root);
    for (const path of ["/admin", "/admin/", "/admin/x?y", "/x/../admin", "//admin", "/%61dmin"]) {
      const { status, headers } = await world.ask(host, { path });
      expect({ path, status, upstream: headers["x-upstream"] }).not.toMatchObject({ upstream: "upstream" });
    }
    expect((await world.ask(host, { path: "/admin/x" })).status).toBe(401);
    const user = `ada:${admin.password}`;
    expect((await world.ask(host, { path: "/admin/x", user })).headers["x-upstream"]).toBe("upstream");
    expect((await world.ask(host, { path: "/administrator" })).headers["x-upstream"]).toBe("other");
    expect((await world.ask(host, { path: "/" })).headers["x-upstream"]).toBe("other");
  });

  test("a wildcard host matches one label, and an exact host has precedence", async () => {
    const base = newHost("many");
    const wildcard = await protectedAt(`*.${base}`);
    const exact = await protectedAt(`one.${base}`, { upstream: other });
    const asWildcard = `ada:${wildcard.password}`;
    const asExact = `ada:${exact.password}`;
    expect((await world.ask(`two.${base}`)).status).toBe(401);
    expect((await world.ask(`two.${base}`, { user: asWildcard })).status).toBe(200);
    expect((await world.ask(`one.${base}`, { user: asWildcard })).status).toBe(401);
    expect((await world.ask(`one.${base}`, { user: asExact })).status).toBe(200);
    expect((await world.ask(`a.two.${base}`, { user: asWildcard })).status).toBeGreaterThanOrEqual(400);
    expect((await world.ask(base, { user: asWildcard })).status).toBeGreaterThanOrEqual(400);
  });

  test("a host in another spelling reaches the same application", async () => {
    const host = newHost();
    const { password } = await protectedAt(host.toUpperCase());
    for (const asked of [host, host.toUpperCase(), `${host}.`, `${host}:8000`]) {
      expect((await world.ask(asked)).status, asked).toBe(401);
      expect((await world.ask(asked, { user: `ada:${password}` })).status, asked).toBe(200);
    }
  });

  test("encoded separators are refused, even with a valid credential", async () => {
    const host = newHost();
    const { password } = await protectedAt(host);
    for (const path of ["/a%2fb", "/a%2Fb", "/a%5cb", "/a%00", "/a%3bb", "/a%25b", "/a%3fb", "/a%23b"]) {
      for (const user of [undefined, `ada:${password}`]) {
        const answer = await world.ask(host, { path, ...(user ? { user } : {}) });
        expect({ path, status: answer.status }).toEqual({ path, status: 400 });
      }
    }
  });

  test("an upgrade to HTTP/2 in clear text does not open a tunnel", async () => {
    const host = newHost();
    const application = await world.tenant.application({
      route: { host, upstreams: [{ url: world.upstream.url }] },
    });
    await world.tenant.enforced(application);
    const before = world.upstream.seen.length;
    const answer = await world.ask(host, {
      headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAAP__" },
    });
    expect(answer).toMatchObject({ status: 403, pass: null });
    const raw = await sendRaw(
      world.traefik.address,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: foo, H2C\r\n\r\n`,
    );
    expect(raw).toMatch(/^HTTP\/1\.1 403 /);
    expect(world.upstream.seen.length).toBe(before);
  });
});

async function sendRaw(address: string, text: string): Promise<string> {
  const [host, port] = hostAndPort(address);
  const socket = connect(port, host);
  socket.write(text);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return chunk.toString();
}
