import {
  ListOrganizations,
  Organization,
  OrganizationById,
  OrganizationPage,
  UpdatedOrganization,
  UpdateOrganization,
} from "../../features/organizations/contract";
import { deleteOrganization } from "../../features/organizations/delete";
import { listOrganizations } from "../../features/organizations/list";
import { getOrganization } from "../../features/organizations/one";
import { updateOrganization } from "../../features/organizations/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const organizations = t.router({
  one: procedure("organization:read", of.organization)
    .input(OrganizationById)
    .output(Organization)
    .query(({ ctx }) => getOrganization(ctx.authorized)),
  list: procedure("organization:read", of.caller)
    .input(ListOrganizations)
    .output(OrganizationPage)
    .query(({ ctx, input }) => listOrganizations(ctx.authorized, input)),
  update: procedure("organization:update", of.organization)
    .input(UpdateOrganization)
    .output(UpdatedOrganization)
    .mutation(({ ctx, input }) => updateOrganization(ctx.authorized, input)),
  delete: procedure("organization:delete", of.organization)
    .input(OrganizationById)
    .output(Organization)
    .mutation(({ ctx }) => deleteOrganization(ctx.authorized)),
});
