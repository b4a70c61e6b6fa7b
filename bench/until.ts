import { setTimeout as delay } from "node:timers/promises";

/** Looks again every `everyMs` until there is something. @throws Error after `withinMs`, naming what never came */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  { withinMs = 120_000, everyMs = 20 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await delay(everyMs);
  }
}
