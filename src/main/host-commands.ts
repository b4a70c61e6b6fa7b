import { breakGlass } from "./break-glass";
import { commandSigner } from "./command-signer";
import { breakGlassPath } from "./control-requests";
import { inOneLine } from "./explain-start-failure";
import { localFolder } from "./gateway-settings";
import type { BreakGlassResponse } from "./host/contract";
import { secretsOf } from "./installation-secrets";
import { DataFolderInUse, takeControlSocket } from "./ipc/control-socket";
import { type ControlResponse, requestControlSocket } from "./ipc/control-socket-client";
import { makeDataFolder } from "./ipc/control-socket-path";
import { explained } from "./open-database";
import { openForCommand, sealingKeys } from "./open-installation";
import { publicUrl } from "./public-url";
import { readEnvironment, type Settings } from "./settings/environment";
import { realSurroundings } from "./system";

/** How long a command waits for a starting server, which may be building the console, in milliseconds. */
const patienceMs = 180_000;

/** The timeout of a command in milliseconds: re-encryption of many values takes minutes. */
const timeoutMs = 600_000;

/**
 * Runs a host command. The server that holds the data folder runs it; if no server holds it, or if `DATABASE_URL` is
 * set, this process runs it.
 */
export async function sendHostCommand(
  environment: Readonly<Record<string, string | undefined>>,
  verb: string,
  input: unknown,
): Promise<BreakGlassResponse> {
  try {
    const settings = readEnvironment(environment);
    return await (settings.databaseUrl === null
      ? requestRunningServer(settings, verb, input)
      : runHere(settings, verb, input));
  } catch (error) {
    return { ok: false, message: inOneLine(error) };
  }
}

async function requestRunningServer(settings: Settings, verb: string, input: unknown): Promise<BreakGlassResponse> {
  while (true) {
    const command = { verb, input };
    const response = await requestControlSocket(settings.dataFolder, breakGlassPath, command, {
      patienceMs,
      timeoutMs,
    });
    if (response.kind !== "no_server") return read(response, settings);
    try {
      return await withLock(settings, () => runHere(settings, verb, input));
    } catch (error) {
      if (!(error instanceof DataFolderInUse)) throw error; // a server started in the meantime: send the command to it
    }
  }
}

async function withLock<T>(settings: Settings, body: () => Promise<T>): Promise<T> {
  const control = await takeControlSocket(settings.dataFolder);
  try {
    return await body();
  } finally {
    await control.close();
  }
}

function runHere(settings: Settings, verb: string, input: unknown): Promise<BreakGlassResponse> {
  return explained(settings, () => runOnDatabase(settings, verb, input));
}

async function runOnDatabase(settings: Settings, verb: string, input: unknown): Promise<BreakGlassResponse> {
  const { clock, random } = realSurroundings();
  await makeDataFolder(settings.dataFolder);
  const database = await openForCommand(settings, { clock, random });
  try {
    const { folder: gatewayFolder } = await localFolder(settings);
    const publicOrigin = new URL(publicUrl(settings, settings.port)).origin;
    const signer = () => commandSigner(database, settings);
    const keys = async () => sealingKeys(await secretsOf(settings, false));
    const runtime = { database, clock, random, gatewayFolder, publicOrigin, signer, keys };
    return await breakGlass(runtime, verb, input);
  } finally {
    await database.close();
  }
}

function read(response: Exclude<ControlResponse, { kind: "no_server" }>, { dataFolder }: Settings): BreakGlassResponse {
  if (response.kind === "response") return response.body as BreakGlassResponse;
  const problem = response.kind === "starting" ? "is still starting: try again" : "does not answer (is it stopped?)";
  return { ok: false, message: `the server that holds ${dataFolder} ${problem}` };
}
