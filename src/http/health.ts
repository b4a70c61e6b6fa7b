import { sql } from "drizzle-orm";
import { Hono } from "hono";
import type { Runtime } from "../access/runtime";
import { Repeats } from "../platform/repeats";
import { describeError } from "./describe-error";
import type { Environment } from "./environment";

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
 */
export function readiness(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>>): () => Promise<Response> {
  let runningCheck: Promise<Response> | null = null;
  return async () => {
    runningCheck ??= checkAll(runtime, checks).finally(() => {
      runningCheck = null;
    });
    return (await runningCheck).clone();
  };
}

async function checkAll(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>>): Promise<Response> {
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
