import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import type { Sealer } from "../src/database/sealing";
import { openInstallation } from "../src/main/open-installation";
import { readEnvironment } from "../src/main/settings/environment";
import { realSurroundings } from "../src/main/system";
import { freePort } from "../tests/support/free-port";
import { type Cluster, findPostgresBinaries, startCluster } from "../tests/support/postgres-cluster";

export type DatabaseKind = "postgres" | "embedded";

/** Runs a statement as the owner of the tables, with one JSON value as its only parameter (`$1`). */
export type AsOwner = (statement: string, json?: unknown) => Promise<Record<string, unknown>[]>;

/** The installation that a figure measures: folders, addresses and a database, which no process has open yet. */
export interface Installation {
  readonly kind: DatabaseKind;
  readonly dataFolder: string;
  readonly gatewayFolder: string;
  readonly address: string;
  readonly probeAddress: string;
  /** The settings of a control plane for this installation. */
  readonly environment: Readonly<Record<string, string>>;
  /** Opens the installation as the owner, to fill it. No other process may have its embedded database open. */
  fill<T>(body: (open: { asOwner: AsOwner; sealer: Sealer; gatewayId: string }) => Promise<T>): Promise<T>;
  /** Queries the database while a control plane runs; PostgreSQL only. */
  query: AsOwner;
  remove(): Promise<void>;
}

let cluster: Promise<Cluster> | null = null;
let databases = 0;

/** Why a figure on this database cannot be measured here; null if it can. */
export function missing(kind: DatabaseKind): string | null {
  return kind === "postgres" && findPostgresBinaries() === null ? "no PostgreSQL on this machine" : null;
}

/** One temporary cluster for all figures. It flushes commits to disk, as a real installation does. */
function flushingCluster(): Promise<Cluster> {
  cluster ??= startCluster({ settings: ["fsync=on", "shared_buffers=256MB"] });
  return cluster;
}

export async function closePlaces(): Promise<void> {
  await (await cluster)?.stop();
}

export async function newInstallation(kind: DatabaseKind): Promise<Installation> {
  const dataFolder = mkdtempSync(join(tmpdir(), "portcullis-bench-"));
  const address = `127.0.0.1:${await freePort()}`;
  const probeAddress = `127.0.0.1:${await freePort()}`;
  const url = kind === "postgres" ? await (await flushingCluster()).createDatabase(`bench_${++databases}`) : null;
  const environment = {
    PORT: "0",
    PORTCULLIS_DATA: dataFolder,
    PORTCULLIS_SECRET: randomBytes(32).toString("hex"),
    PORTCULLIS_GATEWAY_ADDRESS: address,
    PORTCULLIS_GATEWAY_PROBE_ADDRESS: probeAddress,
    ...(url === null ? {} : { DATABASE_URL: url }),
  };
  const owner = url === null ? null : postgres(url, { max: 1, onnotice: () => undefined });
  const query: AsOwner = async (statement, json) => {
    if (owner === null) throw new Error("Only one process can open an embedded database");
    return [...(await owner.unsafe(statement, json === undefined ? [] : [JSON.stringify(json)]))];
  };
  return {
    kind,
    dataFolder,
    gatewayFolder: join(dataFolder, "gateways", "local"),
    address,
    probeAddress,
    environment,
    query,
    async fill(body) {
      const { database, sealer, gatewayId } = await openInstallation(readEnvironment(environment), realSurroundings());
      const embedded: AsOwner = (statement, json) => {
        const [before = "", after = ""] = statement.split("$1");
        return database.call(
          json === undefined ? sql.raw(statement) : withParameter(before, JSON.stringify(json), after),
        );
      };
      try {
        // The only session of the embedded database has taken a role that can only call functions. This returns to the owner.
        if (owner === null) await database.call(sql`reset role`);
        return await body({ asOwner: owner === null ? embedded : query, sealer, gatewayId });
      } finally {
        await database.close();
      }
    },
    async remove() {
      await owner?.end({ timeout: 1 });
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
}

function withParameter(before: string, json: string, after: string) {
  return sql.join([sql.raw(before), sql`${json}`, sql.raw(after)]);
}
