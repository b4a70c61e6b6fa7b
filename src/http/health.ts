import { sql } from "drizzle-orm";
import { Hono } from "hono";
import type { Runtime } from "../access/runtime";
import { Repeats } from "../platform/repeats";
import { describeError } from "./describe-error";
import type { Environment } from "./environment";

/** Checks one condition for receiving requests; resolves with what is wrong, or null. */
export type ReadinessCheck = () => Promise<string | null>;

/** Counts something that is wrong without making the process unable to receive requests. */
export type ReadinessCount = () => Promise<number>;

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
export const healthz = new Hono<Environment>().all("/", (context, next) => {
  const { parts, exchange } = context.env;
  if (exchange?.target.ok === false) return next();
  if (parts !== null) context.set("logLevel", "debug");
  return Response.json({ status: parts === null ? "starting" : "ok" });
});

/** `/readyz`: 200 if the process can receive requests, otherwise 503. */
export const readyz = new Hono<Environment>().all("/", (context) => {
  context.set("logLevel", "debug");
  return context.get("parts").isReady();
});

/**
 * Returns the check of `/readyz`: the database answers, and delivery runs. Migrations run before the server listens.
 * Concurrent requests share one check, because anyone may ask and no limit applies.
 * @param counts what the response shows as numbers; null if one cannot be counted. They never change the status
 */
export function readiness(
  runtime: Runtime,
  checks: Readonly<Record<string, ReadinessCheck>>,
  counts: Readonly<Record<string, ReadinessCount>> = {},
): () => Promise<Response> {
  let runningCheck: Promise<Response> | null = null;
  return async () => {
    runningCheck ??= checkAll(runtime, checks, counts).finally(() => {
      runningCheck = null;
    });
    return (await runningCheck).clone();
  };
}

async function checkAll(
  runtime: Runtime,
  checks: Readonly<Record<string, ReadinessCheck>>,
  counts: Readonly<Record<string, ReadinessCount>>,
): Promise<Response> {
  const all: Record<string, ReadinessCheck> = {
    database: async () => {
      await runtime.database.call(sql`select 1`);
      return null;
    },
    ...checks,
  };
  const [results, counted] = await Promise.all([
    Promise.all(
      Object.entries(all).map(async ([name, check]) => [name, await resultOf(runtime, name, check)] as const),
    ),
    Promise.all(
      Object.entries(counts).map(async ([name, count]) => [name, await numberOf(runtime, name, count)] as const),
    ),
  ]);
  if (results.every(([, problem]) => problem === null)) repeatsOf(runtime).over();
  const ready = results.every(([, problem]) => problem === null);
  const body = Object.fromEntries(results.map(([name, problem]) => [name, problem ?? "ok"]));
  return Response.json(
    { status: ready ? "ok" : "unavailable", checks: body, ...Object.fromEntries(counted) },
    { status: ready ? 200 : 503 },
  );
}

/** @returns null if it cannot be counted */
async function numberOf(runtime: Runtime, name: string, count: ReadinessCount): Promise<number | null> {
  let counted: number | null = null;
  await resultOf(runtime, name, async () => {
    counted = await count();
    return null;
  });
  return counted;
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
