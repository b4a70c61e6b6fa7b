import { applications } from "#drizzle/applications";
import { firstVersion } from "#drizzle/columns";
import type { Authorized } from "#src/access/authorized";
import { freeSlug, orSlugTaken } from "#src/access/free-slug";
import { lockOrganization } from "#src/access/lock-organization";
import type { Reach } from "#src/access/organization";
import { preparedUnitOfWork, type Work } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { callerReach, orElse } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { insertCredential, presentCredential } from "../credentials/rows";
import { hashKindOf, preparePassword, requireStillAccepted, requireUsername } from "../credentials/rules";
import { environment, type LocatedEnvironment } from "../environments/resource";
import { findOrCreateEnvironment } from "../environments/rules";
import { requireGateway } from "../gateways/rules";
import { insertRoute, presentRoute } from "../routes/rows";
import { prepareUpstreams, readGateway, requireHost, requireNotServed, requirePathPrefix } from "../routes/rules";
import { CreateApplication, CreatedApplication } from "./contract";
import { notClosed, presentWritten } from "./rows";

type Creator = Authorized<"application:create", LocatedEnvironment | Reach>;

/**
 * Creates an application, with its first route and credential if they are given, and with its project and environment
 * if they are named and do not exist. All are in one transaction and one delivery, so that the application never answers
 * without its protection.
 * @throws Refusal `never_public` it would be public, and the organization forbids that | `no_gateway`
 * @throws Refusal as `createRoute`, `createCredential` and `findOrCreateEnvironment`
 */
export const create = operation(
  {
    name: "applications.create",
    summary: "Create an application, optionally with a first route and credential, in an environment by id or names",
    permission: "application:create",
    on: orElse(environment, callerReach),
    input: CreateApplication,
    output: CreatedApplication,
    errors: [
      "ambiguous_name",
      "host_reserved",
      "host_served_elsewhere",
      "host_taken",
      "invalid_host",
      "invalid_path",
      "invalid_upstream",
      "route_taken",
      "upstream_shared",
      "upstream_taken",
      "invalid_username",
      "invalid_password",
      "weak_password",
      "never_public",
      "no_gateway",
    ],
    rest: { method: "POST", path: "/environments/{environmentId}/applications", also: "/applications", status: 201 },
  },
  async (authorized, input) => {
    return preparedUnitOfWork(
      authorized,
      (current) => prepare(current, input),
      async (work, prepared) => {
        const { organization, request } = work.authorized;
        if (prepared.credential) {
          const kind = hashKindOf({ hashAlgorithm: prepared.hashAlgorithm, hashCost: null });
          requireStillAccepted(prepared.credential.password, { ...kind, policy: organization.passwordPolicy });
        }
        const { defaultAccess, neverPublic } = await lockOrganization(work.tx, work.organizationId);
        const access = input.access ?? defaultAccess;
        const empty = input.credential === undefined;
        const becamePublic = empty && access === "public-when-empty";
        if (becamePublic && neverPublic) {
          throw new Refusal("never_public");
        }
        const { environmentId, projectId } = await environmentOf(work, input);
        const row = {
          applicationId: newId("application"),
          organizationId: work.organizationId,
          environmentId,
          gatewayId: prepared.gatewayId,
          name: input.name,
          slug: await freeSlug(work.tx, applications, work.organizationId, input.name, request.runtime.random),
          access,
          openedBy: empty ? ("create" as const) : null,
          hashAlgorithm: prepared.hashAlgorithm,
          ...notClosed,
          createdAt: work.now,
          version: firstVersion,
        };
        await work.tx.insert(applications).values(row).catch(orSlugTaken);
        const { applicationId } = row;
        work.audit(
          { kind: "application", id: applicationId, name: row.name },
          { name: row.name, access, becamePublic },
        );

        const credential =
          prepared.credential &&
          (await insertCredential(work.tx, request.runtime.sealer, row, { ...prepared.credential, now: work.now }));
        if (credential) {
          work.auditAs(
            "security.create",
            { kind: "credential", id: credential.securityId, name: credential.username },
            { username: credential.username },
          );
        }
        const route = prepared.route && (await insertRoute(work, row, prepared.route));
        if (route) {
          const { host, pathPrefix } = route;
          const object = { kind: "route" as const, id: route.routeId, name: `${host}${pathPrefix}` };
          const upstreams = input.route?.upstreams.map(({ url }) => url);
          work.auditAs("routes.create", object, { host, pathPrefix, upstreams });
        }
        const generated = prepared.credential?.password.generated;
        return {
          ...(await presentWritten(work.tx, { ...row, projectId }, work.now, work.sync)),
          becamePublic,
          ...(route ? { route: presentRoute(route, work.sync) } : {}),
          ...(credential
            ? {
                credential: {
                  ...presentCredential(credential, work.sync),
                  warnings: [...(prepared.credential?.password.warnings ?? [])],
                  ...(generated === undefined ? {} : { password: generated }),
                },
              }
            : {}),
        };
      },
      { lock: "share" },
    );
  },
);

/** The environment that the request names by its id, or by names. @throws Refusal as `findOrCreateEnvironment` */
async function environmentOf(
  work: Work<"application:create", LocatedEnvironment | Reach>,
  { project, environment }: CreateApplication,
): Promise<Pick<LocatedEnvironment, "environmentId" | "projectId">> {
  const { object } = work.authorized;
  if ("environmentId" in object) return object;
  if (!project || !environment) throw new Refusal("invalid_input", { fields: { environmentId: "invalid_type" } });
  const { name, kind = "development" } = environment;
  return findOrCreateEnvironment(work, object, { project: project.name, environment: name, kind });
}

/** Slow or external work: hashing, DNS, and the request to the gateway. */
async function prepare(authorized: Creator, input: CreateApplication) {
  const { organization, request } = authorized;
  const hashAlgorithm = input.hashAlgorithm ?? "apr1";
  const gatewayId = await requireGateway(authorized, input.gatewayId);
  if (input.credential) requireUsername(input.credential.username);
  const place = input.route && {
    host: requireHost(input.route.host, request.runtime),
    pathPrefix: requirePathPrefix(input.route.pathPrefix),
    urls: input.route.upstreams.map((upstream) => upstream.url),
  };
  const gateway = place && (await readGateway(authorized, gatewayId, place.host));
  if (place && gateway) await requireNotServed(authorized, gateway, place.host);
  return {
    hashAlgorithm,
    gatewayId,
    credential: input.credential && {
      username: input.credential.username,
      password: await preparePassword(request.runtime, input.credential.password, {
        username: input.credential.username,
        ...hashKindOf({ hashAlgorithm, hashCost: null }),
        policy: organization.passwordPolicy,
        organizationId: organization.organizationId,
      }),
    },
    route: place &&
      gateway && {
        host: place.host,
        pathPrefix: place.pathPrefix,
        ...(await prepareUpstreams(request.runtime, organization, gateway.listensOn, place.urls)),
      },
  };
}
