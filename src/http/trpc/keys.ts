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
} from "../../features/keys/contract";
import { createKey } from "../../features/keys/create";
import { listKeys } from "../../features/keys/list";
import { getKey } from "../../features/keys/one";
import { revokeKey } from "../../features/keys/revoke";
import { rotateKey } from "../../features/keys/rotate";
import { updateKey } from "../../features/keys/update";
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
