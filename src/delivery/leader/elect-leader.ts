import type { Logger } from "pino";
import { asSync } from "../../database/as-sync";
import type { Database } from "../../database/database";
import type { Sealer } from "../../database/sealing";
import type { Clock, RandomBytes } from "../../platform/values";
import { REVISION_HEADER } from "../../traefik/compiler/names";
import { applicationFiles, claimFolder } from "../applier/claim-folder";
import type { FileSystem } from "../applier/file-system";
import { fenceOlderTerms, stagingOf } from "../applier/file-target";
import { type FolderSettings, type Places, placesIn } from "../applier/gateway-folder";
import { writeStaticConfiguration } from "../applier/static-configuration";
import { WrongFolder } from "../cause-of";
import { findDelivery, wasEverApplied } from "../planner/record-delivery";
import { servedDelivery } from "../prober/served-delivery";
import { newEpoch } from "../protocol/gateway-secrets";
import { closeReopened } from "./close-reopened";
import { beginEpoch, endLease, findGateway, type GatewayRow, type Lease, takeLease } from "./lease";

export interface Candidate {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly gatewayId: string;
  readonly folder: FolderSettings;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly files: FileSystem;
  /** Who this process is among those that could lead. */
  readonly holder: string;
  /** How long a lease runs without being renewed, in ms. */
  readonly leaseMs: number;
  /** No other process can have this database open: whoever holds the lease is gone. */
  readonly alone: boolean;
}

export type Standing =
  | { readonly leads: true; readonly lease: Lease; readonly nonce: string; readonly row: GatewayRow }
  /** Another process of the same folder leads. */
  | { readonly leads: false };

/**
 * Tries to become the leader of a gateway: its folder has to be on this disk, and its lease free. The first thing that
 * a new term does is to take the older terms' staging folders away.
 * @throws WrongFolder | NotOurs | the file system's or the database's own error: nobody is kept from leading by it
 */
export async function takeLead(candidate: Candidate): Promise<Standing> {
  const { database, gatewayId, files, holder } = candidate;
  const places = placesIn(candidate.folder.folder);
  const row = await findGateway(database, gatewayId);
  if (row === null) throw new WrongFolder("gateway_gone", "the gateway does not exist any more");
  const nonce = await claimFolder(database, row, places, candidate.random);
  if (!candidate.alone && row.led) return { leads: false };

  await writeStaticConfiguration(row, candidate.folder);
  // Made before the term begins: whoever leads it later finds it, and nobody ever makes it again once it is taken away.
  await files.mkdir(stagingOf(places, row.leaseTerm + 1, holder));
  const lease = await takeLease(
    database,
    { ...row, nonce },
    { holder, forMs: candidate.leaseMs, force: candidate.alone },
  );
  if (lease === null) {
    await files.removeTree(stagingOf(places, row.leaseTerm + 1, holder));
    return { leads: false };
  }
  try {
    await fenceOlderTerms(places, lease.term, files);
    const epoch = await presentEpoch(candidate, places, row);
    return { leads: true, lease, nonce, row: { ...row, ...epoch } };
  } catch (error) {
    await endLease(database, lease).catch(() => undefined); // it ends by itself a little later
    throw error;
  }
}

/**
 * A folder that holds a delivery of which the database knows nothing is newer than the database: it was restored from a
 * copy. Revisions then start a new epoch, what lies in the folder unknown counts as written by us, and nothing becomes
 * public by it.
 */
async function presentEpoch(
  candidate: Candidate,
  places: Places,
  row: GatewayRow,
): Promise<Pick<GatewayRow, "epoch" | "loadedRevision">> {
  const present = { epoch: row.epoch, loadedRevision: row.loadedRevision };
  const { gatewayId, database, clock, log, files } = candidate;
  const served = servedByMarker(await files.readFile(places.marker));
  const relation = await relationOf(database, row, served);
  if (relation === "same") return present;
  // Before an epoch begins: whoever finds this half done recognizes it again.
  await closeReopened(row, { ...candidate, places, now: clock.now(), readFile: (path) => files.readFile(path) });
  if (relation === "unclear" || served === null) return present;
  const epoch = newEpoch(candidate.random);
  log.warn(
    { gatewayId, folder: served.revision, database: row.revision },
    "the folder is newer than the database, which must have been restored: everything is compared and proven anew",
  );
  const adopted = await applicationFiles(places);
  await asSync(database, (tx) =>
    beginEpoch(tx, gatewayId, { epoch, atLeastRevision: served.revision, adopted, now: clock.now() }),
  );
  return { epoch, loadedRevision: 0 };
}

/**
 * `newer`: the folder holds a delivery of which the database knows nothing. `unclear`: which of them is newer cannot be
 * told, since an epoch has only just begun (the folder was adopted), or the marker is missing.
 */
async function relationOf(
  database: Database,
  row: GatewayRow,
  served: ReturnType<typeof servedByMarker>,
): Promise<"same" | "newer" | "unclear"> {
  if (served === null) return (await wasEverApplied(database, row.gatewayId)) ? "unclear" : "same";
  if (served.epoch !== row.epoch) return row.digest === "" ? "unclear" : "newer";
  return (await findDelivery(database, row.gatewayId, served)) ? "same" : "newer";
}

/** The delivery that a marker file names. */
export function servedByMarker(text: string | null) {
  if (text === null) return null;
  const header = new RegExp(`"${REVISION_HEADER}"\\s*:\\s*"([^"]*)"`).exec(text)?.[1];
  return servedDelivery(header ?? null);
}

/** A name that no two processes share: it also names a folder. */
export function holderName(random: RandomBytes): string {
  return random(9).toString("hex");
}
