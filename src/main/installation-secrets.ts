import { StartFailure } from "../platform/start-failure";
import { findSecretFile, makeSecretFile } from "./secret-file";
import type { Settings } from "./settings/environment";

/**
 * The secret that values are sealed with, then former ones. Without the setting it is the data folder's own, which is
 * made (and flushed to the disk) only while no value can have been sealed with another.
 * @param isNew the database is no installation yet
 * @throws StartFailure the secret of an existing installation is neither set nor in the data folder
 */
export async function secretsOf(settings: Settings, isNew: boolean): Promise<readonly [Uint8Array, ...Uint8Array[]]> {
  const { secret, previousSecrets, dataFolder } = settings;
  const present = secret ?? (await findSecretFile(dataFolder)) ?? (isNew ? await makeSecretFile(dataFolder) : null);
  if (present === null) {
    throw new StartFailure(
      `PORTCULLIS_SECRET must be set: this database was made with a secret that is not in ${dataFolder}`,
    );
  }
  return [present, ...previousSecrets];
}
