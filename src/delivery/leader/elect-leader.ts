import type { Logger } from "pino";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import type { Clock, RandomBytes } from "#src/platform/values";
import { applicationOf } from "../applier/recognize-own-files";
import { newEpoch } from "../planner/gateway-secrets";
import { findDelivery, wasEverApplied } from "../planner/record-delivery";
import type { Applier } from "../protocol/applier";
import type { DeliveryNumber } from "../protocol/bundle";
import { servedByMarker } from "../protocol/served-delivery";
import type { Target } from "../protocol/target";
import { WrongFolder } from "../protocol/wrong-folder";
import { closeReopened } from "./close-reopened";
import {
  beginEpoch,
  claimNonce,
  endLease,
  findGateway,
  findInstallationId,
  type GatewayRow,
  type Lease,
  takeLease,
} from "./lease";

export interface Candidate {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly gatewayId: string;
  /** The side that holds the gateway's folder. */
  readonly applier: Applier;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  /** The identity of this process among the candidates. */
  readonly leaderId: string;
  /** How long a lease lasts without renewal, in ms. */
  readonly leaseMs: number;
  /** No other process can have this database open, so the present leader no longer runs. */
  readonly alone: boolean;
}

export type Election =
  | { readonly leads: true; readonly lease: Lease; readonly target: Target; readonly row: GatewayRow }
  /** Another process with the same folder leads. */
  | { readonly leads: false };

/**
 * Attempts to become the leader of a gateway. The gateway's folder must be on this disk, and its lease must be free. A
 * new term first removes the staging folders of older terms.
 * @throws WrongFolder | NotOurs | an error of the file system or database; it does not prevent other processes from
 * leading
 */
export async function takeLead(candidate: Candidate): Promise<Election> {
  const { database, gatewayId, applier, leaderId } = candidate;
  const row = await findGateway(database, gatewayId);
  if (row === null) throw new WrongFolder("gateway_gone", "the gateway no longer exists");
  const nonce = await claimGateway(database, applier, row);
  if (!candidate.alone && row.led) return { leads: false };

  const candidacy = { term: row.leaseTerm + 1, leaderId };
  await applier.prepare(candidacy, row);
  const lease = await takeLease(
    database,
    { ...row, nonce },
    { leaderId, forMs: candidate.leaseMs, force: candidate.alone },
  );
  if (lease === null) {
    await applier.withdraw(candidacy);
    return { leads: false };
  }
  try {
    const target = await applier.begin({ ...lease, nonce, epoch: row.epoch, digest: row.digest });
    const epoch = await presentEpoch(candidate, target, row);
    return { leads: true, lease, target, row: { ...row, ...epoch } };
  } catch (error) {
    await endLease(database, lease).catch(() => undefined); // the lease expires by itself a little later
    throw error;
  }
}

/**
 * Checks that the folder and the database refer to each other. If neither has a claim, the first process creates one.
 * From then on, both must have the same nonce.
 * @returns the nonce
 * @throws WrongFolder
 */
async function claimGateway(database: Database, applier: Applier, row: GatewayRow): Promise<string> {
  const { gatewayId } = row;
  const installationId = await findInstallationId(database);
  if (installationId === null) throw new WrongFolder("not_set_up", "the database does not know its installation yet");
  const claim = await applier.claim({ installationId, gatewayId, nonce: row.nonce });
  if (row.nonce !== null || (await claimNonce(database, gatewayId, claim.nonce))) return claim.nonce;
  // Another process claimed another folder first, so this folder must not look claimed.
  if (claim.isNew) await applier.disclaim();
  throw new WrongFolder("claimed_elsewhere", "another process claimed a folder for this gateway at the same moment");
}

/**
 * If the folder holds a delivery that the database does not know, the folder is newer: the database was restored from a
 * copy. Revisions then start a new epoch, unknown application files in the folder are treated as the installation's
 * own, and nothing becomes public because of the restore.
 */
async function presentEpoch(
  candidate: Candidate,
  target: Target,
  row: GatewayRow,
): Promise<Pick<GatewayRow, "epoch" | "loadedRevision">> {
  const present = { epoch: row.epoch, loadedRevision: row.loadedRevision };
  const { gatewayId, database, clock, log } = candidate;
  const served = servedByMarker(await target.readMarker());
  const relation = await relationOf(database, row, served);
  if (relation === "same") return present;
  // This runs before an epoch begins, so that the next leader detects and repeats an interrupted restore.
  await closeReopened(row, { ...candidate, now: clock.now(), read: (name) => target.read(name) });
  if (relation === "unclear" || served === null) return present;
  const epoch = newEpoch(candidate.random);
  log.warn(
    { gatewayId, folder: served.revision, database: row.revision },
    "the folder is newer than the database, which must have been restored: everything is compared and proven again",
  );
  const adopted = (await target.names()).flatMap((name) => applicationOf(name) ?? []);
  await asSync(database, (tx) =>
    beginEpoch(tx, gatewayId, { epoch, atLeastRevision: served.revision, adopted, now: clock.now() }),
  );
  return { epoch, loadedRevision: 0 };
}

/**
 * `newer`: the folder holds a delivery that the database does not know. `unclear`: it cannot be determined which of the
 * two is newer, because an epoch has just begun (the folder was adopted) or the marker is missing.
 */
async function relationOf(
  database: Database,
  row: GatewayRow,
  served: DeliveryNumber | null,
): Promise<"same" | "newer" | "unclear"> {
  if (served === null) return (await wasEverApplied(database, row.gatewayId)) ? "unclear" : "same";
  if (served.epoch !== row.epoch) return row.digest === "" ? "unclear" : "newer";
  return (await findDelivery(database, row.gatewayId, served)) ? "same" : "newer";
}

/** A name that no two processes share. It is also the name of a folder. */
export function newLeaderId(random: RandomBytes): string {
  return random(9).toString("hex");
}
