import {
  CreateServiceAccount,
  ListServiceAccounts,
  ServiceAccount,
  ServiceAccountById,
  ServiceAccountPage,
  UpdateServiceAccount,
} from "../../features/service-accounts/contract";
import { createServiceAccount } from "../../features/service-accounts/create";
import { deleteServiceAccount } from "../../features/service-accounts/delete";
import { listServiceAccounts } from "../../features/service-accounts/list";
import { getServiceAccount } from "../../features/service-accounts/one";
import { updateServiceAccount } from "../../features/service-accounts/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const serviceAccounts = t.router({
  create: procedure("service-account:create", of.caller)
    .input(CreateServiceAccount)
    .output(ServiceAccount)
    .mutation(({ ctx, input }) => createServiceAccount(ctx.authorized, input)),
  one: procedure("service-account:read", of.serviceAccount)
    .input(ServiceAccountById)
    .output(ServiceAccount)
    .query(({ ctx }) => getServiceAccount(ctx.authorized)),
  list: procedure("service-account:read", of.caller)
    .input(ListServiceAccounts)
    .output(ServiceAccountPage)
    .query(({ ctx, input }) => listServiceAccounts(ctx.authorized, input)),
  update: procedure("service-account:update", of.serviceAccount)
    .input(UpdateServiceAccount)
    .output(ServiceAccount)
    .mutation(({ ctx, input }) => updateServiceAccount(ctx.authorized, input)),
  delete: procedure("service-account:delete", of.serviceAccount)
    .input(ServiceAccountById)
    .output(ServiceAccount)
    .mutation(({ ctx }) => deleteServiceAccount(ctx.authorized)),
});
