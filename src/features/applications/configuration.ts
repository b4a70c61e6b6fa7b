import { isAllowed } from "#src/access/authorization";
import { compiledConfiguration } from "#src/delivery/compiled-configuration";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ApplicationById, ApplicationConfiguration } from "./contract";
import { application } from "./resource";

/** The file also shows usernames and upstreams. */
const alsoNeeded = ["security:read", "route:read"] as const;

/**
 * The file that Portcullis would write for Traefik now, with hashes hidden. It is what the rows state; what the gateway
 * enforces is in `applications.one`.
 * @throws Refusal `forbidden` it shows credentials and routes, which the caller may not read
 */
export const configuration = operation(
  {
    name: "applications.configuration",
    summary: "Get the Traefik file of an application as it would be written now, with hashes hidden",
    permission: "application:read",
    on: application,
    input: ApplicationById,
    output: ApplicationConfiguration,
    errors: [],
    rest: { method: "GET", path: "/applications/{applicationId}/configuration" },
  },
  async ({ principal, organization, object, request, named }) => {
    const missing = alsoNeeded.find((permission) => !isAllowed(principal, organization, permission, object.projectId));
    if (missing !== undefined) throw new Refusal("forbidden", { permission: missing });
    const { runtime } = request;
    const compiled = await compiledConfiguration(runtime, object, runtime.clock.now());
    if (compiled === null) throw new Refusal("not_found", named);
    return { ...compiled, diagnostics: compiled.diagnostics.map(({ subject, problem }) => ({ subject, problem })) };
  },
);
