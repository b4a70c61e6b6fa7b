import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../access/runtime";
import { describeError } from "../http/describe-error";
import { sweepIdentity } from "../identity/sweep-expired";

const hour = 3_600_000;

/** Waits for the given milliseconds, or until the signal aborts. */
type Pause = (ms: number, signal: AbortSignal) => Promise<unknown>;

const pauseUnlessStopped: Pause = (ms, signal) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);

/** Removes expired sessions, links and similar rows immediately, and then every hour. */
export function startIdentitySweeper(
  runtime: Pick<Runtime, "database" | "clock" | "log">,
  pause = pauseUnlessStopped,
): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        const swept = await sweepIdentity(runtime, signal);
        if (swept > 0) runtime.log.debug({ swept }, "removed expired sessions, links and counted attempts");
      } catch (error) {
        runtime.log.warn({ error: describeError(error) }, "expired sessions could not be removed");
      }
      await pause(hour, signal);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
