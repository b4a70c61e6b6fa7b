import { eq } from "drizzle-orm";
import { routes } from "#drizzle/routes";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { releaseUpstreams } from "../claims/rows";
import { Route, UpdateRoute } from "./contract";
import { route } from "./resource";
import { presentRoute } from "./rows";
import {
  claimPlace,
  orRouteTaken,
  prepareUpstreams,
  readGateway,
  requireHost,
  requireNotServed,
  requirePathPrefix,
} from "./rules";

/**
 * Changes a route's host, path or upstreams, or puts it under maintenance (`enabled`): its place then answers 403, and no
 * other route answers there. The claim of its former host stays, with its deny, until it is released.
 * @throws Refusal as `createRoute`
 */
export const update = operation(
  {
    name: "routes.update",
    summary: "Change the host, path or upstreams of a route, or put it under maintenance",
    permission: "route:update",
    on: route,
    input: UpdateRoute,
    output: Route,
    errors: [
      "host_reserved",
      "host_served_elsewhere",
      "host_taken",
      "invalid_host",
      "invalid_path",
      "invalid_upstream",
      "route_taken",
      "upstream_shared",
      "upstream_taken",
    ],
    rest: { method: "PATCH", path: "/routes/{routeId}" },
  },
  async (authorized, input) => {
    const urls = input.upstreams?.map((upstream) => upstream.url);

    return preparedUnitOfWork(
      authorized,
      async ({ request, organization, object }) => {
        const host = input.host === undefined ? undefined : requireHost(input.host, request.runtime);
        const pathPrefix = input.pathPrefix === undefined ? undefined : requirePathPrefix(input.pathPrefix);
        if (!urls && host === undefined) return { host, pathPrefix };
        const gateway = await readGateway(authorized, object.application.gatewayId, host);
        const upstreams = urls && (await prepareUpstreams(request.runtime, organization, gateway.listensOn, urls));
        if (host !== undefined) await requireNotServed(authorized, gateway, host);
        return { host, pathPrefix, upstreams };
      },
      async (work, { host, pathPrefix, upstreams }) => {
        const { routeId, application } = work.authorized.object;
        const { applicationId, gatewayId } = application;
        const [before] = await work.tx.select().from(routes).where(eq(routes.routeId, routeId));
        if (!before) throw new Refusal("not_found", authorized.named);
        const after = {
          host: host ?? before.host,
          pathPrefix: pathPrefix ?? before.pathPrefix,
          upstreams: upstreams?.upstreams ?? before.upstreams,
          upstreamKeys: [...(upstreams?.keys ?? before.upstreamKeys)],
          enabled: input.enabled ?? before.enabled,
        };
        const denyGroup = await claimPlace(
          work.tx,
          { applicationId, gatewayId, host: after.host, upstreams: after.upstreams, keys: after.upstreamKeys },
          work.now,
        );
        const [row] = await work.tx
          .update(routes)
          .set(after)
          .where(eq(routes.routeId, routeId))
          .returning()
          .catch((error: unknown) => orRouteTaken(error, after));
        if (!row) throw new Refusal("not_found", authorized.named);
        await releaseUpstreams(work.tx, gatewayId, before.upstreamKeys);
        work.audit(
          { kind: "route", id: routeId },
          {
            ...(host === undefined ? {} : { host: [before.host, host] }),
            ...(pathPrefix === undefined ? {} : { pathPrefix: [before.pathPrefix, pathPrefix] }),
            ...(input.enabled === undefined ? {} : { enabled: [before.enabled, input.enabled] }),
            ...(urls ? { upstreams: [presentRoute(before, work.sync).upstreams.map(({ url }) => url), urls] } : {}),
          },
        );
        if (denyGroup !== null) work.deliver({ gatewayId, denyGroup, closes: false });
        work.deliver({ gatewayId, applicationId, closes: true });
        return presentRoute(row, work.sync);
      },
    );
  },
);
