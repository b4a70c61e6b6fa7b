import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../api/describe-error";
import { sweepIdentity } from "../identity/sweep";
import type { Runtime } from "../persistence/runtime";

const hour = 3_600_000;

/** Every hour, beginning now, removes the sessions, links and the like that have ended by their time. */
export function startIdentitySweeper(runtime: Pick<Runtime, "database" | "clock" | "log">): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        const swept = await sweepIdentity(runtime, signal);
        if (swept > 0) runtime.log.debug({ swept }, "removed what had ended of sessions, links and counted tries");
      } catch (error) {
        runtime.log.warn({ error: describeError(error) }, "sessions that have ended could not be removed");
      }
      await delay(hour, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
