import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreatedCredential } from "#src/features/credentials/contract";
import { inParallel } from "#src/platform/in-parallel";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import { errorBodies, onHost } from "../support/control-plane";
import { dumpEmbedded } from "../support/dump-embedded";
import { findSecrets, textBelow } from "../support/find-secrets";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { long } from "../support/length";
import { formsOf, registeredSecrets, registerSecret } from "../support/secrets";
import { hasTraefik } from "../support/traefik";

describe.skipIf(!hasTraefik())("secrets after a complete workflow", () => {
  let world: GatewayWorld;
  const planted = `planted-${randomBytes(9).toString("base64url")}`;
  const texts: Record<string, string> = {};

  beforeAll(async () => {
    world = await openGatewayWorld();
    await workflow();
    await refusedRequests();
    registerHashes();
    await world.plane.stop("SIGTERM");
    const { plane, traefik } = world.logs();
    const { dataFolder } = world.installation;
    Object.assign(texts, {
      "the control plane's log": plane,
      "Traefik's log": traefik,
      "the bodies of errors": errorBodies.join("\n"),
      "the database's tables": await dumpEmbedded(dataFolder),
      "the database's files": textBelow(join(dataFolder, "database")),
    });
  });
  afterAll(() => world?.close());

  /** Creates applications with given and generated passwords of both algorithms, changes, deletes and uses them. */
  async function workflow(): Promise<void> {
    const { tenant } = world;
    await inParallel(Array.from({ length: long(60, 40) }), 8, async (_, index) => {
      const host = newHost("secret");
      const application = await tenant.application({
        hashAlgorithm: index % 20 === 0 ? "bcrypt" : "apr1",
        route: { host, upstreams: [{ url: world.upstream.url }] },
        credential: { username: "ada", password: newPassword() },
      });
      const { applicationId } = application;
      const generated = await tenant.ok<CreatedCredential>("security.create", { applicationId, username: "bob" });
      registerSecret(generated.password ?? "");
      const changed = await tenant.ok<CreatedCredential>("security.update", {
        securityId: application.credential?.securityId,
        password: newPassword(),
      });
      if (index % 10 !== 0) return;
      await tenant.enforced(changed);
      await world.ask(host, { user: `bob:${generated.password}` });
      await world.ask(host, { user: `bob:${newPassword()}` });
      await tenant.ok("security.delete", { securityId: generated.securityId });
    });
    for (const role of ["viewer", "developer", "admin", "owner"]) {
      const organization = tenant.organizationId;
      const { key } = await onHost<{ key: string }>(world.installation, "key create", {
        organization,
        name: role,
        role,
      });
      registerSecret(key);
      await world.plane.callAs(key)("applications.list", {});
    }
    await tenant.application({ name: planted });
    await world.ask(newHost(), { path: `/${planted}` });
  }

  /** Sends secrets in every kind of refused request. */
  async function refusedRequests(): Promise<void> {
    const { tenant } = world;
    const { applicationId } = await tenant.application({ credential: { username: "ada", password: newPassword() } });
    const secret = newPassword;
    const create = (input: Record<string, unknown>) => tenant.call("security.create", { applicationId, ...input });
    await create({ username: "ada", password: secret() }); // duplicate
    await create({ username: secret(), password: `${secret()}\n` });
    await create({ username: `a:${secret()}`, password: secret() });
    await create({ username: "x", password: [secret()] });
    await create({ username: "x", password: { [secret()]: secret() } });
    await create({ username: "x", password: secret(), [secret()]: secret() });
    await create({ username: "x", password: `${secret()}${"x".repeat(300)}` });
    await create({ applicationId: secret(), username: "x", password: secret() });
    await tenant.call("security.update", { securityId: secret(), password: secret() });
    await tenant.call("security.nothing", { password: secret() });
    await world.plane.callAs(secret())("security.create", { applicationId, username: "x", password: secret() });
    await world.plane.callAs(`${tenant.key}x`)("applications.list", {});
    const raw = async (path: string, body?: string) => {
      const response = await fetch(`${world.plane.url}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { "x-api-key": tenant.key },
        ...(body === undefined ? {} : { body }),
      });
      errorBodies.push(await response.text());
    };
    await raw("/api/trpc/security.create", `{"username": "x", "password": "${secret()}"`);
    await raw("/api/trpc/security.create", `password=${secret()}`);
    const input = encodeURIComponent(JSON.stringify({ applicationId: secret(), password: secret() }));
    await raw(`/api/trpc/security.list?input=${input}`);
    await raw(`/nothing?password=${secret()}`);
    errorBodies.push(planted);
  }

  /** Registers the hashes, which are necessarily in the gateway's own files. */
  function registerHashes(): void {
    const folder = join(world.installation.gatewayFolder, "dynamic", APPLICATIONS_FOLDER);
    let hashes = 0;
    for (const name of readdirSync(folder).filter((file) => file.startsWith("app_"))) {
      const text = readFileSync(join(folder, name), "utf8");
      for (const [, hash] of text.matchAll(/"[^":]+:(\$(?:apr1|2[aby])\$[^"]+)"/g)) {
        registerSecret(hash ?? "");
        hashes++;
      }
    }
    expect(hashes).toBeGreaterThanOrEqual(long(100, 70));
    registerSecret(readFileSync(join(world.installation.dataFolder, "secret"), "utf8").trim());
  }

  test("the search covers at least 200 secrets and texts that are not empty", () => {
    expect(registeredSecrets().size).toBeGreaterThanOrEqual(200);
    for (const [where, text] of Object.entries(texts)) expect(text.length, where).toBeGreaterThan(100);
    expect(texts["the control plane's log"]).toContain("security.create");
    expect(texts["the database's tables"]).toContain("public.security");
  });

  test("no secret is in a log, an error body or the database, in any encoding", () => {
    expect(findSecrets(texts, registeredSecrets())).toEqual([]);
  });

  test("a planted secret is found in every encoding", () => {
    const found = findSecrets(texts, [planted]).map(({ where }) => where);
    expect(found).toContain("the database's tables");
    expect(found).toContain("the database's files");
    expect(found).toContain("the bodies of errors");
    const [secret = ""] = registeredSecrets();
    for (const [where, text] of Object.entries(texts)) {
      for (const form of formsOf(secret)) {
        const leaked = { [where]: `${text.slice(0, 500)}${form}${text.slice(500)}` };
        expect(findSecrets(leaked, [secret]).map((found) => found.form)).toContain(form);
      }
    }
  });
});
