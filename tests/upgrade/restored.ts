import { rmSync } from "node:fs";
import { join } from "node:path";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { migratePostgresDatabase } from "#src/database/migrate";
import { type Installation, newInstallation, removeInstallation } from "../support/control-plane";
import { openAsOwner } from "../support/owner-connection";
import { type Cluster, startCluster } from "../support/postgres-cluster";
import { projectFolder } from "../support/test-database";
import { startTraefik } from "../support/traefik";
import { type DatabaseKind, readDump, restoreEmbeddedFolder, restorePostgres, writeGatewayFiles } from "./dump";
import { type Kept, publicUrl } from "./kept";

/** An installation as an older version left it, with a gateway that uses the old files. No control plane has started. */
export interface Restored {
  readonly kept: Kept;
  readonly installation: Installation;
  readonly traefik: Awaited<ReturnType<typeof startTraefik>>;
  close(): Promise<void>;
}

/** Invitations are open for a few days only, so this keeps the invitations of the dump open. */
const withOpenInvitations = "update invitations set expires_at = now() + interval '1 day' where accepted_at is null";

export async function restored(version: string, kind: DatabaseKind): Promise<Restored> {
  const { kept, gatewayFiles, database } = readDump(version, kind);
  const cluster = kind === "postgres" ? await startCluster() : null;
  const installation = await newInstallation({
    PORTCULLIS_SECRET: kept.secret,
    PORTCULLIS_PUBLIC_URL: publicUrl,
    PORTCULLIS_TRUSTED_PROXIES: "127.0.0.1",
    ...(cluster === null ? {} : { DATABASE_URL: await restoreInPostgres(cluster, database) }),
  });
  if (cluster === null) await restoreInFolder(installation.dataFolder, database);
  const { gatewayFolder, address, probeAddress } = installation;
  writeGatewayFiles(installation, gatewayFiles);
  const config = { file: join(gatewayFolder, "traefik.yml"), address, probeAddress };
  const traefik = await startTraefik({ config, folder: join(gatewayFolder, "dynamic") });
  return {
    kept,
    installation,
    traefik,
    async close() {
      await traefik.stop("SIGKILL");
      removeInstallation(installation);
      await cluster?.stop();
    },
  };
}

async function restoreInPostgres(cluster: Cluster, dump: Buffer): Promise<string> {
  // Roles belong to a cluster and are in no dump, so the migration of an empty database creates them.
  await migratePostgresDatabase(await cluster.createDatabase("roles"), projectFolder);
  const url = await cluster.createDatabase("restored");
  await restorePostgres(url, dump);
  const sql = openAsOwner(url);
  await sql.unsafe(withOpenInvitations);
  await sql.end();
  return url;
}

async function restoreInFolder(dataFolder: string, archive: Buffer): Promise<void> {
  rmSync(join(dataFolder, "database"), { recursive: true });
  await restoreEmbeddedFolder(dataFolder, archive);
  const client = await openEmbedded(join(dataFolder, "database"), { flush: () => undefined });
  await client.exec(`reset role; ${withOpenInvitations}`);
  await client.close();
}
