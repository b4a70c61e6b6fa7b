import type { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

type EmscriptenOptions = Parameters<NodeFS["init"]>[1];

/** The needed part of an open emscripten stream: the file descriptor of the real file or folder. */
interface NodeStream {
  readonly nfd: number;
}

/** The number of EIO in emscripten (WASI), which differs from the kernel's. */
const WASI_EIO = 29;

/**
 * PGlite's file system on real files, with the missing flush.
 *
 * PGlite 0.5 gives its NODEFS streams no `fsync`, so a flush by PostgreSQL has no effect.
 * @param flush flushes one descriptor to the disk; an exception makes the flush fail for PostgreSQL
 */
export class FlushingNodeFs extends NodeFS {
  readonly #flush: (descriptor: number) => void;

  constructor(folder: string, flush: (descriptor: number) => void) {
    super(folder);
    this.#flush = flush;
  }

  override async init(database: PGlite, options: EmscriptenOptions): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(database, options);
    const flush = this.#flush;
    const addFlush = (module: { NODEFS: { stream_ops: { fsync?: (stream: NodeStream) => number } } }) => {
      module.NODEFS.stream_ops.fsync = (stream) => {
        try {
          flush(stream.nfd);
          return 0;
        } catch {
          return WASI_EIO;
        }
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), addFlush] } };
  }
}
