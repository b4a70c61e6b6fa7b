import { randomBytes } from "node:crypto";
import { link, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeFlushed } from "../platform/files/durable-file";
import { errorCode } from "../platform/files/folder-lock";
import { readOwnFile } from "../platform/files/own-file";
import { NotOurs, reasonOf } from "../platform/files/own-folder";
import { StartFailure } from "../platform/start-failure";
import { checkSecret } from "./settings/secret-strength";

/** The file with the generated secret of the installation, in hex. */
const pathIn = (dataFolder: string) => join(dataFolder, "secret");

/**
 * Returns the secret in the data folder, or null if there is none.
 * @throws StartFailure the file contains no secret, or other users can access it
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
 * Creates the secret and flushes it to disk before it returns, so that no value is encrypted with a secret that a power
 * cut can lose. Concurrent processes all get the same secret.
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
