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
} from "../../contracts/security";
import { createCredential } from "../../services/security/create-credential";
import { deleteCredential } from "../../services/security/delete-credential";
import { getCredential } from "../../services/security/get-credential";
import { listCredentials } from "../../services/security/list-credentials";
import { updateCredential } from "../../services/security/update-credential";
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
