import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { application } from "../applications/resource";
import { CreateRoute, Route } from "./contract";
import { insertRoute, presentRoute } from "./rows";
import { prepareUpstreams, readGateway, requireHost, requireNotServed, requirePathPrefix } from "./rules";

/**
 * Adds a route to an application: a host, a path in it, and the upstreams. The application decides who may access it.
 * @throws Refusal `invalid_host` | `invalid_path` | `invalid_upstream`
 * @throws Refusal `host_reserved` | `host_served_elsewhere` | `host_taken` | `upstream_taken` | `upstream_shared` |
 * `route_taken`
 */
export const create = operation(
  {
    name: "routes.create",
    summary: "Add a route to an application",
    permission: "route:create",
    on: application,
    input: CreateRoute,
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
    rest: { method: "POST", path: "/applications/{applicationId}/routes", status: 201 },
  },
  async (authorized, input) => {
    const urls = input.upstreams.map((upstream) => upstream.url);

    return preparedUnitOfWork(
      authorized,
      async ({ request, organization, object }) => {
        const host = requireHost(input.host, request.runtime);
        const pathPrefix = requirePathPrefix(input.pathPrefix);
        const gateway = await readGateway(authorized, object.gatewayId, host);
        const upstreams = await prepareUpstreams(request.runtime, organization, gateway.listensOn, urls);
        await requireNotServed(authorized, gateway, host);
        return { host, pathPrefix, ...upstreams };
      },
      async (work, place) => {
        const { host, pathPrefix } = place;
        const row = await insertRoute(work, work.authorized.object, place);
        const object = { kind: "route" as const, id: row.routeId, name: `${host}${pathPrefix}` };
        work.audit(object, { host, pathPrefix, upstreams: urls });
        return presentRoute(row, work.sync);
      },
    );
  },
);
