import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeFlushed } from "../persistence/durable-file";
import { checkSecret } from "../persistence/secret-strength";
import { StartFailure } from "./start-failure";

/** The installation's own secret in the data folder, in hex. */
const pathIn = (dataFolder: string) => join(dataFolder, "secret");

/**
 * The secret that the data folder holds, or null where it holds none.
 * @throws StartFailure there is a file, and no secret in it, or others can read it
 */
export async function findSecretFile(dataFolder: string): Promise<Buffer | null> {
  const path = pathIn(dataFolder);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new StartFailure(`${path} cannot be read (${error.code})`);
  });
  if (text === null) return null;
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) throw new StartFailure(`${path} can be read by others: run chmod 600 on it`);
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
  await writeFlushed(unfinished, `${randomBytes(32).toString("hex")}\n`, 0o600);
  try {
    await link(unfinished, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
  await syncFolder(dataFolder);
  const secret = await findSecretFile(dataFolder);
  if (secret === null) throw new StartFailure(`${path} was removed while it was made`);
  return secret;
}
