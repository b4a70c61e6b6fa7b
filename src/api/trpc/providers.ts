import {
  CreateProvider,
  ListProviders,
  Provider,
  ProviderById,
  ProviderPage,
  UpdateProvider,
} from "../../contracts/providers";
import { createProvider } from "../../services/providers/create-provider";
import { deleteProvider } from "../../services/providers/delete-provider";
import { getProvider } from "../../services/providers/get-provider";
import { listProviders } from "../../services/providers/list-providers";
import { updateProvider } from "../../services/providers/update-provider";
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
