import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync } from "node:zlib";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { openAsOwner } from "../support/owner-connection";
import type { Kept } from "./kept";

/** The kinds of database that an installation can have. */
export type DatabaseKind = "postgres" | "embedded";

/** The dump of an installation, in a folder for its version and database. */
export interface Dump {
  readonly kept: Kept;
  /** The files of the gateway's folder, by path. */
  readonly gatewayFiles: Readonly<Record<string, string>>;
  /** SQL for PostgreSQL, or the folder of the embedded database as a tar archive. */
  readonly database: Buffer;
}

const here = import.meta.dirname;

/** The versions that have a dump. */
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

/** The values in a gateway's files that differ between machines, and their placeholders in a dump. */
const placeholders = { gatewayFolder: "GATEWAY_FOLDER", address: "GATEWAY_ADDRESS", probeAddress: "PROBE_ADDRESS" };
type MachineValues = Readonly<Record<keyof typeof placeholders, string>>;
const replacements = Object.entries(placeholders) as [keyof typeof placeholders, string][];

/** Every file of a gateway's folder. */
export function readGatewayFiles(machine: MachineValues): Record<string, string> {
  const { gatewayFolder } = machine;
  const paths = readdirSync(gatewayFolder, { recursive: true, encoding: "utf8" }).sort();
  const files = paths.filter((path) => statSync(join(gatewayFolder, path)).isFile());
  const read = (path: string) => {
    const text = readFileSync(join(gatewayFolder, path), "utf8");
    return replacements.reduce((done, [name, placeholder]) => done.replaceAll(machine[name], placeholder), text);
  };
  return Object.fromEntries(files.map((path) => [path, read(path)]));
}

/** Writes files into the folder, with the addresses that the gateway has now. */
export function writeGatewayFiles(machine: MachineValues, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(machine.gatewayFolder, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
    const localized = replacements.reduce(
      (done, [name, placeholder]) => done.replaceAll(placeholder, machine[name]),
      text,
    );
    writeFileSync(file, localized, { mode: 0o640 });
  }
}

/** @param url of the owner's connection @returns SQL that any client can run */
export function dumpPostgres(url: string): Buffer {
  const text = execFileSync("pg_dump", ["--no-owner", "--inserts", "--rows-per-insert=100", url], { encoding: "utf8" });
  return Buffer.from(text.replaceAll(/^\\(?:un)?restrict .*$/gm, "")); // only psql understands these
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

/** @param archive the result of `dumpEmbeddedFolder` */
export async function restoreEmbeddedFolder(dataFolder: string, archive: Buffer): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const loadDataDir = new Blob([new Uint8Array(archive)], { type: "application/x-tar" });
  const client = await openEmbedded(join(dataFolder, "database"), { loadDataDir, flush: () => undefined });
  await client.close();
}
