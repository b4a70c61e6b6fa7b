import { randomBytes } from "node:crypto";
import { readEnvironment } from "#src/main/settings/environment";
import { hashForGateway } from "#src/platform/passwords/hash-for-gateway";
import { passwordOf } from "../credentials";
import { openRaw } from "../raw-database";
import { recordCreate } from "../record-create";
import { replayer } from "../replay";

/** The options of the loop. */
export interface LoopOptions {
  readonly key: string;
  readonly applicationIds: readonly string[];
  readonly concurrency: number;
}

export interface LoopReady {
  /** The statements of a unit of work, as the product sent them in one real call and as the loop sends them. */
  readonly product: readonly string[];
  readonly loop: readonly string[];
  /** The statements of the same call outside the unit of work: authentication and authorization. */
  readonly authorization: readonly string[];
}

export interface LoopRun {
  readonly done: number;
  readonly seconds: number;
}

/**
 * The work of `security.create` without HTTP and authentication: the same hash, and the statements of one real unit of
 * work repeated with new ids through the same driver.
 */
const options = JSON.parse(process.argv[2] ?? "{}") as LoopOptions;
const settings = readEnvironment(process.env);
const { product, authorization } = await recordCreate(settings, options);
const statements: string[] = [];
const raw = await openRaw(settings, (text) => void statements.push(text));
const replayOnce = replayer(raw, product);
await replayOnce(options.applicationIds[0] ?? "", "loop-recorded");
const loop = statements.slice(statements.findIndex((text) => text.startsWith("begin"))); // before that, the driver queries types
await raw.close();

const client = await openRaw(settings);
const replay = replayer(client, product);
let started = 0;

async function run(forMs: number): Promise<LoopRun> {
  const begun = performance.now();
  const end = begun + forMs;
  let done = 0;
  await Promise.all(
    Array.from({ length: options.concurrency }, async () => {
      while (performance.now() < end) {
        const number = started++;
        await hash();
        await replay(options.applicationIds[number % options.applicationIds.length] ?? "", `loop-${number}`);
        done++;
      }
    }),
  );
  return { done, seconds: (performance.now() - begun) / 1_000 };
}

function hash(): Promise<string> {
  return hashForGateway(passwordOf(started), "apr1", randomBytes, "bench");
}

process.on("message", (forMs: number) => {
  void run(forMs).then((result) => process.send?.(result));
});
process.once("SIGTERM", async () => {
  await client.close();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0));
const ready: LoopReady = { product: product.map(({ text }) => text), loop, authorization };
process.send?.(ready);
