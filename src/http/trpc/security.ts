import {
  CreateCredential,
  CreatedCredential,
  Credential,
  CredentialById,
  CredentialPage,
  DeletedCredential,
  ListCredentials,
  UpdateCredential,
  UpdatedCredential,
} from "../../features/credentials/contract";
import { createCredential } from "../../features/credentials/create";
import { deleteCredential } from "../../features/credentials/delete";
import { listCredentials } from "../../features/credentials/list";
import { getCredential } from "../../features/credentials/one";
import { updateCredential } from "../../features/credentials/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const security = t.router({
  create: procedure("security:create", of.application)
    .input(CreateCredential)
    .output(CreatedCredential)
    .mutation(({ ctx, input }) => createCredential(ctx.authorized, input)),
  one: procedure("security:read", of.credential)
    .input(CredentialById)
    .output(Credential)
    .query(({ ctx }) => getCredential(ctx.authorized)),
  list: procedure("security:read", of.application)
    .input(ListCredentials)
    .output(CredentialPage)
    .query(({ ctx, input }) => listCredentials(ctx.authorized, input)),
  update: procedure("security:update", of.credential)
    .input(UpdateCredential)
    .output(UpdatedCredential)
    .mutation(({ ctx, input }) => updateCredential(ctx.authorized, input)),
  delete: procedure("security:delete", of.credential)
    .input(CredentialById)
    .output(DeletedCredential)
    .mutation(({ ctx }) => deleteCredential(ctx.authorized)),
});
