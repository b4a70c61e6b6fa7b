import type { Logger } from "pino";
import type { Database } from "../database/database";
import { fingerprint, makeSealer, type Sealer } from "../database/sealing";
import { makeSigner, type Signer } from "../database/signing";
import { ensureSettingsProviders, ensureTrustedHeader } from "../features/providers/ensure";
import { ensureInstallation, findInstallation } from "./host/ensure-installation";
import { ensureLocalGateway } from "./host/ensure-local-gateway";
import { secretsOf } from "./installation-secrets";
import { makeLog } from "./log";
import { explained, openDatabase } from "./open-database";
import { projectRoot } from "./project-root";
import type { Settings } from "./settings/environment";
import type { Surroundings } from "./system";

export interface Installation {
  readonly database: Database;
  readonly sealer: Sealer;
  /** The fingerprint of the current secret. */
  readonly fingerprint: string;
  readonly signer: Signer;
  readonly installationId: string;
  /** The id of the gateway `local`. */
  readonly gatewayId: string;
}

type Outside = Pick<Surroundings, "clock" | "random"> & { readonly log?: Logger };

/**
 * Opens and migrates the database, and checks that this process has the secret of the installation.
 * @throws StartFailure the database cannot be opened, or the secret is missing | AnotherSecret
 */
export function openInstallation(settings: Settings, outside: Outside): Promise<Installation> {
  return explained(settings, async () => {
    const database = await openDatabase(settings, projectRoot());
    try {
      return { database, ...(await prepare(database, settings, outside)) };
    } catch (error) {
      await database.close();
      throw error;
    }
  });
}

/** Opens the database for a command that encrypts nothing. An existing installation then needs no secret. */
export async function openForCommand(settings: Settings, outside: Outside): Promise<Database> {
  const database = await openDatabase(settings, projectRoot());
  try {
    if ((await findInstallation(database)) === null) await prepare(database, settings, outside);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function prepare(database: Database, settings: Settings, outside: Outside) {
  const { clock, random, log = makeLog(settings.logLevel) } = outside;
  const secrets = await secretsOf(settings, (await findInstallation(database)) === null);
  const [present, ...former] = secrets;
  const fingerprints = [fingerprint(present), ...former.map(fingerprint)] as const;
  const installationId = await ensureInstallation(database, fingerprints, clock.now());
  const { sealer } = sealingKeys(secrets);
  const gatewayId = await ensureLocalGateway(
    { database, sealer, random, clock },
    { address: settings.gatewayAddress, probeAddress: settings.gatewayProbeAddress },
  );
  await ensureSettingsProviders({ database, sealer, clock, installationId, log }, settings.oidcProviders);
  await ensureTrustedHeader(
    { database, clock, installationId, log },
    settings.trustedHeaderProxies.length > 0,
    settings.trustedHeaderGroupRoles,
  );
  return { sealer, fingerprint: fingerprints[0], signer: makeSigner(secrets), installationId, gatewayId };
}

/** Returns the sealer, and the fingerprint of the secret that encrypts new values. */
export function sealingKeys(secrets: readonly [Uint8Array, ...Uint8Array[]]) {
  return { sealer: makeSealer(secrets), fingerprint: fingerprint(secrets[0]) };
}
