import { limits, take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { application } from "../applications/resource";
import { ProofRequest, ProveApplication } from "./contract";

/**
 * Asks the gateway now what it answers for each route of an application, instead of in the next round. The answer
 * arrives in `proofs.list` and in the exposure of the application; this call does not wait for it.
 * @throws Refusal `rate_limited` ten times a minute for each organization
 */
export const prove = operation(
  {
    name: "sync.prove",
    summary: "Ask the gateway now what it enforces for an application",
    permission: "sync:read",
    on: application,
    input: ProveApplication,
    output: ProofRequest,
    errors: [],
    rest: { method: "POST", path: "/applications/{applicationId}/prove" },
  },
  async ({ object, organization, request }) => {
    const { runtime } = request;
    await take(runtime, limits.proofsByOrganization, organization.organizationId);
    runtime.prove(object.gatewayId, object.applicationId);
    return { gatewayId: object.gatewayId, requestedAt: runtime.clock.now().toISOString() };
  },
);
