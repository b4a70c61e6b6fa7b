import { StartFailure } from "../platform/start-failure";
import { findSecretFile, makeSecretFile } from "./secret-file";
import type { Settings } from "./settings/environment";

/**
 * Returns the current secret, then the previous ones. Without the setting, the secret comes from the data folder. It is
 * created (and flushed to disk) only while no value can be encrypted with another secret.
 * @param isNew the database does not contain an installation yet
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
