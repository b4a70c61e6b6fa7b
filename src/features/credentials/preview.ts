import { isAllowed } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { OpeningPreview } from "../applications/contract";
import { openedByDeletion, presentOpening } from "../applications/rules";
import { CredentialById } from "./contract";
import { credential } from "./resource";

/**
 * What the deletion of a credential makes public, and the digest with which `security.delete` can confirm it. It writes
 * nothing.
 * @throws Refusal `never_public` the deletion would be refused
 */
export const preview = operation(
  {
    name: "security.preview",
    summary: "Show what the deletion of a credential would make public, with the digest that confirms it",
    permission: "security:delete",
    on: credential,
    input: CredentialById,
    output: OpeningPreview,
    errors: ["never_public"],
    rest: { method: "GET", path: "/credentials/{securityId}/preview" },
  },
  async (authorized) => {
    const { organization, object, principal } = authorized;
    const { applicationId, projectId } = object.application;
    const { securityId } = object;
    const opening = await readAs(authorized, (tx) =>
      openedByDeletion(tx, organization.organizationId, { applicationId, securityId }),
    );
    if (organization.neverPublic && opening.applications.length > 0) throw new Refusal("never_public");
    return presentOpening(opening, isAllowed(principal, organization, "route:read", projectId));
  },
);
