import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import { openEmbedded } from "../../src/database/embedded/open-embedded";
import { openAsOwner } from "../support/owner-connection";
import type { Kept } from "./kept";

/** The databases that an installation may have. */
export type DatabaseKind = "postgres" | "embedded";

/** What is kept of an installation, in a folder of its version and database. */
export interface Dump {
  readonly kept: Kept;
  /** Of the gateway's folder, by path. */
  readonly gatewayFiles: Readonly<Record<string, string>>;
  /** SQL for PostgreSQL; the embedded database's folder as a tar archive. */
  readonly database: Buffer;
}

const here = import.meta.dirname;

/** Versions of which there are dumps. */
export const dumpedVersions: readonly string[] = readdirSync(here)
  .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
  .sort();

const folderOf = (version: string, kind: DatabaseKind): string => join(here, version, kind);

export function writeDump(kind: DatabaseKind, { kept, gatewayFiles, database }: Dump): void {
  const folder = folderOf(kept.version, kind);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kept.json"), `${JSON.stringify(kept, null, 2)}\n`);
  writeFileSync(join(folder, "gateway-files.json"), `${JSON.stringify(gatewayFiles, null, 2)}\n`);
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } };
  writeFileSync(join(folder, "database.br"), brotliCompressSync(database, quality));
}

export function readDump(version: string, kind: DatabaseKind): Dump {
  const folder = folderOf(version, kind);
  return {
    kept: JSON.parse(readFileSync(join(folder, "kept.json"), "utf8")) as Kept,
    gatewayFiles: JSON.parse(readFileSync(join(folder, "gateway-files.json"), "utf8")) as Record<string, string>,
    database: brotliDecompressSync(readFileSync(join(folder, "database.br"))),
  };
}

/** What differs from one machine to the next in a gateway's files, and what stands for it in a dump. */
const placeholders = { gatewayFolder: "GATEWAY_FOLDER", address: "GATEWAY_ADDRESS", probeAddress: "PROBE_ADDRESS" };
type Surroundings = Readonly<Record<keyof typeof placeholders, string>>;
const differing = Object.entries(placeholders) as [keyof typeof placeholders, string][];

/** Every file of a gateway's folder. */
export function readGatewayFiles(where: Surroundings): Record<string, string> {
  const { gatewayFolder } = where;
  const paths = readdirSync(gatewayFolder, { recursive: true, encoding: "utf8" }).sort();
  const files = paths.filter((path) => statSync(join(gatewayFolder, path)).isFile());
  const read = (path: string) => {
    const text = readFileSync(join(gatewayFolder, path), "utf8");
    return differing.reduce((done, [name, placeholder]) => done.replaceAll(where[name], placeholder), text);
  };
  return Object.fromEntries(files.map((path) => [path, read(path)]));
}

/** Puts them into the folder, for the addresses that the gateway has now. */
export function writeGatewayFiles(where: Surroundings, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(where.gatewayFolder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    const here = differing.reduce((done, [name, placeholder]) => done.replaceAll(placeholder, where[name]), text);
    writeFileSync(file, here, { mode: 0o640 });
  }
}

/** @param url as its owner @returns SQL that any client runs */
export function dumpPostgres(url: string): Buffer {
  const text = execFileSync("pg_dump", ["--no-owner", "--inserts", "--rows-per-insert=100", url], { encoding: "utf8" });
  return Buffer.from(text.replaceAll(/^\\(?:un)?restrict .*$/gm, "")); // for psql alone
}

/** @param url of an empty database, in a cluster that has the product's roles */
export async function restorePostgres(url: string, dump: Buffer): Promise<void> {
  const sql = openAsOwner(url);
  try {
    await sql.unsafe(dump.toString());
  } finally {
    await sql.end();
  }
}

/** @param dataFolder of an installation that no process has open @returns a tar archive */
export async function dumpEmbeddedFolder(dataFolder: string): Promise<Buffer> {
  const client = await openEmbedded(join(dataFolder, "database"));
  try {
    const archive = await client.dumpDataDir("gzip");
    return gunzipSync(Buffer.from(await archive.arrayBuffer()));
  } finally {
    await client.close();
  }
}

/** @param archive what `dumpEmbeddedFolder` made */
export async function restoreEmbeddedFolder(dataFolder: string, archive: Buffer): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const loadDataDir = new Blob([new Uint8Array(archive)], { type: "application/x-tar" });
  const client = await openEmbedded(join(dataFolder, "database"), { loadDataDir, flush: () => undefined });
  await client.close();
}
