import type { Settings } from "../env";
import type { Database } from "../persistence/database";
import { fingerprint } from "../persistence/sealing";
import { makeSigner, type Signer } from "../persistence/signing";
import { requireKnownSecret } from "../services/host/ensure-installation";
import { secretsOf } from "./installation-secrets";

/**
 * For a command that looks at signatures, of an installation that exists; it moves nothing to a new secret.
 * @throws StartFailure the secret is missing | AnotherSecret
 */
export async function commandSigner(database: Database, settings: Settings): Promise<Signer> {
  const secrets = await secretsOf(settings, false);
  await requireKnownSecret(database, secrets.map(fingerprint));
  return makeSigner(secrets);
}
