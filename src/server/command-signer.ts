import type { Settings } from "../env";
import type { Database } from "../persistence/database";
import { fingerprint } from "../persistence/sealing";
import { makeSigner, type Signer } from "../persistence/signing";
import { ensureInstallation } from "../services/host/ensure-installation";
import { secretsOf } from "./installation-secrets";
import type { Surroundings } from "./surroundings";

/**
 * For a command that looks at signatures, of an installation that exists.
 * @throws StartFailure the secret is missing | AnotherSecret
 */
export async function commandSigner(
  database: Database,
  settings: Settings,
  { clock }: Pick<Surroundings, "clock">,
): Promise<Signer> {
  const secrets = await secretsOf(settings, false);
  const [present, ...former] = secrets;
  await ensureInstallation(database, [fingerprint(present), ...former.map(fingerprint)], clock.now());
  return makeSigner(secrets);
}
