import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { loadEnvFile } from "../bin/load-env-file.mjs";
import { sendHostCommand } from "../src/main/host-commands";
import { parseEnvFile } from "../src/main/settings/env-file";
import { readEnvironment, WrongSetting } from "../src/main/settings/environment";
import { type DemoData, makeDemoData, NoDemoData } from "./make-demo-data";
import { people } from "./plan";

/** `npm run seed`: fills the development server that runs on this machine, and prints what it has made. */

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

async function seed(): Promise<string> {
  const problem = loadEnvFile(join(import.meta.dirname, "..", ".env"), parseEnvFile);
  if (problem !== null) throw new NoDemoData(problem);
  const { host, port, gatewayAddress } = readEnvironment(process.env);
  const name = wildcards.has(host) ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  const url = `http://${name}:${port}`;
  const made = await makeDemoData({
    url,
    ask: (verb, input) => sendHostCommand(process.env, verb, input),
    random: randomBytes,
  });
  return describe(made, url, gatewayAddress);
}

function describe({ organizations, signIn, visit }: DemoData, url: string, gatewayAddress: string): string {
  const [, gatewayPort] = /:(\d+)$/.exec(gatewayAddress) ?? [];
  return [
    ...organizations.map(
      ({ name, projects, environments, applications, credentials, members, upstream }) =>
        `${name}: ${projects} projects, ${environments} environments, ${applications} applications with a route to ${upstream}, ${credentials} credentials, ${members} members`,
    ),
    "",
    `Sign in at ${url}/sign-in as the owner of all three:`,
    `  ${signIn.email}`,
    `  ${signIn.password}`,
    `${people.join(", ")} have the same password and other roles.`,
    "",
    "Visit an application as soon as Traefik runs and something answers at the route's address:",
    `  curl -u '${visit.username}:${visit.password}' http://${visit.host}:${gatewayPort}/`,
    "",
  ].join("\n");
}

try {
  process.stdout.write(await seed());
} catch (error) {
  if (!(error instanceof NoDemoData || error instanceof WrongSetting)) throw error;
  process.stderr.write(`portcullis: ${error.message}\n`);
  process.exitCode = 1;
}
