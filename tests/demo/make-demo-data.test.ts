import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { CreatedKey, Operators } from "#src/main/host/contract";
import { sendHostCommand } from "#src/main/host-commands";
import { readEnvironment } from "#src/main/settings/environment";
import { type RunningServer, startServer } from "#src/main/start-server";
import { createClient } from "#src/sdk/create-client";
import { openPerson } from "../../demo/demo-person";
import { type DemoData, type DemoInstallation, makeDemoData } from "../../demo/make-demo-data";
import { organizations } from "../../demo/plan";
import { layEmbeddedDatabase } from "../support/embedded-template";
import { registerSecret } from "../support/secrets";

const folder = mkdtempSync(join(tmpdir(), "pcl-"));
const running: RunningServer[] = [];
afterAll(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

/** A server on an embedded database of its own. */
async function startAt(name: string, mode: "development" | "none"): Promise<DemoInstallation> {
  const dataFolder = join(folder, name);
  await layEmbeddedDatabase(dataFolder);
  const environment = { PORTCULLIS_DATA: dataFolder, PORT: "0", PORTCULLIS_GATEWAY_PROBE_ADDRESS: "127.0.0.1:9" };
  const log = pino({ level: "silent" });
  const server = await startServer(readEnvironment(environment), { log, console: mode });
  running.push(server);
  return { url: server.url, ask: (verb, input) => sendHostCommand(environment, verb, input), random: randomBytes };
}

async function resultOf(installation: DemoInstallation, verb: string, input: unknown = {}): Promise<unknown> {
  const answer = await installation.ask(verb, input);
  if (!answer.ok) throw new Error(answer.message);
  return answer.result;
}

/** A client that may read everything of an organization. */
async function readerOf(installation: DemoInstallation, organization: string) {
  const { key } = CreatedKey.parse(
    await resultOf(installation, "key create", { organization, name: "test", role: "owner" }),
  );
  return createClient({ url: installation.url, apiKey: registerSecret(key) });
}

describe("npm run seed", { shuffle: false }, () => {
  let installation: DemoInstallation;
  let made: DemoData;

  test("makes three organizations with sixty applications in projects and environments", async () => {
    installation = await startAt("empty", "development");
    made = await makeDemoData(installation);
    registerSecret(made.signIn.password);
    registerSecret(made.visit.password);
    const each = { projects: 2, environments: 4, applications: 20, credentials: 16 };
    expect(made.organizations).toEqual([
      { ...each, name: "Acme", members: 4, upstream: "http://127.0.0.1:9001", organizationId: expect.any(String) },
      { ...each, name: "Globex", members: 3, upstream: "http://127.0.0.1:9002", organizationId: expect.any(String) },
      { ...each, name: "Initech", members: 2, upstream: "http://127.0.0.1:9003", organizationId: expect.any(String) },
    ]);
    for (const { organizationId } of made.organizations) {
      const reader = await readerOf(installation, organizationId);
      expect((await reader.applications.list.query({ limit: 200 })).items).toHaveLength(20);
      const { items: routes } = await reader.routes.list.query({ limit: 200 });
      expect(routes.filter(({ host }) => host.endsWith(".localhost"))).toHaveLength(20);
      expect((await reader.invitations.list.query()).items.filter(({ state }) => state === "open")).toHaveLength(1);
    }
  });

  test("gives people different roles, of the organization's own and at a project too", async () => {
    const { operators } = Operators.parse(await resultOf(installation, "operator list"));
    const rolesOf = (email: string) =>
      operators
        .filter((operator) => operator.email === email)
        .flatMap(({ organizations }) => organizations.map(({ name, role }) => `${name}: ${role}`).sort());
    expect(rolesOf("demo@example.org")).toEqual(["Acme: owner", "Globex: owner", "Initech: owner"]);
    expect(rolesOf("grace@example.org")).toEqual(["Acme: admin", "Globex: developer"]);
    expect(rolesOf("edsger@example.org")).toEqual(["Acme: developer", "Globex: null"]);
    expect(rolesOf("barbara@example.org")).toEqual(["Acme: viewer", "Initech: owner"]);
    const reader = await readerOf(installation, made.organizations[0]?.organizationId ?? "");
    const { items } = await reader.members.list.query();
    expect(items.find(({ email }) => email === "barbara@example.org")?.projectRoles).toMatchObject([
      { role: "developer" },
    ]);
  });

  test("has a password that signs the owner in, and leaves that one attempt within the limit of an address", async () => {
    await expect(openPerson(installation.url).signIn("password", made.signIn)).resolves.toBeUndefined();
  });

  test("says why it does not run a second time, and changes nothing", async () => {
    await expect(makeDemoData(installation)).rejects.toThrow(/^this installation has applications already/);
    const { operators } = Operators.parse(await resultOf(installation, "operator list"));
    expect(operators.flatMap(({ organizations }) => organizations)).toHaveLength(9);
  });

  test("fills an installation that was set up and has no application, for an owner of its own", async () => {
    const own = await startAt("set-up", "development");
    await resultOf(own, "setup", { email: "you@example.org", organization: "Mine" });
    const filled = await makeDemoData(own, organizations.slice(0, 1));
    expect(filled.organizations).toMatchObject([{ name: "Acme", applications: 20, members: 4 }]);
    await openPerson(own.url).signIn("password", filled.signIn);
  });

  test("refuses a server that does not run in development, and says so", async () => {
    const production = await startAt("production", "none");
    await expect(makeDemoData(production)).rejects.toThrow("does not run in development");
    expect(Operators.parse(await resultOf(production, "operator list")).operators).toEqual([]);
    await expect(makeDemoData({ ...production, url: "http://127.0.0.1:9" })).rejects.toThrow("npm run dev");
  });
});
