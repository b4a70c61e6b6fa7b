import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What PGlite needs to start, and would otherwise read and compile again for every database. */
export interface Engine {
  readonly pgliteWasmModule: WebAssembly.Module;
  readonly fsBundle: Blob;
}

let compiled: Promise<Engine> | null = null;

/** PGlite's engine, compiled once for all the databases of a process: it takes most of a second of a core. */
export function embeddedEngine(): Promise<Engine> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<Engine> {
  const beside = (name: string) => readFile(fileURLToPath(new URL(name, import.meta.resolve("@electric-sql/pglite"))));
  const [engine, files] = await Promise.all([beside("pglite.wasm"), beside("pglite.data")]);
  return { pgliteWasmModule: await WebAssembly.compile(engine), fsBundle: new Blob([files]) };
}
