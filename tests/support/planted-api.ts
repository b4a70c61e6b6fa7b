import { Hono } from "hono";
import { createApp, type Mount } from "#src/http/app";
import type { SocketPeer } from "#src/http/caller";
import type { Environment, Parts, RequestContext } from "#src/http/environment";
import { type Handler, handlerOf } from "#src/http/handler";

/** Answers the requests below `/api/`, and `/readyz`. */
export type PlantedApi = (request: Request, peer: SocketPeer) => Promise<Response>;

/** The rules of the server read no part: they only require that there are some. */
const started = {} as Parts;

/** The application of the product, with these mounts of paths. */
export function handlerOfMounts(mounts: readonly Mount[]): Handler {
  return handlerOf(createApp(mounts), started);
}

/** The application of the product, with this function instead of the APIs. One procedure is a route of its own. */
export function handlerWith(api: PlantedApi): Handler {
  const answer = ({ req, env }: RequestContext) => api(req.raw, env.peer);
  const app = new Hono<Environment>().all("/", answer).all("*", answer);
  return handlerOfMounts(["/readyz", "/api/trpc/security.one", "/api"].map((path) => ({ path, app })));
}
