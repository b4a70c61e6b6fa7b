import { setTimeout as delay } from "node:timers/promises";

/** Checks every `everyMs` until there is a result. @throws Error after `withinMs`, with what it waited for */
export async function until<T>(
  label: string,
  check: () => Promise<T | null | false> | T | null | false,
  { withinMs = 120_000, everyMs = 20 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const result = await check();
    if (result !== null && result !== false) return result;
    if (performance.now() > deadline) throw new Error(`Timed out after ${withinMs} ms while waiting for ${label}`);
    await delay(everyMs);
  }
}
