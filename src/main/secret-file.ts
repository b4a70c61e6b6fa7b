import { randomBytes } from "node:crypto";
import { link, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeFlushed } from "../platform/files/durable-file";
import { errorCode } from "../platform/files/folder-lock";
import { readOwnFile } from "../platform/files/own-file";
import { NotOurs, reasonOf } from "../platform/files/own-folder";
import { StartFailure } from "../platform/start-failure";
import { checkSecret } from "./settings/secret-strength";

/** The installation's own secret in the data folder, in hex. */
const pathIn = (dataFolder: string) => join(dataFolder, "secret");

/**
 * The secret that the data folder holds, or null where it holds none.
 * @throws StartFailure there is a file, and no secret in it, or it is not ours alone
 */
export async function findSecretFile(dataFolder: string): Promise<Buffer | null> {
  const path = pathIn(dataFolder);
  const text = await readOwnFile(path, { secret: true }).catch((error: unknown) => {
    throw new StartFailure(error instanceof NotOurs ? error.message : `${path} cannot be read (${reasonOf(error)})`);
  });
  if (text === null) return null;
  const checked = checkSecret(text);
  if (!checked.ok) throw new StartFailure(`${path} holds no secret: ${checked.message}`);
  return checked.secret;
}

/**
 * Makes the secret: once it is returned it survives a power cut, so that nothing is ever sealed with one that does not.
 * Of processes that do this at once all get the same.
 */
export async function makeSecretFile(dataFolder: string): Promise<Buffer> {
  const path = pathIn(dataFolder);
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFlushed(unfinished, `${randomBytes(32).toString("hex")}\n`, 0o600);
    await link(unfinished, path);
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw new StartFailure(`${path} cannot be made (${reasonOf(error)})`);
  } finally {
    await rm(unfinished, { force: true });
  }
  await syncFolder(dataFolder);
  const secret = await findSecretFile(dataFolder);
  if (secret === null) throw new StartFailure(`${path} was removed while it was made`);
  return secret;
}
