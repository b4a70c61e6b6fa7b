import { readdir, rm } from "node:fs/promises";
import { writeDurably } from "#src/platform/files/durable-file";
import { readOwnFile } from "#src/platform/files/own-file";
import { makeFolder, requireOwnFolder } from "#src/platform/files/own-folder";
import type { RandomBytes } from "#src/platform/values";
import type { ClaimedFolder, ExpectedClaim, FolderClaim } from "../protocol/applier";
import { WrongFolder } from "../protocol/wrong-folder";
import { isMissing } from "./file-operations";
import { type FolderPaths, folderMode } from "./gateway-folder";
import { applicationOf } from "./recognize-own-files";

/**
 * Checks that this disk holds the folder that the database means: both must have the same nonce. If the database has no
 * nonce yet, the folder's claim is used, or a new one is written.
 * @throws WrongFolder if they differ; nothing is written or removed then
 * @throws NotOurs, or the file system's error
 */
export async function claimFolder(
  paths: FolderPaths,
  gateway: ExpectedClaim,
  random: RandomBytes,
): Promise<ClaimedFolder> {
  const { installationId, gatewayId } = gateway;
  await requireUsable(paths);
  const found = await readClaim(paths);
  if (found === "unreadable") throw new WrongFolder("claim_unreadable", `${paths.claim} cannot be read as a claim`);
  if (found !== null && (found.installationId !== installationId || found.gatewayId !== gateway.gatewayId)) {
    throw new WrongFolder("claim_of_another", `${paths.folder} belongs to another installation or gateway`);
  }
  if (gateway.nonce !== null) {
    if (found === null) {
      throw new WrongFolder(
        "claim_missing",
        `${paths.claim} is missing: the gateway's folder is on another disk, or was removed. If this folder is meant, run "npx --no portcullis gateway adopt"`,
      );
    }
    if (found.nonce !== gateway.nonce) {
      throw new WrongFolder(
        "another_folder",
        `${paths.folder} is not the folder that the database means. If this folder is meant, run "npx --no portcullis gateway adopt"`,
      );
    }
    return { nonce: found.nonce, isNew: false };
  }
  if (found !== null) return { nonce: found.nonce, isNew: false };
  const nonce = random(18).toString("base64url");
  await writeClaim(paths, { installationId, gatewayId, nonce });
  return { nonce, isNew: true };
}

/** Removes a claim that was written a moment ago, because another process claimed another folder first. */
export async function removeClaim(paths: FolderPaths): Promise<void> {
  await rm(paths.claim, { force: true });
}

/** @throws NotOurs if the folder exists and may not be used */
async function requireUsable(paths: FolderPaths): Promise<void> {
  try {
    await requireOwnFolder(paths.folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Checks that the folder is still the claimed one. @throws WrongFolder `folder_replaced` */
export async function requireClaim(paths: FolderPaths, gatewayId: string, nonce: string): Promise<void> {
  const found = await readClaim(paths);
  if (found !== null && found !== "unreadable" && found.gatewayId === gatewayId && found.nonce === nonce) return;
  throw new WrongFolder(
    "folder_replaced",
    `${paths.claim} is missing or belongs to another claim: the folder was replaced`,
  );
}

/** Lists the ids of applications that have a file in the folder. */
export async function applicationFiles(paths: FolderPaths): Promise<string[]> {
  try {
    const names = await readdir(paths.applications);
    return names.flatMap((name) => applicationOf(name) ?? []);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function readClaim(paths: FolderPaths): Promise<FolderClaim | null | "unreadable"> {
  const text = await readOwnFile(paths.claim, { secret: false });
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

/** Writes the claim of a folder, and creates the folder if it is missing. @throws NotOurs */
export async function writeClaim(paths: FolderPaths, claim: FolderClaim): Promise<void> {
  await makeFolder(paths.folder, folderMode);
  await requireOwnFolder(paths.folder);
  await writeDurably(paths.claim, `${JSON.stringify(claim, null, 2)}\n`, 0o600);
}
