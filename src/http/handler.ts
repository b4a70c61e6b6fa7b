import type { Runtime } from "../access/runtime";
import { features } from "../features/all";
import { ActiveRequests } from "./active-requests";
import { type App, createApp } from "./app";
import type { SocketPeer } from "./caller";
import type { Parts } from "./environment";
import { type ReadinessCheck, type ReadinessCount, readiness } from "./health";
import { mountsOf } from "./mounts";
import type { Exchange } from "./server/exchange";

/**
 * Answers one HTTP request.
 * @param exchange the request as Node has it; absent if no server received it
 */
export type Handler = (request: Request, peer: SocketPeer, exchange?: Exchange) => Promise<Response>;

const app = createApp(mountsOf(features));

/** Returns a handler that answers with an application. @param parts null while the process starts */
export function handlerOf(answering: App, parts: Parts | null): Handler {
  return async (request, peer, exchange) => answering.fetch(request, { parts, peer, exchange: exchange ?? null });
}

/** The handler of a process that starts: only `/healthz` is answered. */
export const startingHandler: Handler = handlerOf(app, null);

/**
 * Creates the handler of every path.
 * @param checks the checks of `/readyz` in addition to the database
 * @param requests limits the requests in progress
 * @param counts the numbers of `/readyz`
 */
export function createHandler(
  runtime: Runtime,
  checks: Readonly<Record<string, ReadinessCheck>> = {},
  requests: ActiveRequests = new ActiveRequests(),
  counts: Readonly<Record<string, ReadinessCount>> = {},
): Handler {
  return handlerOf(app, { runtime, requests, isReady: readiness(runtime, checks, counts) });
}
