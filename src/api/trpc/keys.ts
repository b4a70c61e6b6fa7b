import { CreatedKey, CreateKey, Key, KeyById, KeyPage, ListKeys, UpdateKey } from "../../contracts/keys";
import { createKey } from "../../services/keys/create-key";
import { getKey } from "../../services/keys/get-key";
import { listKeys } from "../../services/keys/list-keys";
import { revokeKey } from "../../services/keys/revoke-key";
import { updateKey } from "../../services/keys/update-key";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const keys = t.router({
  create: procedure("key:create", of.caller)
    .input(CreateKey)
    .output(CreatedKey)
    .mutation(({ ctx, input }) => createKey(ctx.authorized, input)),
  one: procedure("key:read", of.apiKey)
    .input(KeyById)
    .output(Key)
    .query(({ ctx }) => getKey(ctx.authorized)),
  list: procedure("key:read", of.caller)
    .input(ListKeys)
    .output(KeyPage)
    .query(({ ctx, input }) => listKeys(ctx.authorized, input)),
  update: procedure("key:update", of.apiKey)
    .input(UpdateKey)
    .output(Key)
    .mutation(({ ctx, input }) => updateKey(ctx.authorized, input)),
  delete: procedure("key:delete", of.apiKey)
    .input(KeyById)
    .output(Key)
    .mutation(({ ctx }) => revokeKey(ctx.authorized)),
});
