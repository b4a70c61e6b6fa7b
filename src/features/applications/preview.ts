import { isAllowed } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { OpeningPreview, PreviewApplication } from "./contract";
import { application } from "./resource";
import { openedByAccess, opensNothing, presentOpening } from "./rules";

/**
 * What a change of the access of an application makes public, and the digest with which `applications.update` confirms
 * it. It writes nothing.
 * @throws Refusal `never_public` the change would be refused
 */
export const preview = operation(
  {
    name: "applications.preview",
    summary: "Show what another access would make public, with the digest that confirms it",
    permission: "application:update",
    on: application,
    input: PreviewApplication,
    output: OpeningPreview,
    errors: ["never_public"],
    rest: { method: "GET", path: "/applications/{applicationId}/preview" },
  },
  async (authorized, { access }) => {
    const { organization, object, principal } = authorized;
    const { organizationId, neverPublic } = organization;
    const opening = await readAs(authorized, async (tx) =>
      access === "protected"
        ? opensNothing(organizationId)
        : openedByAccess(tx, organizationId, [object.applicationId]),
    );
    if (neverPublic && opening.applications.length > 0) throw new Refusal("never_public");
    return presentOpening(opening, isAllowed(principal, organization, "route:read", object.projectId));
  },
);
