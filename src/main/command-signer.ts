import type { Database } from "../database/database";
import { fingerprint } from "../database/sealing";
import { makeSigner, type Signer } from "../database/signing";
import { requireKnownSecret } from "./host/ensure-installation";
import { secretsOf } from "./installation-secrets";
import type { Settings } from "./settings/environment";

/**
 * Returns the signer for a command that verifies signatures of an existing installation. It does not move values to a
 * new secret.
 * @throws StartFailure the secret is missing | AnotherSecret
 */
export async function commandSigner(database: Database, settings: Settings): Promise<Signer> {
  const secrets = await secretsOf(settings, false);
  await requireKnownSecret(database, secrets.map(fingerprint));
  return makeSigner(secrets);
}
