import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { organizations } from "#drizzle/organizations";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { isFull } from "#tests/support/length";
import { updateRows } from "#tests/support/rows/table";
import { projectFolder } from "#tests/support/test-database";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";

/** The command line of https://schemathesis.io: from the environment, of this project (`.ci/run` installs it), or on PATH. */
function findSchemathesis(): string | null {
  const own = join(projectFolder, "node_modules/.schemathesis/bin/schemathesis");
  const candidates = [process.env.SCHEMATHESIS_BIN, existsSync(own) ? own : undefined, "schemathesis"];
  for (const command of candidates) {
    if (command && spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0) return command;
  }
  return null;
}

/** Which database is asked makes no difference to the form of requests and responses. */
const isMeant = isFull && process.env.PORTCULLIS_TEST_DATABASE !== "embedded";
const command = isMeant ? findSchemathesis() : null;
if (isMeant && command === null) {
  process.stdout.write("Skipping schemathesis: it is not installed (python3 -m pip install schemathesis).\n");
}

describe.skipIf(command === null)("schemathesis against the REST API", () => {
  let world: World;
  let acme: GivenOrganization;
  let server: HttpServer;
  let key: string;
  let keeping: NodeJS.Timeout;

  beforeAll(async () => {
    world = await openWorld();
    acme = await world.organization({ root: true });
    key = await acme.key("owner");
    server = await listen({ host: "127.0.0.1", port: 0, log: world.runtime.log });
    server.serve({ handler: world.handler, pages: (_request, response) => response.writeHead(404).end() });
    // Some requests limit the requests of every key, or require a second factor. The next ones have to go on.
    keeping = setInterval(() => {
      void updateRows(
        world.db.owner,
        organizations,
        { organizationId: acme.organizationId },
        { keyRequestsPerMinute: null },
      ).catch(() => undefined);
    }, 100);
  });
  afterAll(async () => {
    clearInterval(keeping);
    await server?.close(0);
    await world?.close();
  });

  test("finds no server error and nothing that the description does not say, in more than 1,000 cases", async () => {
    const { code, output } = await run(command ?? "", [
      `--config-file=${join(import.meta.dirname, "schemathesis.toml")}`,
      "run",
      `http://127.0.0.1:${server.port}/api/openapi.json`,
      "--header",
      `x-api-key: ${key}`,
      "--checks=all",
      "--phases=examples,coverage,fuzzing",
      "--max-examples=5",
      "--seed=1",
      "--continue-on-failure",
      "--no-color",
    ]);
    expect(code, output).toBe(0);
    const cases = Number(/(\d[\d,]*) generated/.exec(output)?.[1]?.replaceAll(",", ""));
    expect(cases, output).toBeGreaterThan(1_000);
  }, 900_000);
});

function run(executable: string, words: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const cwd = mkdtempSync(join(tmpdir(), "portcullis-schemathesis-"));
    const child = spawn(executable, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => {
      rmSync(cwd, { recursive: true, force: true });
      resolve({ code, output });
    });
  });
}
