import { readdir, rm } from "node:fs/promises";
import { asSync } from "../../database/as-sync";
import type { Database } from "../../database/database";
import { writeDurably } from "../../platform/files/durable-file";
import { readOwnFile } from "../../platform/files/own-file";
import { makeFolder, requireOwnFolder } from "../../platform/files/own-folder";
import { isId } from "../../platform/ids";
import type { RandomBytes } from "../../platform/values";
import { WrongFolder } from "../cause-of";
import { beginEpoch, claimNonce, findInstallationId, type GatewayRow, replaceNonce } from "../leader/lease";
import { newEpoch } from "../protocol/gateway-secrets";
import { isMissing } from "./file-system";
import { folderMode, type Places } from "./gateway-folder";

/** What `gateway.json` says: whose folder this is. */
interface FolderClaim {
  readonly installationId: string;
  readonly gatewayId: string;
  readonly nonce: string;
}

/**
 * Makes sure that this disk holds the folder which the database means. The first process to find neither a claim in
 * the database nor one of somebody else in the folder makes it; afterwards the same nonce has to be in both.
 * @returns the nonce
 * @throws WrongFolder it does not: nothing was written or removed
 * @throws NotOurs | the file system's own error
 */
export async function claimFolder(
  database: Database,
  gateway: Pick<GatewayRow, "gatewayId" | "nonce">,
  places: Places,
  random: RandomBytes,
): Promise<string> {
  const installationId = await findInstallationId(database);
  if (installationId === null) throw new WrongFolder("not_set_up", "the database does not know its installation yet");
  await requireUsable(places);
  const found = await readClaim(places);
  if (found === "unreadable") throw new WrongFolder("claim_unreadable", `${places.claim} cannot be read as a claim`);
  if (found !== null && (found.installationId !== installationId || found.gatewayId !== gateway.gatewayId)) {
    throw new WrongFolder("claim_of_another", `${places.folder} belongs to another installation or gateway`);
  }
  if (gateway.nonce !== null) {
    if (found === null) {
      throw new WrongFolder(
        "claim_missing",
        `${places.claim} is missing: the gateway's folder is on another disk, or was removed. If this folder is meant, run "npx --no portcullis gateway adopt"`,
      );
    }
    if (found.nonce !== gateway.nonce) {
      throw new WrongFolder(
        "another_folder",
        `${places.folder} is not the folder that the database means. If this folder is meant, run "npx --no portcullis gateway adopt"`,
      );
    }
    return found.nonce;
  }
  const claim = found ?? { installationId, gatewayId: gateway.gatewayId, nonce: random(18).toString("base64url") };
  if (found === null) await writeClaim(places, claim);
  if (await claimNonce(database, gateway.gatewayId, claim.nonce)) return claim.nonce;
  // Another process was faster, with a folder of its own: this one's must not look claimed.
  if (found === null) await rm(places.claim, { force: true });
  throw new WrongFolder("claimed_elsewhere", "another process claimed a folder for this gateway at the same moment");
}

/** @throws NotOurs the folder exists and may not be used */
async function requireUsable(places: Places): Promise<void> {
  try {
    await requireOwnFolder(places.folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether the folder still is the one that was claimed; asked again before every delivery. */
export async function stillHolds(places: Places, gatewayId: string, nonce: string): Promise<boolean> {
  const found = await readClaim(places);
  return found !== null && found !== "unreadable" && found.gatewayId === gatewayId && found.nonce === nonce;
}

/**
 * Takes a folder for a gateway by an explicit act of whoever runs the host: after a restore, a move, or its removal.
 * Whoever led the gateway is fenced; revisions start a new epoch; everything is compared, delivered and proven anew.
 * Files of ours that the database does not know (it may be older than the folder) count as written by it from now on.
 */
export async function adoptGatewayFolder(
  database: Database,
  gateway: Pick<GatewayRow, "gatewayId">,
  places: Places,
  { random, now }: { readonly random: RandomBytes; readonly now: Date },
): Promise<void> {
  const installationId = await findInstallationId(database);
  if (installationId === null) throw new Error("the database does not know its installation yet");
  const nonce = random(18).toString("base64url");
  const adopted = await applicationFiles(places);
  await writeClaim(places, { installationId, gatewayId: gateway.gatewayId, nonce });
  await asSync(database, async (tx) => {
    await beginEpoch(tx, gateway.gatewayId, { epoch: newEpoch(random), atLeastRevision: 0, adopted, now });
    await replaceNonce(tx, gateway.gatewayId, nonce);
  });
}

/** Applications of which a file lies in the folder. */
export async function applicationFiles(places: Places): Promise<string[]> {
  try {
    const names = await readdir(places.applications);
    return names.flatMap((name) => applicationOf(name) ?? []);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** The application that a file of ours is named for. */
export function applicationOf(name: string): string | null {
  const id = name.endsWith(".yml") ? name.slice(0, -4) : "";
  return isId("application", id) ? id : null;
}

async function readClaim(places: Places): Promise<FolderClaim | null | "unreadable"> {
  const text = await readOwnFile(places.claim, { secret: false });
  if (text === null) return null;
  try {
    const claim: unknown = JSON.parse(text);
    return isClaim(claim) ? claim : "unreadable";
  } catch {
    return "unreadable";
  }
}

function isClaim(value: unknown): value is FolderClaim {
  if (typeof value !== "object" || value === null) return false;
  return ["installationId", "gatewayId", "nonce"].every(
    (field) => field in value && typeof (value as Record<string, unknown>)[field] === "string",
  );
}

async function writeClaim(places: Places, claim: FolderClaim): Promise<void> {
  await makeFolder(places.folder, folderMode);
  await requireOwnFolder(places.folder);
  await writeDurably(places.claim, `${JSON.stringify(claim, null, 2)}\n`, 0o600);
}
