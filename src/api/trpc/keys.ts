import {
  CreatedKey,
  CreateKey,
  Key,
  KeyById,
  KeyPage,
  ListKeys,
  RotatedKey,
  RotateKey,
  UpdateKey,
} from "../../contracts/keys";
import { createKey } from "../../services/keys/create-key";
import { getKey } from "../../services/keys/get-key";
import { listKeys } from "../../services/keys/list-keys";
import { revokeKey } from "../../services/keys/revoke-key";
import { rotateKey } from "../../services/keys/rotate-key";
import { updateKey } from "../../services/keys/update-key";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

/** By either name it is the same. */
const revoke = procedure("key:delete", of.apiKey)
  .input(KeyById)
  .output(Key)
  .mutation(({ ctx }) => revokeKey(ctx.authorized));

export const keys = t.router({
  create: procedure("key:create", of.projectOrCaller)
    .input(CreateKey)
    .output(CreatedKey)
    .mutation(({ ctx, input }) => createKey(ctx.authorized, input)),
  one: procedure("key:read", of.apiKey)
    .input(KeyById)
    .output(Key)
    .query(({ ctx }) => getKey(ctx.authorized)),
  list: procedure("key:list", of.projectOrCaller)
    .input(ListKeys)
    .output(KeyPage)
    .query(({ ctx, input }) => listKeys(ctx.authorized, input)),
  update: procedure("key:update", of.apiKey)
    .input(UpdateKey)
    .output(Key)
    .mutation(({ ctx, input }) => updateKey(ctx.authorized, input)),
  rotate: procedure("key:create", of.apiKey)
    .input(RotateKey)
    .output(RotatedKey)
    .mutation(({ ctx, input }) => rotateKey(ctx.authorized, input)),
  revoke,
  delete: revoke,
});
