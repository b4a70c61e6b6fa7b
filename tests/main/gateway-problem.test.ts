import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, expect, test, vi } from "vitest";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";
import { layEmbeddedDatabase } from "../support/embedded-template";

const folder = mkdtempSync(join(tmpdir(), "pcg-"));
let server: RunningServer | undefined;
afterEach(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a control plane with an unusable gateway folder starts and becomes ready when the folder is usable", async () => {
  const gateway = join(folder, "occupied", "gateway");
  writeFileSync(join(folder, "occupied"), ""); // a file in place of the parent folder
  const data = join(folder, "data");
  await layEmbeddedDatabase(data);
  const settings = readEnvironment({
    PORTCULLIS_DATA: data,
    PORTCULLIS_GATEWAY_DIR: gateway,
    PORT: "0",
    PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9",
  });
  server = await startServer(settings, { log: pino({ level: "silent" }), timing: { candidateMs: 10 } });
  const { url, gatewayProblem, onGatewayChange } = server;
  const changes: (string | null)[] = [];
  onGatewayChange(() => changes.push(gatewayProblem()));
  expect(gatewayProblem()).toContain(`${gateway}, ENOTDIR`);
  const ready = async () => {
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, body: await response.text() };
  };
  const { status, body } = await ready();
  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({
    checks: {
      database: "ok",
      sync: "gateway local: The path of the gateway's folder is not a folder.",
    },
  });
  expect(body).not.toContain(folder);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);

  rmSync(join(folder, "occupied"));
  mkdirSync(join(folder, "occupied"));
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), { timeout: 30_000 });
  expect(gatewayProblem()).toBeNull();
  expect(changes).toEqual([null]);
  expect(readFileSync(join(gateway, "traefik.yml"), "utf8")).toContain("providers");
});
