import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { GatewayWorld } from "../support/gateway-world";
import { startCluster } from "../support/postgres-cluster";
import { type DatabaseKind, dumpEmbeddedFolder, dumpPostgres, readGatewayFiles, writeDump } from "./dump";
import { makeInstallation, openWorldToDump } from "./make-installation";

/**
 * `npm run upgrade:dump`: writes dumps of the current version, on PostgreSQL and embedded, from which later versions
 * test the upgrade. It needs PostgreSQL and Traefik, and overwrites existing dumps.
 */
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
  version: string;
};

async function createDump(
  kind: DatabaseKind,
  environment: Readonly<Record<string, string>>,
  dumpOf: (world: GatewayWorld) => Buffer | Promise<Buffer>,
): Promise<void> {
  const secret = randomBytes(32).toString("hex");
  const world = await openWorldToDump({ PORTCULLIS_SECRET: secret, ...environment });
  try {
    const kept = await makeInstallation(world, secret, version);
    await world.plane.stop("SIGTERM");
    const gatewayFiles = readGatewayFiles(world.installation);
    writeDump(kind, { kept, gatewayFiles, database: await dumpOf(world) });
  } finally {
    await world.close();
  }
}

await createDump("embedded", {}, ({ installation }) => dumpEmbeddedFolder(installation.dataFolder));
const cluster = await startCluster();
try {
  const url = await cluster.createDatabase("kept");
  await createDump("postgres", { DATABASE_URL: url }, () => dumpPostgres(url));
} finally {
  await cluster.stop();
}
