import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/**
 * The compiled parts that PGlite needs to start. Without them it would read and compile them again for every database.
 */
export interface Engine {
  readonly pgliteWasmModule: WebAssembly.Module;
  readonly fsBundle: Blob;
}

let compiled: Promise<Engine> | null = null;

/** Compiles PGlite's engine once for all databases of a process, because this uses a core for most of a second. */
export function embeddedEngine(): Promise<Engine> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<Engine> {
  const fileOfPackage = (name: string) =>
    readFile(fileURLToPath(new URL(name, import.meta.resolve("@electric-sql/pglite"))));
  const [engine, files] = await Promise.all([fileOfPackage("pglite.wasm"), fileOfPackage("pglite.data")]);
  return { pgliteWasmModule: await WebAssembly.compile(engine), fsBundle: new Blob([files]) };
}
