import type { Logger } from "pino";
import { z } from "zod";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { inParallel } from "#src/platform/in-parallel";
import { yieldToEventLoop } from "#src/platform/yield-to-event-loop";
import { compileApplication } from "#src/traefik/compiler/compile-application";
import { intendedExposure } from "#src/traefik/compiler/intended";
import { NOOP_SERVICE } from "#src/traefik/compiler/names";
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
 * Closes applications that a restore may have reopened. Restored rows can be older than the folder; a restore is not an
 * explicit act. They may say public for an application that was protected later: it stays public only if its file in
 * the folder has exactly the bytes that would be compiled now. They may let visitors with a credential into an
 * application that was closed later, by hand or for another reason: it stays open only if its file does not close all
 * of its routes. Running this twice is safe. It must run before a new epoch hides that the folder is newer.
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
    const toEveryone: string[] = [];
    const toVisitors: string[] = [];
    await inParallel(
      stored.filter((application) => !application.closedByHand),
      readAtOnce,
      async (application) => {
        const { applicationId, openedBy, routes } = application;
        const isOpen = intendedExposure(application) === "protected" && routes.some(({ enabled }) => enabled);
        if (openedBy === null && !isOpen) return;
        const onDisk = await restored.read(`${applicationId}.yml`);
        if (isOpen && onDisk !== null && closesEverything(onDisk)) toVisitors.push(applicationId);
        else if (openedBy !== null && (onDisk === null || onDisk !== publicFile(application, gateway))) {
          toEveryone.push(applicationId);
        }
      },
    );
    const closed = await closeAfterRestore(database, row.gatewayId, { toEveryone, toVisitors }, now);
    if (closed.length > 0) {
      log.error(
        { gatewayId: row.gatewayId, applications: closed },
        "a restore closed these applications: they were open in the database and not in the folder; open each one again if it should be open",
      );
    }
    await yieldToEventLoop();
  }
}

const applicationFile = z.object({
  http: z.object({ routers: z.record(z.string(), z.object({ service: z.string() })) }),
});

/** Whether the folder's file of an application leads to no upstream. A file that cannot be read does not say that. */
function closesEverything(text: string): boolean {
  try {
    const { http } = applicationFile.parse(JSON.parse(text));
    return Object.values(http.routers).every(({ service }) => service === NOOP_SERVICE);
  } catch {
    return false;
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
