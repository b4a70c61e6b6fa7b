import { randomBytes } from "node:crypto";
import { readEnvironment } from "../../src/main/settings/environment";
import { hashForGateway } from "../../src/platform/passwords/hash-for-gateway";
import { passwordOf } from "../credentials";
import { openRaw } from "../raw-database";
import { recordCreate } from "../record-create";
import { replayer } from "../replay";

/** What the loop works with. */
export interface LoopOrder {
  readonly key: string;
  readonly applicationIds: readonly string[];
  readonly concurrency: number;
}

export interface LoopReady {
  /** Statements of the unit of work as the product made them in one real call | as the loop makes them. */
  readonly product: readonly string[];
  readonly loop: readonly string[];
  /** Statements of the same call outside the unit of work: who asks, and whether they may. */
  readonly authorization: readonly string[];
}

export interface LoopRun {
  readonly done: number;
  readonly seconds: number;
}

/**
 * What `security.create` is without HTTP and authentication: the same hash, and the statements of one real call's unit
 * of work again and again with ids of their own, through the same driver.
 */
const order = JSON.parse(process.argv[2] ?? "{}") as LoopOrder;
const settings = readEnvironment(process.env);
const { product, authorization } = await recordCreate(settings, order);
const seen: string[] = [];
const raw = await openRaw(settings, (text) => void seen.push(text));
const once = replayer(raw, product);
await once(order.applicationIds[0] ?? "", "loop-recorded");
const loop = seen.slice(seen.findIndex((text) => text.startsWith("begin"))); // the driver asks for types before
await raw.close();

const fast = await openRaw(settings);
const replay = replayer(fast, product);
let made = 0;

async function run(forMs: number): Promise<LoopRun> {
  const begun = performance.now();
  const end = begun + forMs;
  let done = 0;
  await Promise.all(
    Array.from({ length: order.concurrency }, async () => {
      while (performance.now() < end) {
        const number = made++;
        await hash();
        await replay(order.applicationIds[number % order.applicationIds.length] ?? "", `loop-${number}`);
        done++;
      }
    }),
  );
  return { done, seconds: (performance.now() - begun) / 1_000 };
}

function hash(): Promise<string> {
  return hashForGateway(passwordOf(made), "apr1", randomBytes, "bench");
}

process.on("message", (forMs: number) => {
  void run(forMs).then((result) => process.send?.(result));
});
process.once("SIGTERM", async () => {
  await fast.close();
  process.exit(0);
});
process.once("disconnect", () => process.exit(0));
const ready: LoopReady = { product: product.map(({ text }) => text), loop, authorization };
process.send?.(ready);
