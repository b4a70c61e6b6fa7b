import { sql } from "drizzle-orm";
import type { Runtime } from "../access/runtime";
import { Repeats } from "../platform/repeats";
import { describeError } from "./describe-error";

/** Checks one condition for receiving requests; resolves with what is wrong, or null. */
export type ReadinessCheck = () => Promise<string | null>;

/** The timeout of a check in milliseconds. */
const patience = 2_000;

/** Limits repeated log lines: anyone may call `/readyz` at any rate, and must not fill the log. */
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

/**
 * `/readyz`: 200 if the database answers and delivery runs, otherwise 503. Migrations run before the server listens.
 */
export async function readyz(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>>): Promise<Response> {
  const all: Record<string, ReadinessCheck> = {
    database: async () => {
      await runtime.database.call(sql`select 1`);
      return null;
    },
    ...checks,
  };
  const results = await Promise.all(
    Object.entries(all).map(async ([name, check]) => [name, await resultOf(runtime, name, check)] as const),
  );
  if (results.every(([, problem]) => problem === null)) repeatsOf(runtime).over();
  const ready = results.every(([, problem]) => problem === null);
  const body = Object.fromEntries(results.map(([name, problem]) => [name, problem ?? "ok"]));
  return Response.json({ status: ready ? "ok" : "unavailable", checks: body }, { status: ready ? 200 : 503 });
}

async function resultOf(runtime: Runtime, name: string, check: ReadinessCheck): Promise<string | null> {
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
