import { CreateRole, ListRoles, Role, RoleById, RolePage, UpdateRole } from "../../features/roles/contract";
import { createRole } from "../../features/roles/create";
import { deleteRole } from "../../features/roles/delete";
import { listRoles } from "../../features/roles/list";
import { getRole } from "../../features/roles/one";
import { updateRole } from "../../features/roles/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const roles = t.router({
  create: procedure("role:create", of.caller)
    .input(CreateRole)
    .output(Role)
    .mutation(({ ctx, input }) => createRole(ctx.authorized, input)),
  one: procedure("role:read", of.role)
    .input(RoleById)
    .output(Role)
    .query(({ ctx }) => getRole(ctx.authorized)),
  list: procedure("role:read", of.caller)
    .input(ListRoles)
    .output(RolePage)
    .query(({ ctx, input }) => listRoles(ctx.authorized, input)),
  update: procedure("role:update", of.role)
    .input(UpdateRole)
    .output(Role)
    .mutation(({ ctx, input }) => updateRole(ctx.authorized, input)),
  delete: procedure("role:delete", of.role)
    .input(RoleById)
    .output(Role)
    .mutation(({ ctx }) => deleteRole(ctx.authorized)),
});
