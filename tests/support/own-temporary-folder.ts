import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * Returns a folder in the temporary directory that stays between runs and that only this user can enter. Its name can
 * be guessed, so a folder that another user created first is refused.
 * @throws Error if it is a link, is open to others, or belongs to another user
 */
export function ownTemporaryFolder(): string {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `portcullis-tests-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || (uid >= 0 && (found.uid !== uid || (found.mode & 0o077) !== 0))) {
    throw new Error(`${folder} is not a folder that only user ${uid} can access. Remove it`);
  }
  return folder;
}
