import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import type { BreakGlassResponse, CreatedOrganization } from "#src/main/host/contract";
import { sendHostCommand } from "#src/main/host-commands";
import { takeControlSocket } from "#src/main/ipc/control-socket";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";
import { layEmbeddedDatabase } from "../support/embedded-template";
import { patienceMs } from "../support/patience";
import { registerSecret } from "../support/secrets";

const log = pino({ level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const running: RunningServer[] = [];

const environmentOf = (data: string, more: Record<string, string> = {}) => ({
  PORTCULLIS_DATA: join(folder, data),
  PORT: "0",
  PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9", // nothing listens there
  ...more,
});

async function start(environment: Record<string, string>): Promise<RunningServer> {
  const server = await startServer(readEnvironment(environment), { log });
  running.push(server);
  return server;
}

const setUp = async (environment: Record<string, string>) => {
  const answer = await sendHostCommand(environment, "setup", { email: "Ada@Example.org", organization: "Acme" });
  return answer as BreakGlassResponse<CreatedOrganization>;
};

afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a control plane on the embedded database", () => {
  const environment = environmentOf("one");
  let key = "";

  beforeAll(async () => {
    const answer = await setUp(environment); // no server runs, so the command runs in this process
    if (!answer.ok) throw new Error(answer.message);
    key = registerSecret(answer.result.apiKey.key);
  });

  test("a control plane keeps its files in a folder with the mode 700", () => {
    expect(statSync(join(folder, "one")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "one", "secret")).mode & 0o777).toBe(0o600);
  });

  test("a control plane accepts a key that was created before its start", async () => {
    const { url } = await start(environment);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const call = (given: string) =>
      fetch(`${url}/api/trpc/security.one`, {
        method: "POST",
        headers: { "x-api-key": given, "content-type": "application/json" },
        body: '{"securityId":"x"}',
      });
    expect((await call(key)).status).toBe(404);
    expect((await call(`pcl_${"0".repeat(72)}`)).status).toBe(401);
  });

  test("commands reach a running control plane over its control socket", async () => {
    const server = await start(environment);
    expect(await setUp(environment)).toEqual({
      ok: false,
      message: expect.stringMatching(/^This installation was already set up, on the host by the command "setup"\./),
    });
    const created = await sendHostCommand(environment, "organization create", {
      name: "Beta",
      owner: "bob@example.org",
    });
    expect(created).toMatchObject({ ok: true, result: { organizationId: expect.stringMatching(/^org_/) } });
    expect(
      await sendHostCommand(environment, "organization create", { name: "", owner: "bob@example.org" }),
    ).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^--name: /),
    });
    expect(await sendHostCommand(environment, "rm", {})).toEqual({ ok: false, message: "There is no such command." });
    await server.stop();
  });

  test("a second process on the same data folder is refused with the pid of the first", async () => {
    const first = await start(environment);
    await expect(start(environment)).rejects.toThrow(`in use by process ${process.pid}`);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  });

  test("a control plane whose port is taken releases the data folder", async () => {
    await layEmbeddedDatabase(join(folder, "two"));
    const other = await start(environmentOf("two"));
    await expect(start({ ...environment, PORT: String(other.port) })).rejects.toThrow(
      `port ${other.port} of 127.0.0.1 is taken: set PORT to another one`,
    );
    await start(environment);
  });

  test("a control plane does not start with another secret or without its secret", async () => {
    const secret = join(folder, "one", "secret");
    renameSync(secret, `${secret}.away`);
    await expect(start(environment)).rejects.toThrow(/^PORTCULLIS_SECRET must be set: /);
    expect(existsSync(secret)).toBe(false);
    const another = "c0b7a1e95d3f48266b1f0d7a935ce8420f1e2d3c4b5a69788796a5b4c3d2e1f0";
    await expect(start({ ...environment, PORTCULLIS_SECRET: another })).rejects.toThrow(/^PORTCULLIS_SECRET /);
    renameSync(`${secret}.away`, secret);
    await start(environment);
  });

  test("a command waits while a server is starting", async () => {
    const control = await takeControlSocket(join(folder, "three"));
    const answer = setUp(environmentOf("three"));
    control.serve((_request, response) => {
      response.end(JSON.stringify({ ok: false, message: "by the server" }));
    });
    expect(await answer).toEqual({ ok: false, message: "by the server" });
    await control.close();
  });
});

describe("gateway adopt", () => {
  test("gateway adopt claims a folder that the database does not know, and is audited", async () => {
    const environment = environmentOf("four");
    await layEmbeddedDatabase(join(folder, "four"));
    const setup = await setUp(environment);
    if (!setup.ok) throw new Error(setup.message);
    registerSecret(setup.result.apiKey.key);
    await (await start(environment)).stop();
    const claim = join(folder, "four", "gateways", "local", "gateway.json");
    const before = readFileSync(claim, "utf8");
    rmSync(join(folder, "four", "gateways"), { recursive: true });

    const server = await start(environment); // the server does not write into a folder that it does not know
    expect(existsSync(claim)).toBe(false);
    expect(await sendHostCommand(environment, "gateway adopt", { gateway: "nowhere" })).toMatchObject({ ok: false });
    const adopted = await sendHostCommand(environment, "gateway adopt", {});
    expect(adopted).toMatchObject({ ok: true, result: { folder: join(folder, "four", "gateways", "local") } });
    expect(readFileSync(claim, "utf8")).not.toBe(before);
    await expect
      .poll(() => existsSync(join(folder, "four", "gateways", "local", "traefik.yml")), { timeout: patienceMs })
      .toBe(true);
    const entries = await server.runtime.database.transaction("host", null, (tx) =>
      tx.select({ action: auditEntries.action, outcome: auditEntries.outcome }).from(auditEntries),
    );
    expect(entries).toContainEqual({ action: "gateway.adopt", outcome: "done" });
    expect(entries).toContainEqual({ action: "gateway.adopt", outcome: "refused" });
  });
});
