import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { BreakGlassResponse, BreakGlassResults, BreakGlassVerb } from "#src/main/host/contract";
import { sendHostCommand } from "#src/main/host-commands";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";
import { layEmbeddedDatabase } from "../support/embedded-template";
import { registerSecret } from "../support/secrets";

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const environment = {
  PORTCULLIS_DATA: folder,
  PORT: "0",
  PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9", // nothing listens there
};
const running: RunningServer[] = [];

async function start(more: Record<string, string> = {}): Promise<RunningServer> {
  const settings = readEnvironment({ ...environment, ...more });
  const server = await startServer(settings, { log: pino({ level: "silent" }) });
  running.push(server);
  return server;
}

async function runCommand<V extends BreakGlassVerb>(
  verb: V,
  input: Record<string, unknown> = {},
  more: Record<string, string> = {},
): Promise<BreakGlassResults[V]> {
  const answer = (await sendHostCommand({ ...environment, ...more }, verb, input)) as BreakGlassResponse<
    BreakGlassResults[V]
  >;
  if (!answer.ok) throw new Error(answer.message);
  return answer.result;
}

beforeAll(async () => {
  await layEmbeddedDatabase(folder);
  const created = await runCommand("setup", { email: "ada@example.org", organization: "Acme" });
  registerSecret(created.apiKey.key);
  expect(created.setupUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/setup#[\w-]{43}$/);
});
afterEach(() => Promise.all(running.splice(0).map((server) => server.stop())));
afterAll(() => rmSync(folder, { recursive: true }));

// Both groups use one data folder, and the second group changes its secret.
describe("one data folder", { shuffle: false }, () => {
  describe("the operator commands", () => {
    test("operator commands run in the server that holds the data folder, and links have its address (TM-23)", async () => {
      const server = await start();
      const reset = await runCommand("operator reset-password", { email: "Ada@Example.org" });
      expect(reset.url).toMatch(new RegExp(`^${server.url}/setup#[\\w-]{43}$`));
      const { operators } = await runCommand("operator list");
      expect(operators).toMatchObject([{ email: "ada@example.org", password: "must_change", locked: false }]);
      expect(await runCommand("operator unlock", { email: "ada@example.org" })).toMatchObject({ wasLocked: false });
      const factor = await runCommand("operator reset-second-factor", { email: "ada@example.org" });
      expect(factor.url).not.toBe(reset.url);
      await expect(runCommand("operator unlock", { email: "eve@example.org" })).rejects.toThrow(
        'no account with the e-mail address "eve@example.org"',
      );
      await expect(runCommand("operator unlock", { email: "eve" })).rejects.toThrow(/^--email: /);
    });

    test("operator commands run in this process if no server runs, and links have the public address", async () => {
      const reset = await runCommand(
        "operator reset-password",
        { email: "ada@example.org" },
        { PORTCULLIS_PUBLIC_URL: "https://portcullis.example.org/" },
      );
      expect(reset.url).toMatch(/^https:\/\/portcullis\.example\.org\/setup#/);
    });
  });

  describe("a changed secret (PO-9)", () => {
    const weak = "a".repeat(64);

    test("a weak secret stops the start with the command that creates a strong one", async () => {
      await expect(start({ PORTCULLIS_SECRET: weak })).rejects.toThrow(/^PORTCULLIS_SECRET .*openssl rand -hex 32$/);
      await expect(start({ PORTCULLIS_SECRET_PREVIOUS: weak })).rejects.toThrow(
        /^PORTCULLIS_SECRET_PREVIOUS .*openssl/,
      );
    });

    test("a new secret takes effect at a start, re-encrypts all values, and is then sufficient alone", async () => {
      const previous = readFileSync(join(folder, "secret"), "utf8").trim();
      const PORTCULLIS_SECRET = randomBytes(32).toString("hex");
      const both = { PORTCULLIS_SECRET, PORTCULLIS_SECRET_PREVIOUS: previous };
      await expect(runCommand("secrets rotate", {}, both)).rejects.toThrow(
        "No control plane has started with this PORTCULLIS_SECRET yet",
      );
      await start(both);
      const rotated = await runCommand("secrets rotate", {}, both);
      expect(rotated).toMatchObject({ resealed: { gateways: 2 }, unreadable: 0 });
      await Promise.all(running.splice(0).map((server) => server.stop()));
      expect(await runCommand("secrets rotate", {}, { PORTCULLIS_SECRET })).toMatchObject({ total: 0, unreadable: 0 });
      const server = await start({ PORTCULLIS_SECRET });
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      await expect(start()).rejects.toThrow();
    });
  });
});
