import type { Logger } from "pino";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { inParallel } from "#src/platform/in-parallel";
import { yieldToEventLoop } from "#src/platform/yield-to-event-loop";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { intendedExposure } from "#src/traefik/compiler/intended";
import { pageOfApplications, readApplications, type StoredApplication } from "../planner/desired-state";
import { type Gateway, openGateway } from "../planner/gateway";
import { closeAfterRestore } from "./close-after-restore";
import type { GatewayRow } from "./lease";

interface Restored {
  readonly database: Database;
  readonly sealer: Sealer;
  /** Reads a file in the applications' folder; null if it is missing. */
  readonly read: (name: string) => Promise<string | null>;
  readonly now: Date;
  readonly log: Logger;
}

/** Applications checked in one transaction. */
const pageSize = 100;
const readAtOnce = 16;

/**
 * Closes applications that a restore may have reopened. Restored rows can be older than the folder, and may say public
 * for an application that was protected later; a restore is not an explicit act. An application stays public only if
 * its file in the folder has exactly the bytes that would be compiled now. Running this twice is safe. It must run
 * before a new epoch hides that the folder is newer.
 * @throws Error if the gateway's secrets cannot be decrypted
 */
export async function closeReopened(row: GatewayRow, restored: Restored): Promise<void> {
  const { database, now, log } = restored;
  const gateway = openGateway(row, restored.sealer);
  for (let after = ""; ; ) {
    const { ids, stored } = await asSync(database, async (tx) => {
      const ids = await pageOfApplications(tx, row.gatewayId, after, pageSize);
      return { ids, stored: await readApplications(tx, row.gatewayId, ids, now) };
    });
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
    const reopened: StoredApplication[] = [];
    await inParallel(
      stored.filter(({ openedBy }) => openedBy !== null),
      readAtOnce,
      async (application) => {
        const onDisk = await restored.read(`${application.applicationId}.yml`);
        if (onDisk === null || onDisk !== publicFile(application, gateway)) reopened.push(application);
      },
    );
    const closed = await closeAfterRestore(database, row.gatewayId, reopened, now);
    if (closed.length > 0) {
      log.error(
        { gatewayId: row.gatewayId, applications: closed },
        "a restore closed these applications: they were public in the database and not in the folder; open each one again if it should be public",
      );
    }
    await yieldToEventLoop();
  }
}

/** Compiles the file that makes an application public; null if its rows do not make it public or do not compile. */
function publicFile(stored: StoredApplication, gateway: Gateway): string | null {
  if (intendedExposure(stored) !== "public") return null;
  try {
    const { file, form } = compileApplication({ ...stored, credentials: [] }, gateway.state, null);
    return form === "stated" ? (file?.text ?? null) : null;
  } catch {
    return null;
  }
}
