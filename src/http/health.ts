import { sql } from "drizzle-orm";
import type { Runtime } from "../access/runtime";
import { Repeats } from "../platform/repeats";
import { describeError } from "./describe-error";

/** One thing that must be so before requests are sent here; resolves with what is wrong, or null. */
export type ReadinessCheck = () => Promise<string | null>;

/** How long a check may take before it counts as failed, in milliseconds. */
const patience = 2_000;

/** Anybody may ask as often as they like, and must not fill the log by it. */
const repeats = new WeakMap<Runtime, Repeats>();

function repeatsOf(runtime: Runtime): Repeats {
  const known = repeats.get(runtime) ?? new Repeats();
  repeats.set(runtime, known);
  return known;
}

/** `/healthz`: the process answers. */
export function healthz(): Response {
  return Response.json({ status: "ok" });
}

/** `/readyz`: the database answers (its migrations ran before anything listened), and delivery is at work. 503 else. */
export async function readyz(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>>): Promise<Response> {
  const all: Record<string, ReadinessCheck> = {
    database: async () => {
      await runtime.database.call(sql`select 1`);
      return null;
    },
    ...checks,
  };
  const results = await Promise.all(
    Object.entries(all).map(async ([name, check]) => [name, await answerOf(runtime, name, check)] as const),
  );
  if (results.every(([, problem]) => problem === null)) repeatsOf(runtime).over();
  const ready = results.every(([, problem]) => problem === null);
  const body = Object.fromEntries(results.map(([name, problem]) => [name, problem ?? "ok"]));
  return Response.json({ status: ready ? "ok" : "unavailable", checks: body }, { status: ready ? 200 : 503 });
}

async function answerOf(runtime: Runtime, name: string, check: ReadinessCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("does not answer"), patience);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    const silent = repeatsOf(runtime).due(name, performance.now());
    if (silent !== null) runtime.log.warn({ check: name, error: describeError(error), silent }, "not ready");
    return "does not answer";
  } finally {
    clearTimeout(timer);
  }
}
