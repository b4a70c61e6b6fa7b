import { type HashCaller, processHashQueues } from "../../src/platform/passwords/hash-queues";

/** Hashing of this process that goes on until the test ends it. */
export interface HeldHashing {
  /** Ends one piece of it, the one that began first. */
  endOne(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Takes places in this process's hash queues without hashing anything, one for each caller.
 * Callers that are refused take none.
 */
export async function holdHashing(callers: readonly HashCaller[]): Promise<HeldHashing> {
  const underWay: (() => void)[] = [];
  let ended = false;
  const held = callers.map((caller) =>
    processHashQueues
      .run(caller, async () => {
        if (!ended) await new Promise<void>((resolve) => underWay.push(resolve));
      })
      .catch(() => undefined),
  );
  await settled();
  return {
    async endOne() {
      underWay.shift()?.();
      await settled();
    },
    async end() {
      ended = true;
      for (const end of underWay) end();
      await Promise.all(held);
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
