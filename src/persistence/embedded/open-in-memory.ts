import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

/**
 * A throw-away database in memory, for tests: the same engine without files or flushes.
 * @param template a dump made by `dumpTemplate`; a database from one starts about five times as fast
 */
export async function openEmbeddedInMemory(template?: Blob | File): Promise<PGlite> {
  compiled ??= compile();
  return PGlite.create({ ...(await compiled), ...(template ? { loadDataDir: template } : {}) });
}

/** The engine, compiled once for all the databases of a process. */
let compiled: ReturnType<typeof compile> | null = null;

async function compile() {
  const beside = (name: string) => readFile(fileURLToPath(new URL(name, import.meta.resolve("@electric-sql/pglite"))));
  const [engine, files] = await Promise.all([beside("pglite.wasm"), beside("pglite.data")]);
  return { pgliteWasmModule: await WebAssembly.compile(engine), fsBundle: new Blob([files]) };
}

/** An uncompressed dump of a whole database, roles included, to make others from. */
export function dumpTemplate(database: PGlite): Promise<Blob | File> {
  return database.dumpDataDir("none");
}
