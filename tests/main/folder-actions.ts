import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathsIn } from "#src/delivery/applier/gateway-folder";
import { writeStaticConfiguration } from "#src/delivery/applier/static-configuration";
import { buildConsole } from "#src/main/build-console";
import { takeControlSocket } from "#src/main/ipc/control-socket";
import { requestControlSocket } from "#src/main/ipc/control-socket-client";
import { makeDataFolder } from "#src/main/ipc/control-socket-path";
import { findSecretFile, makeSecretFile } from "#src/main/secret-file";

const actions: Record<string, (folder: string) => Promise<unknown>> = {
  /** What a start with the embedded database does with the data folder. */
  start: async (folder) => {
    const control = await takeControlSocket(folder);
    try {
      return (await findSecretFile(folder)) ?? (await makeSecretFile(folder));
    } finally {
      await control.close();
    }
  },
  /** What a start with PostgreSQL does with the data folder. */
  "start-on-postgres": async (folder) => {
    await makeDataFolder(folder);
    return (await findSecretFile(folder)) ?? (await makeSecretFile(folder));
  },
  gateway: async (folder) => {
    await writeStaticConfiguration({ address: "127.0.0.1:8000", probeAddress: "127.0.0.1:8001" }, { folder });
    writeFileSync(join(pathsIn(folder).applications, "x.yml"), "{}");
  },
  request: (folder) => requestControlSocket(folder, "/", {}, { timeoutMs: 2_000 }),
  build: (root) => buildConsole(() => undefined, root),
};

/** Runs one action on a folder. @returns `ok`, or the name and message of the error */
export async function act(action: string, folder: string): Promise<string> {
  try {
    await actions[action]?.(folder);
    return "ok";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}
