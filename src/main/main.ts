import { existsSync } from "node:fs";
import type { Logger } from "pino";
import { type FolderSettings, pathsIn } from "../delivery/applier/gateway-folder";
import { unreadableForTraefik } from "../delivery/applier/static-configuration";
import { buildConsole } from "./build-console";
import { inOneLine } from "./explain-start-failure";
import { localFolder } from "./gateway-settings";
import { makeSetUpLink } from "./host/make-set-up-link";
import { makeLog } from "./log";
import { readEnvironment, type Settings, unknownNames } from "./settings/environment";
import { type RunningServer, startServer } from "./start-server";
import { traefikCommand } from "./traefik-command";

/** The time after which the process ends even if work is still running, in milliseconds. */
const stopWithinMs = 9_500;

/** The same limit during the start: the process may wait for another process, and has no work to finish yet. */
const stopStartingWithinMs = 1_000;

/**
 * Runs a control plane until SIGTERM or SIGINT.
 * @returns the exit code: 0, or 1 after one line that says why it could not start
 */
export async function runServer(
  environment: Readonly<Record<string, string | undefined>>,
  mode: "production" | "development",
): Promise<number> {
  // The reader of standard output may close the pipe.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const stopSignal = untilStopSignal();
  let isServing = false;
  void stopSignal.then(() => {
    setTimeout(() => isServing || process.exit(0), stopStartingWithinMs).unref();
    setTimeout(() => process.exit(1), stopWithinMs).unref();
  });
  try {
    const settings = readEnvironment(environment);
    const log = makeLog(settings.logLevel);
    endOnUnforeseen(log);
    warnOfUnknownNames(environment, log);
    const server = await startServer(settings, { console: mode, say, log });
    isServing = true;
    await welcome(server, settings);
    await stopSignal;
    await server.stop();
    return 0;
  } catch (error) {
    process.stderr.write(`portcullis: ${inOneLine(error)}\n`);
    return 1;
  }
}

/**
 * Warns of unknown setting names: they have no effect, although the operator may expect one. Their values are never
 * logged.
 */
function warnOfUnknownNames(environment: Readonly<Record<string, string | undefined>>, log: Logger): void {
  for (const { name, nearest } of unknownNames(environment)) {
    const hint = nearest === null ? "all settings are in .env.example" : `${nearest} may be meant`;
    log.warn({ setting: name, nearest }, `${name} is not a setting, and has no effect: ${hint}`);
  }
}

/**
 * Builds the console if it is not built yet. All other parts are already built when this runs. @returns the exit code
 */
export async function runBuild(): Promise<number> {
  try {
    await buildConsole(say);
    return 0;
  } catch (error) {
    process.stderr.write(`portcullis: ${inOneLine(error)}\n`);
    return 1;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints the address and the next steps. The Traefik command comes last, when the files that Traefik reads exist. */
async function welcome(server: RunningServer, settings: Settings): Promise<void> {
  const { url, runtime } = server;
  const link = await makeSetUpLink({ ...runtime, publicOrigin: runtime.signIn.publicOrigin });
  say(`\nPortcullis is at ${url}`);
  if (link !== null) {
    say("\nThis installation is not set up yet. Open this link within half an hour. It works once:");
    say(`  ${link}`);
    say("Or run this command in another terminal, in this folder:");
    say("  npx --no portcullis setup --email you@example.org --organization Acme");
  }
  const where = await localFolder(settings);
  const config = pathsIn(where.folder).static;
  const isWritten = () => server.gatewayProblem() === null && existsSync(config);
  if (isWritten()) return sayTraefik(where, settings);
  const problem = server.gatewayProblem() ?? `${config} does not exist yet`;
  say(`\nThis process does not deliver to the gateway "local": ${problem}`);
  say("Portcullis retries automatically. The command for Traefik appears here after the first delivery.");
  let isPrinted = false;
  server.onGatewayChange(() => {
    if (isPrinted || !isWritten()) return;
    isPrinted = true;
    void sayTraefik(where, settings);
  });
}

async function sayTraefik(where: FolderSettings, { gatewayAddress }: Settings): Promise<void> {
  const { folder } = where;
  const problems = await unreadableForTraefik(where).catch(() => [`${folder} is incomplete`]);
  if (problems.length > 0) say(`\nTraefik cannot read its files: ${problems.join("; ")}`);
  say(`\nThe gateway answers at http://${gatewayAddress} as soon as Traefik (3.7 or newer) runs:`);
  say(`  ${traefikCommand(where)}`);
}

/**
 * Logs an unexpected error and ends the process. Node would also end, but print the error with the bound parameters of
 * a statement.
 */
function endOnUnforeseen(log: Logger): void {
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, "the process ends after an unexpected error");
      process.exit(1);
    });
  }
}

function untilStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
