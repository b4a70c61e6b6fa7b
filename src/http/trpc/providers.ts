import {
  CreateProvider,
  ListProviders,
  Provider,
  ProviderById,
  ProviderPage,
  UpdateProvider,
} from "../../features/providers/contract";
import { createProvider } from "../../features/providers/create";
import { deleteProvider } from "../../features/providers/delete";
import { listProviders } from "../../features/providers/list";
import { getProvider } from "../../features/providers/one";
import { updateProvider } from "../../features/providers/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const providers = t.router({
  create: procedure("provider:create", of.caller)
    .input(CreateProvider)
    .output(Provider)
    .mutation(({ ctx, input }) => createProvider(ctx.authorized, input)),
  one: procedure("provider:read", of.provider)
    .input(ProviderById)
    .output(Provider)
    .query(({ ctx }) => getProvider(ctx.authorized)),
  list: procedure("provider:read", of.caller)
    .input(ListProviders)
    .output(ProviderPage)
    .query(({ ctx, input }) => listProviders(ctx.authorized, input)),
  update: procedure("provider:update", of.provider)
    .input(UpdateProvider)
    .output(Provider)
    .mutation(({ ctx, input }) => updateProvider(ctx.authorized, input)),
  delete: procedure("provider:delete", of.provider)
    .input(ProviderById)
    .output(Provider)
    .mutation(({ ctx }) => deleteProvider(ctx.authorized)),
});
