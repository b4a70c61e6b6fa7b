import { isAllowed } from "#src/access/authorization";
import { organization } from "#src/access/organization";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { OpeningPreview } from "../applications/contract";
import { openedByLifting, presentOpening } from "../applications/rules";
import { PreviewOrganization } from "./contract";

/**
 * What becomes public when the organization lifts `neverPublic`, and the digest with which `organizations.update`
 * confirms it. It writes nothing.
 */
export const preview = operation(
  {
    name: "organizations.preview",
    summary: "Show what lifting neverPublic would make public, with the digest that confirms it",
    permission: "organization:update",
    on: orCaller(organization),
    input: PreviewOrganization,
    output: OpeningPreview,
    errors: [],
    rest: { method: "GET", path: "/organization/preview" },
  },
  async (authorized) => {
    const { organizationId } = authorized.organization;
    const opening = await readAs(authorized, (tx) => openedByLifting(tx, organizationId));
    return presentOpening(opening, isAllowed(authorized.principal, authorized.organization, "route:read"));
  },
);
